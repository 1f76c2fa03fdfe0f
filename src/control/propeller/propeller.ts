import { type Execution, isTerminalPhase, LABEL, type Pod } from '../../cluster/index.ts';
import { DEFAULT_MAX_PARALLELISM, DEFAULT_WORKERS } from '../../compiler/index.ts';
import type { Ownership } from '../shards/index.ts';
import { newChildren } from './children.ts';
import {
  drop,
  type Engine,
  entryOf,
  newRanked,
  newWakes,
  type PropellerOptions,
  type PropellerStats,
  pump,
  wake,
} from './engine.ts';
import type { Entry } from './entry.ts';
import { type Owned, ownsExecution, ownsPod, setOwned } from './ownership.ts';
import { createPlans } from './plans.ts';
import { executionKeyOf } from './pod.ts';
import { createQuotas, isChild, type Quota } from './quotas.ts';
import { runRound } from './round.ts';
import { createSlots } from './slots.ts';
import { type FollowOptions, follow } from './watches.ts';

export interface Propeller {
  /** Changes the number of workers at once; rounds in flight finish. */
  setWorkers(workers: number): void;
  /** Applies to executions that name none, from their next round on, which is now. */
  setMaxParallelism(maxParallelism: number): void;
  /** Works on these executions alone, and as what others wrote allows. Resolves when it works on no others. */
  own(ownership: Ownership | undefined): Promise<void>;
  /** Works on every execution, with no other beside it. */
  ownAll(): Promise<void>;
  /** What executions may take at a time, from their next round on, which is now. */
  setQuotas(quotas: readonly Quota[]): void;
  stats(): PropellerStats;
  /** Takes no more work; resolves when the rounds in flight are durable. */
  stop(): Promise<void>;
}

/** Executions that are over are none of the engine's business. */
const NOT_OVER = ['Succeeded', 'Failed', 'TimedOut', 'Aborted'].map((phase) => `status.phase!=${phase}`).join(',');

/** Runs every execution of the cluster that is not over, from now until it is stopped. */
export function startPropeller(options: PropellerOptions): Propeller {
  const engine = newEngine(options);
  let following: readonly Promise<void>[] = options.beginsWith === 'nothing' ? [] : followAll(engine);
  /** What has become ours is in no watch: a list brings it. One that fails is repeated by whoever follows. */
  const take = async (owned: Owned): Promise<void> => {
    await setOwned(engine, owned);
    if (owned === undefined || engine.isStopped) return;
    if (following.length === 0) following = followAll(engine);
    else countAgain(engine);
  };
  return {
    setWorkers(workers) {
      engine.workers = Math.max(1, workers);
      pump(engine);
    },
    setMaxParallelism(maxParallelism) {
      engine.maxParallelism = maxParallelism;
      for (const key of [...engine.entries.keys()]) wake(engine, key);
    },
    own: take,
    ownAll: () => take('all'),
    setQuotas(quotas) {
      engine.quotas.set(quotas);
      // What runs where there was no quota before is not counted yet.
      if (following.length > 0) countAgain(engine);
    },
    stats: () => statsOf(engine),
    async stop() {
      engine.ending.abort();
      engine.isStopped = true;
      engine.quotas.counted(engine);
      engine.cancelWake?.();
      engine.cancelSweep?.();
      await Promise.all([...following, engine.children.following]);
      if (engine.busy > 0) {
        await new Promise<void>((resolve) => {
          engine.onIdle = resolve;
        });
      }
    },
  };
}

/** Lists all executions once more; what runs of them counts against quotas only then. */
function countAgain(engine: Engine): void {
  engine.isListedAnew = false;
  engine.quotas.counting(engine);
  engine.listAgain();
}

/** Hears of executions and of the pods of their attempts. */
function followAll(engine: Engine): readonly Promise<void>[] {
  const { options } = engine;
  engine.quotas.counting(engine);
  return [
    follow<Execution>(
      {
        ...followed(options),
        kind: 'Execution',
        fieldSelector: NOT_OVER,
        ignoreStatusChanges: true,
        restartable: (restart) => {
          engine.listAgain = restart;
        },
      },
      {
        listed: (execution) => seeExecution(engine, execution, true),
        begins: () => {
          engine.isListedAnew = true;
        },
        synced: () => {
          for (const key of engine.slots.open()) wake(engine, key);
          // A list that began before what is now ours was ours tells nothing of it.
          if (engine.isListedAnew) engine.quotas.counted(engine);
        },
        changed: (execution) => seeExecution(engine, execution, false),
        gone: (execution) => forgetExecution(engine, execution),
      },
      engine.ending.signal,
    ),
    follow<Pod>(
      {
        ...followed(options),
        kind: 'Pod',
        labelSelector: LABEL.execution,
        watchesUnselected: options.hasOnlyOwnPods === true,
      },
      {
        listed: (pod) => seePod(engine, pod, false, true),
        synced: () => undefined,
        changed: (pod) => seePod(engine, pod, false, false),
        gone: (pod) => seePod(engine, pod, true, false),
      },
      engine.ending.signal,
    ),
  ];
}

function followed({ cluster, clock, random, log }: PropellerOptions): Omit<FollowOptions, 'kind'> {
  return { cluster, clock, random, log };
}

function newEngine(options: PropellerOptions): Engine {
  const engine: Engine = {
    options,
    plans: createPlans(options.cluster),
    slots: createSlots(),
    quotas: options.quotas ?? createQuotas(),
    owned: options.beginsWith === 'nothing' ? undefined : 'all',
    draining: new Map(),
    listAgain: () => undefined,
    isListedAnew: false,
    entries: new Map(),
    children: newChildren(),
    ending: new AbortController(),
    queue: [],
    head: 0,
    ranked: newRanked(),
    turn: 0,
    workers: Math.max(1, options.workers ?? DEFAULT_WORKERS),
    busy: 0,
    maxParallelism: options.maxParallelism ?? DEFAULT_MAX_PARALLELISM,
    wakes: newWakes(),
    cacheWaiters: new Map(),
    cancelWake: undefined,
    cancelSweep: undefined,
    isStopped: false,
    counters: { rounds: 0, roundMs: 0, transitions: 0, writes: 0, conflicts: 0, failures: 0, quarantined: 0 },
    run: (entry) => runRound(engine, entry),
    onIdle: undefined,
  };
  return engine;
}

function seeExecution(engine: Engine, execution: Execution, isListed: boolean): void {
  const { namespace = '', name, uid, generation } = execution.metadata;
  const key = `${namespace}/${name}`;
  if (isTerminalPhase(execution.status?.phase ?? 'Pending') || !ownsExecution(engine, execution)) return;
  if (execution.status?.phase === 'Running') engine.slots.count(key, execution);
  if (isListed && !expectUsage(engine, key, execution) && isParked(execution)) return;
  if (isListed && isHeld(execution) && !engine.entries.has(key)) {
    engine.slots.requeue(key, execution);
    return;
  }
  const entry = engine.entries.get(key);
  if (entry === undefined) {
    wakeNew(engine, key, execution);
    // Only the engine writes status: before its first write, what was listed is what a read would give.
    entryOf(engine, key).isListed = isListed && engine.counters.writes === 0 && engine.owned === 'all';
    return;
  }
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

/** Whether it counts against a quota: then it is to be loaded, so that what it takes is known. */
function expectUsage({ quotas }: Engine, key: string, execution: Execution): boolean {
  const { metadata, status } = execution;
  const { namespace = '' } = metadata;
  if (status?.phase !== 'Running' || quotas.quotaOf(namespace) === undefined) return false;
  quotas.expect(namespace, key, isChild(execution));
  return true;
}

/** Paused, and status says so: nothing is to be done before its spec or a pod changes, and both wake it. */
function isParked({ spec, status }: Execution): boolean {
  return spec.timeout === undefined && spec.desired === 'Paused' && status?.message?.startsWith('paused') === true;
}

/** In line for a place of its launch plan: woken when it is its turn, unless it does not wait for ever. */
function isHeld({ spec, status }: Execution): boolean {
  if (spec.timeout !== undefined) return false;
  return spec.concurrency !== undefined && spec.desired !== 'Aborted' && status?.phase === 'Queued';
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
  const entry = engine.entries.get(key);
  if (entry !== undefined) drop(engine, entry);
  else {
    const next = engine.slots.release(key);
    if (next !== undefined) wake(engine, next);
  }
}

function seePod(engine: Engine, pod: Pod, isGone: boolean, isListed: boolean): void {
  const key = executionKeyOf(pod);
  if (key === undefined || !ownsPod(engine, pod)) return;
  const { phase, containerStatuses } = pod.status ?? {};
  // A pod that only waits tells nothing: whoever loads its execution looks for it.
  if (!isGone && containerStatuses === undefined && (phase === undefined || phase === 'Pending')) return;
  const entry = engine.entries.get(key);
  // Pods are kept after their execution is over. Of those listed at the start, only live executions' are of interest,
  // and those are loaded, or parked: then a pod that ended is news.
  if (entry === undefined && isListed && phase === 'Running') return;
  entryOf(engine, key).pods.push({ pod, isGone });
  wake(engine, key);
}

function statsOf(engine: Engine): PropellerStats {
  return {
    workers: engine.workers,
    freeWorkers: Math.max(0, engine.workers - engine.busy),
    queueDepth: engine.queue.length - engine.head + engine.ranked.items.length,
    hotExecutions: engine.entries.size,
    ...engine.counters,
  };
}
