import { BugError, createHeap, instantMs, pushHeap, type UnixMs } from '../base/index.ts';
import { type Execution, isTerminalPhase, type NodePhase, type NodeStatus } from '../cluster/index.ts';
import { attemptTimers, backoffMs, podName } from './attempt.ts';
import { createScope, executionVariables } from './language.ts';
import { renderMap } from './map-node.ts';
import { readMapStatus, SUBTASK, subtaskFailures, subtaskPhase } from './map-state.ts';
import { readOutputs } from './outputs-status.ts';
import type { MapPlan, Plan, TaskPlan } from './plan.ts';
import { makeReady } from './round.ts';
import { valueBytes } from './size.ts';
import type { EngineState, TaskState, Timer } from './state.ts';

/** An attempt that status says is live. Whoever restores looks for its pod: seen or gone, it is an observation. */
export interface ExpectedAttempt {
  readonly node: number;
  readonly index: number;
  readonly attempt: number;
  readonly podName: string;
}

export interface Restored {
  readonly state: EngineState;
  readonly expected: readonly ExpectedAttempt[];
}

/**
 * The state of an execution from what the cluster says of it: what a worker starts from, for the first time, after a
 * restart, and after a write that failed. It behaves as the state that wrote the status. Costs the size of the status.
 * Throws BugError when status and closure contradict each other.
 */
export function restore(plan: Plan, execution: Execution, now: UnixMs): Restored {
  const { status } = execution;
  const state = emptyState(plan, execution);
  const expected: ExpectedAttempt[] = [];
  if (status === undefined) return { state, expected };
  state.phase = status.phase;
  state.message = status.message;
  state.startedAt = instantMs(status.startedAt);
  state.error = status.error;
  if (isTerminalPhase(state.phase)) return { state, expected };
  const nodes = Object.entries(status.nodes ?? {}).map(([id, node]) => ({ index: indexOf(plan, execution, id), node }));
  // Outputs first: maps are rendered from them, and readiness counts them.
  for (const { index, node } of nodes) restorePhase(plan, state, index, node);
  for (const { index, node } of nodes) {
    if (!isTerminalPhase(node.phase)) restoreLive(plan, state, index, node, now, expected);
  }
  if (state.error !== undefined && plan.failurePolicy === 'failImmediately') state.mode = 'Fail';
  if (state.phase === 'Running') {
    for (let index = 0; index < plan.nodes.length; index++) {
      if (state.waiting[index] === 0) makeReady(plan, state, index);
    }
  }
  return { state, expected };
}

function emptyState(plan: Plan, execution: Execution): EngineState {
  const { metadata, spec } = execution;
  const waiting = new Int32Array(plan.nodes.length);
  plan.nodes.forEach((node, index) => {
    waiting[index] = node.upstream;
  });
  const inputs = plan.readInputs(spec.inputs);
  return {
    execution: { namespace: metadata.namespace ?? '', name: metadata.name, maxParallelism: spec.maxParallelism },
    phase: 'Pending',
    desired: spec.desired ?? 'Running',
    abortedFor: undefined,
    message: undefined,
    hold: execution.status?.phase === 'Queued' ? execution.status.message : undefined,
    mode: 'Run',
    startedAt: undefined,
    error: undefined,
    phases: new Array<NodePhase>(plan.nodes.length).fill('Pending'),
    waiting,
    unfinished: plan.nodes.length,
    tasks: new Map(),
    maps: new Map(),
    ready: { compute: [], tasks: createHeap<number>((a, b) => a < b), maps: [] },
    liveTasks: 0,
    timers: createHeap<Timer>((a, b) => a.at < b.at),
    scope: createScope(inputs.ok ? inputs.values : spec.inputs, executionVariables(execution)),
  };
}

function indexOf(plan: Plan, execution: Execution, id: string): number {
  const index = plan.indexOf.get(id);
  if (index === undefined) {
    throw new BugError(`execution ${execution.metadata.name} has a node "${id}" that closure ${plan.digest} has not`);
  }
  return index;
}

function restorePhase(plan: Plan, state: EngineState, index: number, node: NodeStatus): void {
  const { id, downstream } = plan.nodes[index] as Plan['nodes'][number];
  state.phases[index] = node.phase;
  if (!isTerminalPhase(node.phase)) return;
  state.unfinished--;
  if (node.phase !== 'Succeeded' && node.phase !== 'Cached' && node.phase !== 'Recovered') return;
  const outputs = readOutputs(node) ?? {};
  state.scope.outputs.set(id, outputs);
  for (const next of downstream) state.waiting[next] = (state.waiting[next] as number) - 1;
}

function restoreLive(
  plan: Plan,
  state: EngineState,
  index: number,
  status: NodeStatus,
  now: UnixMs,
  expected: ExpectedAttempt[],
): void {
  const node = plan.nodes[index] as Plan['nodes'][number];
  switch (node.kind) {
    case 'task':
      restoreTask(state, node, status, now, expected);
      return;
    case 'map':
      restoreMap(state, node, status, now, expected);
      return;
    case 'compute':
    case 'not-run':
      throw new BugError(`node "${node.id}" of ${state.execution.name} is ${status.phase}`);
  }
}

function restoreTask(
  state: EngineState,
  node: TaskPlan,
  status: NodeStatus,
  now: UnixMs,
  expected: ExpectedAttempt[],
): void {
  const startedAt = instantMs(status.startedAt) ?? now;
  const task: TaskState = {
    attempt: status.attempt ?? 0,
    systemFailures: status.systemFailures ?? 0,
    live: status.retryAt === undefined,
    startedAt,
    queuedAt: instantMs(status.queuedAt) ?? startedAt,
    runningAt: instantMs(status.runningAt),
    retryAt: instantMs(status.retryAt),
    ending: status.ending,
    error: status.error,
    written: status,
  };
  state.tasks.set(node.index, task);
  addTotalTimer(state, node, startedAt);
  const timer = { node: node.index, index: -1, attempt: task.attempt };
  if (task.retryAt !== undefined) {
    pushHeap<Timer>(state.timers, { ...timer, kind: 'retry', at: task.retryAt });
    return;
  }
  state.liveTasks++;
  for (const made of attemptTimers(node, -1, task, node.task)) pushHeap(state.timers, made);
  expected.push({ ...timer, podName: podName(state.execution, node.slug, -1, task.attempt) });
}

function restoreMap(
  state: EngineState,
  node: MapPlan,
  status: NodeStatus,
  now: UnixMs,
  expected: ExpectedAttempt[],
): void {
  const startedAt = instantMs(status.startedAt) ?? now;
  const map = renderMap(node, state.scope, startedAt);
  if ('reason' in map) throw new BugError(`map "${node.id}" of ${state.execution.name} is open: ${map.message}`);
  if (status.map !== undefined) readMapStatus(map, status.map, now);
  map.ending = status.ending;
  const { map: _, ...written } = status;
  map.written = written;
  for (const outputs of map.results.values()) map.resultBytes += valueBytes(outputs);
  state.maps.set(node.index, map);
  addTotalTimer(state, node, startedAt);
  for (const [index, attempt] of map.live) {
    attempt.ending = status.ending;
    for (const timer of attemptTimers(node, index, attempt, node.task)) pushHeap(state.timers, timer);
    const name = podName(state.execution, node.slug, index, attempt.attempt);
    expected.push({ node: node.index, index, attempt: attempt.attempt, podName: name });
  }
  map.retryAt = instantMs(status.retryAt);
  // When the back-off of one subtask ends is not kept: it starts over, but never ends after the last of them.
  for (let index = 0; index < map.next; index++) {
    if (subtaskPhase(map, index) !== SUBTASK.waiting) continue;
    const { user, system } = subtaskFailures(map, index);
    const ended = { attempt: user + system, systemFailures: system };
    const fault = user > 0 ? 'user' : 'system';
    const seed = { execution: state.execution, node: node.id, index };
    const wait = backoffMs(node.task.closure.retries, ended, fault, seed);
    const at = Math.min(now + wait, map.retryAt ?? now);
    pushHeap<Timer>(state.timers, { at, kind: 'retry', node: node.index, index, attempt: ended.attempt });
  }
}

function addTotalTimer(state: EngineState, node: TaskPlan | MapPlan, startedAt: UnixMs): void {
  const { totalMs } = node.task.closure.timeout;
  if (totalMs === undefined) return;
  pushHeap<Timer>(state.timers, { at: startedAt + totalMs, kind: 'total', node: node.index, index: -1, attempt: 0 });
}
