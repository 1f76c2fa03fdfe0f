import {
  EXECUTIONS_NOT_OVER,
  type Execution,
  isTerminalPhase,
  LABEL,
  type ListOptions,
  PODS_NOT_ENDED,
  type Pod,
} from '../../cluster/index.ts';
import { drop, type Engine, entryOf, type PropellerOptions, wake } from './engine.ts';
import type { Entry } from './entry.ts';
import { ownsExecution, ownsPod } from './ownership.ts';
import { dueNow, listCounted, noteLeftOut, noteListed, parkedNow, wakeParked } from './parking.ts';
import { executionKeyOf } from './pod.ts';
import { isChild } from './quotas.ts';
import { relistLater } from './relist.ts';
import { hasLimit } from './slots.ts';
import { suspectLeft, suspectUnknown } from './strays.ts';
import { type FollowOptions, follow } from './watches.ts';

/**
 * Hears of executions and of the pods of their attempts. Pods are watched before the first execution is seen: whoever is
 * loaded looks for its pods itself, so what has ended before need not be told.
 */
export function followAll(engine: Engine): readonly Promise<void>[] {
  engine.quotas.counting(engine);
  let watched: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    watched = resolve;
  });
  const pods = followPods(engine, watched);
  return [pods, Promise.race([begun, pods]).then(() => followExecutions(engine))];
}

function followExecutions(engine: Engine): Promise<void> {
  const { options } = engine;
  const listed = (execution: Execution): void => seeExecution(engine, execution, true);
  let wasListed = false;
  let due: NonNullable<ListOptions['due']> = { before: 0 };
  return follow<Execution>(
    {
      ...followed(options),
      kind: 'Execution',
      fieldSelector: EXECUTIONS_NOT_OVER,
      ignoreStatusChanges: true,
      due: () => {
        due = dueNow(engine);
        return due;
      },
      restartable: (restart) => {
        engine.listAgain = restart;
      },
    },
    {
      listed,
      begins: async () => {
        await suspectLeft(engine);
        engine.isListedAnew = true;
      },
      watched: (isShort) => {
        if (isShort) noteLeftOut(engine, due);
      },
      synced: async () => {
        await listCounted(engine, listed);
        noteListed(engine, listed);
        for (const key of engine.slots.open()) wake(engine, key);
        if (wasListed) wakeHolders(engine);
        wasListed = true;
        relistLater(engine, () => wakeHolders(engine), engine.entries.size);
        // A list that began before what is now ours was ours tells nothing of it.
        if (engine.isListedAnew) engine.quotas.counted(engine);
      },
      passed: (executions) => {
        engine.relisting.passed = { ...engine.relisting.passed, executions };
      },
      changed: (execution) => seeExecution(engine, execution, false),
      gone: (execution) => forgetExecution(engine, execution),
    },
    engine.ending.signal,
  );
}

function followPods(engine: Engine, watched: () => void): Promise<void> {
  const { options } = engine;
  let wasListed = false;
  return follow<Pod>(
    {
      ...followed(options),
      kind: 'Pod',
      labelSelector: LABEL.execution,
      firstFieldSelector: PODS_NOT_ENDED,
      watchesUnselected: options.hasOnlyOwnPods === true,
    },
    {
      watched,
      listed: (pod) => seePod(engine, pod, false, true),
      synced: () => {
        if (wasListed) lookAgain(engine);
        wasListed = true;
      },
      passed: (pods) => {
        engine.relisting.passed = { ...engine.relisting.passed, pods };
      },
      changed: (pod) => seePod(engine, pod, false, false),
      gone: (pod) => seePod(engine, pod, true, false),
    },
    engine.ending.signal,
  );
}

/** No list shows what has gone while nobody watched: who holds a place, or a part of a quota, is read to see whether it is there. */
function wakeHolders(engine: Engine): void {
  for (const holders of [engine.slots.holders(), engine.quotas.holders()]) {
    for (const key of holders) wake(engine, key);
  }
}

/** Pods may have gone while nobody watched: whoever has attempts looks for their pods, those in memory and those that a list brings. */
function lookAgain(engine: Engine): void {
  for (const [key, entry] of engine.entries) {
    entry.isStale = true;
    wake(engine, key);
  }
  engine.listAgain();
}

function followed({ cluster, clock, random, log }: PropellerOptions): Omit<FollowOptions, 'kind'> {
  return { cluster, clock, random, log };
}

function seeExecution(engine: Engine, execution: Execution, isListed: boolean): void {
  const { namespace = '', name, uid, generation } = execution.metadata;
  const key = `${namespace}/${name}`;
  if (isTerminalPhase(execution.status?.phase ?? 'Pending') || !ownsExecution(engine, execution)) return;
  if (execution.status?.phase === 'Running') engine.slots.count(key, execution);
  const entry = engine.entries.get(key);
  const parked = entry === undefined ? parkedNow(execution) : undefined;
  if (isListed || entry === undefined) noteRunning(engine, key, execution, parked !== undefined);
  if (entry === undefined) {
    if (parked !== undefined) {
      wakeParked(engine, key, parked);
      return;
    }
    if (isListed && isHeld(execution)) {
      engine.slots.requeue(key, execution);
      return;
    }
    wakeNew(engine, key, execution);
    // Only the engine writes status: before its first write, what was listed is what a read would give.
    entryOf(engine, key).isListed = isListed && engine.counters.writes === 0 && engine.owned === 'all';
    return;
  }
  entry.relisted = undefined;
  const known = entry.execution?.metadata;
  // It is being loaded, or is to be: what is read then is at least as new as this.
  if (known === undefined) wake(engine, key);
  else if (known.uid !== uid) replaceEntry(engine, entry, execution);
  else if (known.generation !== generation || isListed) {
    // Only spec and metadata count from here on: the state in memory is what status will be.
    entry.execution = execution;
    // A round in flight is about to make a newer one.
    if (!entry.isBusy) entry.version = execution.metadata.resourceVersion;
    wake(engine, key);
  }
}

/** Where there is a quota, it counts; unless it is parked it is to be loaded, so that what it takes is known. */
function noteRunning({ quotas }: Engine, key: string, execution: Execution, isParked: boolean): void {
  const { namespace = '' } = execution.metadata;
  if (execution.status?.phase !== 'Running' || quotas.quotaOf(namespace) === undefined) return;
  if (isParked) quotas.hold(namespace, key, isChild(execution));
  else quotas.expect(namespace, key, isChild(execution));
}

/** In line for a place of its launch plan: woken when it is its turn, unless it does not wait for ever. */
function isHeld({ spec, status }: Execution): boolean {
  if (spec.timeout !== undefined) return false;
  return hasLimit(spec) && spec.desired !== 'Aborted' && status?.phase === 'Queued';
}

/** An execution was deleted and another one created by its name. */
function replaceEntry(engine: Engine, entry: Entry, execution: Execution): void {
  drop(engine, entry);
  // A round in flight still holds the old entry; its write fails on the uid, and what it asks for is not looked at.
  wakeNew(engine, entry.key, execution);
}

function wakeNew(engine: Engine, key: string, execution: Execution): void {
  entryOf(engine, key).execution = execution;
  wake(engine, key);
}

function forgetExecution(engine: Engine, execution: Execution): void {
  const key = `${execution.metadata.namespace ?? ''}/${execution.metadata.name}`;
  engine.quotas.forget(execution.metadata.namespace ?? '', key);
  engine.suspects.delete(key);
  const entry = engine.entries.get(key);
  if (entry !== undefined) drop(engine, entry);
  else for (const next of engine.slots.release(key)) wake(engine, next);
}

function seePod(engine: Engine, pod: Pod, isGone: boolean, isListed: boolean): void {
  const key = executionKeyOf(pod);
  if (key === undefined || !ownsPod(engine, pod)) return;
  if (!isGone) suspectUnknown(engine, key, engine.entries.get(key)?.run?.state, pod);
  const { phase, containerStatuses } = pod.status ?? {};
  // A pod that only waits tells nothing: whoever loads its execution looks for it.
  const isSilent = containerStatuses === undefined && !tellsOfPlace(engine, pod);
  if (!isGone && isSilent && (phase === undefined || phase === 'Pending')) return;
  const entry = engine.entries.get(key);
  // Pods are kept after their execution is over. Of those listed at the start, only live executions' are of interest,
  // and those are loaded, or parked: then a pod that ended is news.
  if (entry === undefined && isListed && phase === 'Running') return;
  const told = entryOf(engine, key);
  told.relisted = undefined;
  told.pods.push({ pod, isGone });
  wake(engine, key);
}

/** A scheduler says on the pod why it has no place for it, and on a later one that it has. */
function tellsOfPlace({ options }: Engine, { status }: Pod): boolean {
  return options.pods !== undefined && status?.conditions?.some(({ type }) => type === 'PodScheduled') === true;
}
