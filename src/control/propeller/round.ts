import { BugError, instantMs, instantText, type Json, type UnixMs } from '../../base/index.ts';
import {
  ANNOTATION,
  type Execution,
  type ExecutionError,
  type ExecutionParked,
  isTerminalPhase,
  NotFoundError,
  type Write,
} from '../../cluster/index.ts';
import {
  type CacheEffect,
  type Effect,
  type KeepResults,
  type Observation,
  type Plan,
  type Settings,
  type StepResult,
  step,
  usageOf,
} from '../../propeller/index.ts';
import { answerLookups, cacheWrites, tellWaiters } from './cache.ts';
import { childAbort, childObservations, childWrite, keepChildrenInSight, liveChildrenOf } from './children.ts';
import { drop, type Engine, finishRound, retryLater, wake, wakeLater } from './engine.ts';
import { type Entry, splitKey } from './entry.ts';
import { load, loadFresh } from './load.ts';
import { notificationWrites, quarantineNotifications, writeWithOutbox } from './notifications.ts';
import { fence, noteWritten, ownsEntry } from './ownership.ts';
import { isPagedIn, isSameParking, parkedAfter, parkingPatch } from './parking.ts';
import { observationOf, podOf } from './pod.ts';
import {
  attemptWrites,
  closedRoom,
  endOfPod,
  isOfAttempt,
  livePodsOf,
  offerAgain,
  type PreparedPods,
  preparePods,
} from './prepare-pods.ts';
import { closureWrites, type StoreClosure } from './produced.ts';
import { isChild, type QuotaWait } from './quotas.ts';
import { judgeFailure, writeRound } from './refusals.ts';
import { noteRelisted } from './relist.ts';
import { resultsWrites } from './results.ts';
import { endStrays, mayLeaveStrays, noteStray, straysUnknown, suspectAfter, suspectUnknown } from './strays.ts';

/** One round of one execution: load it when it is not in memory, step, write one batch, and go on when that is durable. */
export function runRound(engine: Engine, entry: Entry): void {
  engine.counters.rounds++;
  entry.isDirty = false;
  if (!ownsEntry(engine, entry)) {
    drop(engine, entry);
    finishRound(engine, entry, false);
    return;
  }
  if (entry.isStale) {
    entry.run = undefined;
    // As it was watched: older than what was written since.
    entry.execution = undefined;
  }
  entry.isStale = false;
  if (entry.run !== undefined || tryFresh(engine, entry)) {
    stepAndWrite(engine, entry);
    return;
  }
  load(engine, entry).then(
    (isRunnable) => {
      // While it was loaded it may have become another's.
      if (isRunnable && ownsEntry(engine, entry)) {
        stepAndWrite(engine, entry);
        parkIfIdle(engine, entry);
      } else {
        drop(engine, entry);
        finishRound(engine, entry, false);
      }
    },
    (error: unknown) => failRound(engine, entry, error),
  );
}

/** Loaded for nothing, as most are after a restart: a hundred thousand states at a time would fill the memory. */
function parkIfIdle(engine: Engine, entry: Entry): void {
  if (!entry.isBusy && !entry.isQueued && engine.entries.get(entry.key) === entry) engine.entries.delete(entry.key);
}

function tryFresh(engine: Engine, entry: Entry): boolean {
  try {
    return loadFresh(engine, entry);
  } catch {
    // The way over `load` meets the same fault and judges it.
    return false;
  }
}

function stepAndWrite(engine: Engine, entry: Entry): void {
  try {
    const result = stepOnce(engine, entry);
    noteRelisted(engine, entry, result);
    takeRoom(engine, entry, result);
    const pods = entry.execution && preparePods(engine, entry.execution, result.effects);
    if (!(pods instanceof Promise)) writeStep(engine, entry, result, pods);
    else {
      pods.then(
        (prepared) => writeStep(engine, entry, result, prepared),
        (error: unknown) => failRound(engine, entry, error),
      );
    }
  } catch (error) {
    failRound(engine, entry, error);
  }
}

function writeStep(engine: Engine, entry: Entry, result: StepResult, pods: PreparedPods | undefined): void {
  let parked: ExecutionParked | undefined;
  let writes: Write[];
  try {
    parked = parkedAfter(engine, entry, result);
    writes = writesOf(engine, entry, result, parked, pods);
  } catch (error) {
    failRound(engine, entry, error);
    return;
  }
  engine.counters.transitions += result.transitions;
  if (writes.length === 0) {
    endRound(engine, entry, result);
    return;
  }
  engine.counters.writes++;
  const write = (): void => {
    writeRound(engine, entry, writes).then(
      (written) => {
        noteWritten(engine, entry, written);
        entry.parked = parked;
        endRound(engine, entry, result);
        if (result.delta === undefined) parkIfIdle(engine, entry);
      },
      (error: unknown) => {
        suspectAfter(engine, entry, writes);
        failRound(engine, entry, error);
      },
    );
  };
  if (!mayLeaveStrays(engine, entry, result)) write();
  else endStrays(engine, entry, writes).then(write, (error: unknown) => failRound(engine, entry, error));
}

function stepOnce(engine: Engine, entry: Entry): StepResult {
  const { run, execution } = entry;
  if (run === undefined || execution === undefined) throw new BugError(`${entry.key} is stepped before it is loaded`);
  const observations: Observation[] = entry.inbox;
  entry.inbox = [];
  for (const { pod, isGone } of entry.pods) {
    if (!isGone) suspectUnknown(engine, entry.key, run.state, pod);
    noteStray(engine, entry, pod, isGone);
    const observation = observationOf(run.state, pod, isGone, engine.options.pods);
    if (observation !== undefined) observations.push(observation);
  }
  entry.pods = [];
  if (entry.children.length > 0) {
    observations.push(...childObservations(run.state, entry.children));
    entry.children = [];
  }
  if (execution.spec.signals !== undefined) observations.push({ kind: 'Signals', signals: execution.spec.signals });
  const why = execution.metadata.annotations?.[ANNOTATION.abort];
  observations.push({
    kind: 'Desired',
    desired: execution.spec.desired ?? 'Running',
    ...(why !== undefined && { why }),
  });
  const { phase } = run.state;
  if (phase === 'Pending' || phase === 'Queued') {
    const admission = admit(engine, entry, execution);
    if (admission !== undefined) observations.push(admission);
  }
  const settings = settingsOf(engine, entry);
  const now = engine.options.clock.now();
  const seen = engine.options.onStep?.({ execution, state: run.state, observations, now, settings });
  const result = step(run.state, observations, now, settings);
  seen?.(result);
  return result;
}

function settingsOf(engine: Engine, entry: Entry): Settings {
  const { key } = entry;
  const strays = straysUnknown(entry);
  const room = closedRoom(entry, engine.options.clock.now()) ?? engine.quotas.roomFor(splitKey(key).namespace, key);
  return {
    maxParallelism: engine.maxParallelism,
    ...(strays > 0 && { strays }),
    maxStreak: engine.options.maxStreak ?? Number.POSITIVE_INFINITY,
    ...(room && { room }),
  };
}

function admit(engine: Engine, entry: Entry, execution: Execution): Observation | undefined {
  if ((execution.spec.desired ?? 'Running') !== 'Running') {
    // Who does not want to begin must not hold up the line.
    for (const next of engine.slots.release(entry.key)) wake(engine, next);
    engine.quotas.forget(splitKey(entry.key).namespace, entry.key);
    return undefined;
  }
  const inputs = entry.run?.plan.readInputs(execution.spec.inputs);
  if (inputs?.ok === false) {
    return { kind: 'Refuse', phase: 'Failed', error: { reason: 'InvalidInputs', message: inputs.message } };
  }
  const admission = engine.slots.admit(entry.key, execution);
  const { namespace = '' } = execution.metadata;
  if (admission?.kind !== 'Admit' || engine.quotas.quotaOf(namespace) === undefined) return admission;
  if (isChild(execution)) return admission;
  const since = instantMs(execution.metadata.creationTimestamp) ?? 0;
  const verdict = engine.quotas.admit(namespace, entry.key, quotaWait(engine, entry.key, execution, since));
  // It begins later: nobody waits to see that.
  if (verdict.kind !== 'Admit') for (const next of engine.slots.behind(entry.key)) wake(engine, next);
  return verdict.kind === 'Unknown' ? undefined : verdict;
}

function quotaWait(engine: Engine, key: string, { spec }: Execution, since: UnixMs): QuotaWait {
  return { since, priority: spec.priority ?? 0, wake: () => void wake(engine, key) };
}

/** Others are not to be given what this round starts, long as its pods and its write may take. */
function takeRoom({ quotas }: Engine, { key }: Entry, { effects, state }: StepResult): void {
  const { namespace } = splitKey(key);
  if (quotas.quotaOf(namespace) === undefined || !effects.some(({ kind }) => kind === 'StartAttempt')) return;
  quotas.take(namespace, key, usageOf(state));
}

/** Where there is a quota, tells it what the execution takes now, and whether it waits for room. */
function noteUsage(engine: Engine, { key, execution }: Entry, { state, lacksRoom }: StepResult): void {
  const { namespace } = splitKey(key);
  if (execution === undefined || engine.quotas.quotaOf(namespace) === undefined) return;
  const wait = lacksRoom ? quotaWait(engine, key, execution, engine.options.clock.now()) : undefined;
  engine.quotas.note(namespace, key, usageOf(state), wait);
}

/** Pods before the status that tells of them: on a cluster without transactions a repeat then finds and adopts them. */
function writesOf(
  engine: Engine,
  entry: Entry,
  { effects, delta }: StepResult,
  parked: ExecutionParked | undefined,
  pods: PreparedPods | undefined,
): Write[] {
  const { run, execution } = entry;
  if (run === undefined || execution === undefined) throw new BugError(`${entry.key} has effects without a state`);
  // Reservations first: a step that does not get one must not have started anything.
  const writes = cacheWrites(execution, effects);
  for (const effect of effects) {
    if (effect.kind === 'KeepResults') writes.push(...resultsWrites(execution, effect));
    else if (effect.kind === 'StoreClosure') writes.push(...closureWrites(effect));
    else if (pods !== undefined && isOfAttempt(effect)) writes.push(...attemptWrites(entry, pods, effect));
    else if (!isCacheEffect(effect)) writes.push(writeOf(engine, execution, effect));
  }
  if (pods !== undefined) entry.inbox.push(...pods.gone);
  writes.push(...notificationWrites(execution, run.plan, run.state, delta));
  const patch = isSameParking(entry.parked, parked) ? delta : { ...delta, parked: parkingPatch(entry.parked, parked) };
  if (patch !== undefined) {
    const { uid } = execution.metadata;
    const key = { kind: 'Execution', ...splitKey(entry.key) };
    const same = uid === undefined ? undefined : { uid };
    if (engine.owned === 'all') writes.push({ op: 'patchStatus', key, patch, ...(same && { if: same }) });
    else {
      const { if: unchanged, claim } = fence(engine, entry);
      writes.push({ op: 'patchStatus', key, patch: { ...patch, ...claim }, if: { ...same, ...unchanged } });
    }
  }
  return writes;
}

function isCacheEffect(effect: Effect): effect is CacheEffect {
  return effect.kind === 'FillEntry' || effect.kind === 'ReserveEntry' || effect.kind === 'ReleaseEntry';
}

function writeOf(
  { storesOutputs }: Engine,
  execution: Execution,
  effect: Exclude<Effect, CacheEffect | KeepResults | StoreClosure>,
): Write {
  if (effect.kind === 'StartAttempt') return { op: 'create', object: podOf(execution, effect, storesOutputs) };
  if (effect.kind === 'StartChild' || effect.kind === 'SteerChild') return childWrite(execution, effect);
  const key = { kind: 'Pod', namespace: execution.metadata.namespace ?? '', name: effect.podName };
  return { op: 'patch', key, patch: { metadata: { annotations: { [ANNOTATION.abort]: effect.ending } } } };
}

function endRound(engine: Engine, entry: Entry, result: StepResult): void {
  const { clock, onRound } = engine.options;
  const roundMs = clock.now() - entry.roundStartedAt;
  engine.counters.roundMs += roundMs;
  onRound?.({ seconds: roundMs / 1_000, transitions: result.transitions });
  // What only asks has not come through yet: what it then writes may be refused again.
  if (result.lookups.length === 0) entry.failures = 0;
  tellWaiters(engine, entry, result.effects);
  if (isTerminalPhase(result.state.phase)) {
    engine.quotas.forget(splitKey(entry.key).namespace, entry.key);
    tellEnded(engine, entry, result.state);
    drop(engine, entry);
  } else {
    noteUsage(engine, entry, result);
    // Not before it has begun where all can see it: of two versions of a plan the older may allow fewer at that moment.
    if (result.delta?.phase !== undefined) for (const next of engine.slots.behind(entry.key)) wake(engine, next);
    keepChildrenInSight(engine, entry, result.state);
    if (!isPagedIn(engine, entry.parked, result.wakeAt)) wakeLater(engine, entry, result.wakeAt);
    offerAgain(engine, entry, result.lacksRoom);
  }
  if (result.lookups.length > 0 && entry.execution !== undefined) lookUp(engine, entry, entry.execution, result);
  else finishRound(engine, entry, result.hasMore);
}

/** Reads what the step asks of the cache; the answers are the next step's observations. */
function lookUp(engine: Engine, entry: Entry, execution: Execution, { lookups }: StepResult): void {
  answerLookups(engine, entry, execution, lookups).then(
    (answers) => {
      entry.inbox.push(...answers);
      finishRound(engine, entry, true);
    },
    (error: unknown) => failRound(engine, entry, error),
  );
}

function tellEnded({ options }: Engine, { key, execution }: Entry, { phase, cost }: StepResult['state']): void {
  if (execution === undefined || options.onEnded === undefined) return;
  const { workflow, launchPlan } = execution.spec;
  const { uid } = execution.metadata;
  options.onEnded({ ...splitKey(key), uid, finishedAt: options.clock.now(), workflow, launchPlan, phase, cost });
}

/** The round did not happen: the state is dropped, and the execution is loaded again, now, later or never. */
function failRound(engine: Engine, entry: Entry, error: unknown): void {
  entry.failures++;
  const verdict = judgeFailure(engine, entry, error);
  const known = { execution: entry.execution, plan: entry.run?.plan };
  entry.run = undefined;
  entry.inbox = [];
  // What was watched may be older than what was written since: only a read tells where the execution stands.
  entry.execution = undefined;
  switch (verdict.kind) {
    case 'Gone':
      engine.quotas.forget(splitKey(entry.key).namespace, entry.key);
      drop(engine, entry);
      finishRound(engine, entry, false);
      return;
    case 'Again':
      engine.quotas.leave(splitKey(entry.key).namespace, entry.key);
      retryLater(engine, entry, verdict.afterMs);
      finishRound(engine, entry, false);
      return;
    case 'Quarantine':
      quarantine(engine, entry, verdict.error, known).then(
        () => {
          // A list that was read before it ended may have told meanwhile that it runs.
          engine.quotas.forget(splitKey(entry.key).namespace, entry.key);
          drop(engine, entry);
          finishRound(engine, entry, false);
        },
        (failure: unknown) => {
          if (!(failure instanceof NotFoundError)) {
            retryLater(engine, entry, verdict.afterMs);
          }
          finishRound(engine, entry, false);
        },
      );
      return;
  }
}

/** Ends an execution that the engine cannot run, so that it delays no other: its pods first, then its status. */
async function quarantine(
  engine: Engine,
  entry: Entry,
  error: ExecutionError,
  { execution, plan }: { readonly execution: Execution | undefined; readonly plan: Plan | undefined },
): Promise<void> {
  const { cluster, clock, log } = engine.options;
  const key = { kind: 'Execution', ...splitKey(entry.key) };
  engine.counters.quarantined++;
  engine.quotas.forget(key.namespace, entry.key);
  log.write('error', 'execution quarantined', { execution: entry.key, reason: error.reason, error: error.message });
  const ending = `${error.reason}: ${error.message}`;
  const aborts = (await livePodsOf(engine, key)).flatMap((pod) => endOfPod(engine, pod, ending));
  for (const child of await liveChildrenOf(engine, key)) aborts.push(childAbort(child, ending));
  const finishedAt = instantText(clock.now());
  const status = { phase: 'Failed', finishedAt, error: { ...error } as Json };
  const told = quarantineNotifications(execution, plan, error, finishedAt);
  // Of two shards that both believe it theirs, one ends it.
  const { if: unchanged, claim } = fence(engine, entry);
  const end: Write = { op: 'patchStatus', key, patch: { ...status, ...claim }, ...(unchanged && { if: unchanged }) };
  await writeWithOutbox(cluster, [...aborts, ...told, end]);
}
