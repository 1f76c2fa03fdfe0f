import { CACHE_POLL_MS, type Digest, instantText, type Json, MAX_LOOKUPS_PER_STEP, pushHeap } from '../base/index.ts';
import { type CacheOrigin, isTerminalPhase } from '../cluster/index.ts';
import { splitStored } from '../language/index.ts';
import { isCached } from './cache-key.ts';
import { frameOf, isHandler, mayStart, nodeAt, pathOf } from './frame.ts';
import type { Values } from './language.ts';
import { outputsStatus } from './outputs-status.ts';
import type { ApprovePlan, ChildPlan, PlanNode, PlannedTask, RunsTask, SignalPlan, TaskPlan } from './plan.ts';
import { keyOfTask, keyOfWait, type Reusable } from './reuse.ts';
import { lookForSubtaskAgain } from './reuse-map.ts';
import { addTimer, type Round, reuseOf, setPhase, succeedNode, touch, writeNode } from './round.ts';
import { scopeOf } from './scope.ts';
import type { EngineState, Frame, Lookup, LookupObservation } from './state.ts';
import { openTask } from './task-node.ts';

/**
 * Looks for the outputs of ready tasks before these start: in what the execution recovers from at once, in the cache by
 * lookups that whoever steps makes and answers. True when something that takes no time became ready by it.
 */
export function runLookups(round: Round): boolean {
  for (const key of round.changedKeys.splice(0)) observeCacheChange(round, key);
  const lookups = round.state.reuse?.lookups ?? [];
  if (lookups.length === 0) return false;
  const before = round.state.ready.instant.length;
  let next = 0;
  // What is recovered makes others ready, which stand at the end.
  for (; next < lookups.length; next++) {
    if (round.lookups.length >= MAX_LOOKUPS_PER_STEP || round.transitionsLeft <= 0) break;
    lookFor(round, lookups[next] as number);
  }
  lookups.splice(0, next);
  return round.state.ready.instant.length > before;
}

function lookFor(round: Round, number: number): void {
  const { state } = round;
  const frame = frameOf(state, number);
  const node = nodeAt(state, frame, number) as TaskPlan;
  if (!mayStart(frame, node) || isTerminalPhase(frame.phases[node.index] as string)) return;
  const inputs = node.with(scopeOf(state, frame, node));
  const key = inputs.ok ? keyOfTask(node.task, inputs.values) : undefined;
  const past = key === undefined ? undefined : state.reuse?.past?.get(key);
  if (past !== undefined) reuse(round, frame, node, 'Recovered', past);
  else if (key !== undefined && readsCache(state, node.task)) {
    reuseOf(state).claims.set(number, { key, reserve: undefined, isWaiting: false });
    round.lookups.push(lookupOf(frame, node, key));
  } else pushHeap(state.ready.tasks, number);
}

function lookupOf(frame: Frame, node: TaskPlan, key: Digest): Lookup {
  const { serialize = false, ttlMs } = node.task.closure.cache ?? {};
  return { node: frame.base + node.index, path: pathOf(frame, node), index: -1, key, ttlMs, serialize };
}

/** Whether the cache is asked before a task starts. */
export function readsCache({ execution }: EngineState, { closure }: PlannedTask): boolean {
  return execution.cache === undefined && isCached(closure);
}

/** What the cache holds for a task. */
export function observeLookup(round: Round, frame: Frame, node: TaskPlan, { key, found }: LookupObservation): void {
  const { state } = round;
  const number = frame.base + node.index;
  const { claims, reserving } = reuseOf(state);
  const claim = claims.get(number);
  const isOpen = mayStart(frame, node) && !isTerminalPhase(frame.phases[node.index] as string);
  if (claim === undefined || claim.key !== key || !isOpen || state.tasks.get(number)?.live === true) return;
  if (found.kind === 'Hit') {
    const outputs = node.task.parseOutputs(found.outputs, found.storedOutputs);
    if (outputs.ok) {
      const { execution, node: origin } = found.by;
      reuse(round, frame, node, 'Cached', { execution, node: origin, at: found.at, outputs: outputs.values });
      return;
    }
  }
  const isSerial = node.task.closure.cache?.serialize === true;
  const rival = isSerial ? rivalOf(state, number, key, found) : undefined;
  if (rival !== undefined) {
    wait(round, frame, node, key, rival);
    return;
  }
  const version = found.kind === 'Held' ? undefined : found.version;
  claims.set(number, { key, reserve: isSerial ? { version } : undefined, isWaiting: false });
  if (isSerial) reserving.set(key, { node: number, index: -1 });
  const task = state.tasks.get(number);
  if (task !== undefined) {
    task.waitsFor = undefined;
    touch(round, frame, node);
  }
  pushHeap(state.ready.tasks, number);
}

/** Who computes what the task needs: somebody else, or a node of this execution whose reservation is not written yet. */
function rivalOf(
  state: EngineState,
  number: number,
  key: Digest,
  found: LookupObservation['found'],
): CacheOrigin | undefined {
  if (found.kind === 'Held') return found.by;
  const rival = reuseOf(state).reserving.get(key);
  if (rival === undefined || rival.node === number) return undefined;
  const frame = frameOf(state, rival.node);
  return { execution: state.execution.name, uid: '', node: pathOf(frame, nodeAt(state, frame, rival.node)) };
}

function wait(round: Round, frame: Frame, node: TaskPlan, key: Digest, { execution, node: path }: CacheOrigin): void {
  const { state, now } = round;
  const number = frame.base + node.index;
  const task = openTask(round, frame, node);
  task.waitsFor = `waits for node "${path}" of execution ${execution} to fill the cache`;
  setPhase(frame, node, 'Queued');
  reuseOf(state).claims.set(number, { key, reserve: undefined, isWaiting: true });
  addTimer(round, { at: now + CACHE_POLL_MS, kind: 'cache', node: number, index: -1, attempt: 0 });
}

/** Looks again for what a task waits for: it was filled or let go, or nothing was heard of it for a while. */
export function lookAgain(round: Round, number: number): void {
  const { state } = round;
  const { claims, lookups } = reuseOf(state);
  const claim = claims.get(number);
  if (claim?.isWaiting !== true) return;
  claims.set(number, { ...claim, isWaiting: false });
  lookups.push(number);
}

export function observeCacheChange(round: Round, key: Digest): void {
  for (const [number, claim] of round.state.reuse?.claims ?? []) if (claim.key === key) lookAgain(round, number);
  for (const map of round.state.maps.values()) lookForSubtaskAgain(map, (other) => other === key);
}

/** Takes what a node without a task would wait for from the execution that is recovered from. True when it is there. */
export function recoverWait(round: Round, frame: Frame, node: ChildPlan | ApprovePlan | SignalPlan): boolean {
  const past = round.state.reuse?.past;
  if (past === undefined || isHandler(node)) return false;
  const path = pathOf(frame, node);
  const key = keyOfWait(node, path, scopeOf(round.state, frame, node));
  const from = key === undefined ? undefined : past.get(key);
  if (from === undefined) return false;
  succeedNode(round, frame, node, from.outputs, 'Recovered');
  writeReused(round, frame, node, 'Recovered', from);
  return true;
}

function reuse(round: Round, frame: Frame, node: TaskPlan, phase: 'Cached' | 'Recovered', from: Reusable): void {
  const { state } = round;
  const number = frame.base + node.index;
  state.reuse?.claims.delete(number);
  succeedNode(round, frame, node, from.outputs, phase);
  const task = state.tasks.get(number);
  if (task === undefined) {
    writeReused(round, frame, node, phase, from);
    return;
  }
  task.waitsFor = undefined;
  task.reused = reusedFrom(from);
  touch(round, frame, node);
}

function writeReused(round: Round, frame: Frame, node: PlanNode, phase: 'Cached' | 'Recovered', from: Reusable): void {
  const reused = reusedFrom(from);
  const finishedAt = instantText(round.now);
  const status: Json = {
    phase,
    finishedAt,
    ...outputsStatus(frame.scope.outputs.get(node.id) ?? from.outputs),
    reused,
  };
  writeNode(round, pathOf(frame, node), node.branch === undefined ? status : { ...status, branch: node.branch });
}

function reusedFrom({ execution, node, at }: Reusable) {
  return { execution, node, ...(at !== undefined && { at }) };
}

/** Before an attempt starts: the entry that it is to fill is reserved with it, where it asks for that. */
export function reserveEntry(round: Round, frame: Frame, node: RunsTask): void {
  if (node.kind === 'dynamic') return;
  const number = frame.base + node.index;
  const claims = round.state.reuse?.claims;
  const claim = claims?.get(number);
  if (claim?.reserve === undefined) return;
  round.effects.push({
    kind: 'ReserveEntry',
    ...placeOf(round, frame, node),
    key: claim.key,
    version: claim.reserve.version,
  });
  claims?.set(number, { ...claim, reserve: undefined });
}

/** The task succeeded: its entry is filled together with that. */
export function fillEntry(round: Round, frame: Frame, node: RunsTask, outputs: Values): void {
  if (node.kind === 'dynamic') return;
  const { state } = round;
  const { closure } = node.task;
  if (!isCached(closure) || state.execution.cache === 'off') return;
  const number = frame.base + node.index;
  const { claims, reserving } = reuseOf(state);
  const key = claims.get(number)?.key ?? renderedKey(state, frame, node);
  claims.delete(number);
  if (key === undefined) return;
  if (reserving.get(key)?.node === number) reserving.delete(key);
  const { values, stored } = splitStored(outputs);
  round.effects.push({
    kind: 'FillEntry',
    ...placeOf(round, frame, node),
    key,
    outputs: JSON.stringify(values),
    ...(stored !== undefined && { storedOutputs: stored }),
    ttlMs: closure.cache?.ttlMs,
  });
  // Others of this execution that wait for it.
  round.changedKeys.push(key);
}

/** The task ended without outputs: who waits for them is told. */
export function releaseEntry(round: Round, frame: Frame, node: RunsTask): void {
  const { state } = round;
  if (node.kind === 'dynamic') return;
  if (node.task.closure.cache?.serialize !== true || !readsCache(state, node.task)) return;
  const { claims, reserving } = reuseOf(state);
  const number = frame.base + node.index;
  // After a restart nothing is known of what the task has claimed.
  const key = claims.get(number)?.key ?? renderedKey(state, frame, node);
  if (key === undefined) return;
  claims.delete(number);
  if (reserving.get(key)?.node === number) reserving.delete(key);
  round.effects.push({ kind: 'ReleaseEntry', key });
  round.changedKeys.push(key);
}

function renderedKey(state: EngineState, frame: Frame, node: TaskPlan): Digest | undefined {
  const inputs = node.with(scopeOf(state, frame, node));
  return inputs.ok ? keyOfTask(node.task, inputs.values) : undefined;
}

function placeOf({ now }: Round, frame: Frame, node: TaskPlan) {
  return { at: now, node: frame.base + node.index, path: pathOf(frame, node), index: -1, task: node.task };
}
