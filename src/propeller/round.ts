import {
  BugError,
  instantText,
  isJsonObject,
  type Json,
  MAX_STARTS_PER_STEP,
  MAX_TRANSITIONS_PER_STEP,
  pushHeap,
  type UnixMs,
} from '../base/index.ts';
import { type ExecutionError, isTerminalPhase, type NodePhase, type NodeStatus } from '../cluster/index.ts';
import type { Values } from './language.ts';
import { mapPatch } from './map-state.ts';
import { outputsStatus } from './outputs-status.ts';
import type { Plan, PlanNode } from './plan.ts';
import type { Effect, EngineState, Settings, Timer } from './state.ts';

/** One step in progress: what it works on and what it will hand out. */
export interface Round {
  readonly plan: Plan;
  readonly state: EngineState;
  readonly now: UnixMs;
  readonly settings: Settings;
  readonly effects: Effect[];
  /** Fields of Execution.status that changed, less `nodes`. */
  readonly status: Record<string, Json>;
  /** Patches of nodes that are written as they happen: computed and skipped ones. */
  readonly nodes: Record<string, Json>;
  hasNodes: boolean;
  /** Tasks and maps whose patch is made at the end of the step. */
  readonly touched: Set<number>;
  startsLeft: number;
  transitionsLeft: number;
}

export function openRound(plan: Plan, state: EngineState, now: UnixMs, settings: Settings): Round {
  return {
    plan,
    state,
    now,
    settings,
    effects: [],
    status: {},
    nodes: Object.create(null) as Record<string, Json>,
    hasNodes: false,
    touched: new Set(),
    startsLeft: MAX_STARTS_PER_STEP,
    transitionsLeft: MAX_TRANSITIONS_PER_STEP,
  };
}

export function planNode(round: Round, index: number): PlanNode {
  const node = round.plan.nodes[index];
  if (node === undefined) throw new BugError(`execution ${round.state.execution.name} has no node ${index}`);
  return node;
}

export function addTimer(round: Round, timer: Timer): void {
  pushHeap(round.state.timers, timer);
}

export function addTimers(round: Round, timers: readonly Timer[]): void {
  for (const timer of timers) addTimer(round, timer);
}

/** The node has its outputs: its dependents lose one reason to wait. Costs its out-degree. */
export function succeedNode(round: Round, node: PlanNode, outputs: Values): void {
  const { state } = round;
  endNode(round, node, 'Succeeded');
  state.scope.outputs.set(node.id, outputs);
  for (const next of node.downstream) {
    const left = (state.waiting[next] as number) - 1;
    state.waiting[next] = left;
    if (left === 0) makeReady(round.plan, state, next);
  }
}

export function makeReady(plan: Plan, state: EngineState, index: number): void {
  // A node that was skipped because another of its upstream nodes failed stays so.
  if (state.phases[index] !== 'Pending') return;
  const node = plan.nodes[index] as PlanNode;
  switch (node.kind) {
    case 'compute':
    case 'not-run':
      state.ready.compute.push(index);
      return;
    case 'task':
      pushHeap(state.ready.tasks, index);
      return;
    case 'map':
      state.ready.maps.push(index);
      return;
  }
}

/** The node failed for good: whatever needs it is skipped, and by policy nothing else starts. */
export function failNode(round: Round, node: PlanNode, phase: 'Failed' | 'TimedOut', error: ExecutionError): void {
  const { state, plan } = round;
  endNode(round, node, phase);
  if (state.error === undefined) {
    state.error = { ...error, node: node.id };
    round.status.error = state.error as unknown as Json;
  }
  if (plan.failurePolicy === 'failImmediately' && state.mode === 'Run') state.mode = 'Fail';
  skipDownstream(round, node);
}

function skipDownstream(round: Round, failed: PlanNode): void {
  const stack = [failed];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    for (const next of node.downstream) {
      if (round.state.phases[next] !== 'Pending') continue;
      const skipped = planNode(round, next);
      endNode(round, skipped, 'Skipped');
      writeNode(round, skipped.id, { phase: 'Skipped' });
      stack.push(skipped);
    }
  }
}

/** Moves a node to a terminal phase. Its status is written by the caller, or at the end of the step when touched. */
export function endNode(round: Round, node: PlanNode, phase: NodePhase): void {
  const { state } = round;
  const before = state.phases[node.index] as NodePhase;
  if (isTerminalPhase(before)) {
    throw new BugError(`node "${node.id}" of ${state.execution.name} would go from ${before} to ${phase}`);
  }
  state.phases[node.index] = phase;
  state.unfinished--;
  round.transitionsLeft--;
}

/** Writes a node's status as it is, for nodes that have no status before. */
export function writeNode(round: Round, id: string, status: Json): void {
  round.nodes[id] = status;
  round.hasNodes = true;
}

/** Adds the patches of all touched nodes. Ended ones leave the state: only their phase and outputs are needed on. */
export function flushTouched(round: Round): void {
  const { state } = round;
  for (const index of round.touched) {
    const node = planNode(round, index);
    const isOver = isTerminalPhase(state.phases[index] as NodePhase);
    const task = state.tasks.get(index);
    const map = state.maps.get(index);
    const status = task !== undefined ? taskStatus(round, node) : mapNodeStatus(round, node);
    const patch = difference(task?.written ?? map?.written, status);
    if (map !== undefined) patch.map = mapPatch(map, isOver);
    if (Object.keys(patch).length > 0) writeNode(round, node.id, patch);
    if (isOver) {
      state.tasks.delete(index);
      state.maps.delete(index);
    } else if (task !== undefined) task.written = status;
    else if (map !== undefined) map.written = status;
  }
}

function taskStatus(round: Round, node: PlanNode): NodeStatus {
  const { state, now } = round;
  const task = state.tasks.get(node.index);
  if (task === undefined) throw new BugError(`node "${node.id}" has no task state`);
  const phase = state.phases[node.index] as NodePhase;
  const outputs = state.scope.outputs.get(node.id);
  return {
    phase,
    ...(task.attempt > 0 && { attempt: task.attempt }),
    ...(task.systemFailures > 0 && { systemFailures: task.systemFailures }),
    startedAt: instantText(task.startedAt),
    ...(isTerminalPhase(phase) && { finishedAt: instantText(now) }),
    ...(task.queuedAt !== task.startedAt && { queuedAt: instantText(task.queuedAt) }),
    ...(task.runningAt !== undefined && { runningAt: instantText(task.runningAt) }),
    ...(task.retryAt !== undefined && { retryAt: instantText(task.retryAt) }),
    ...(outputs !== undefined && outputsStatus(outputs)),
    ...(task.error !== undefined && phase !== 'Succeeded' && { error: task.error }),
    ...(task.ending !== undefined && { ending: task.ending }),
  };
}

function mapNodeStatus(round: Round, node: PlanNode): NodeStatus {
  const { state, now } = round;
  const map = state.maps.get(node.index);
  if (map === undefined) throw new BugError(`node "${node.id}" has no map state`);
  const phase = state.phases[node.index] as NodePhase;
  const isOver = isTerminalPhase(phase);
  const outputs = state.scope.outputs.get(node.id);
  return {
    phase,
    startedAt: instantText(map.startedAt),
    ...(isOver && { finishedAt: instantText(now) }),
    ...(!isOver && map.retryAt !== undefined && { retryAt: instantText(map.retryAt) }),
    ...(outputs !== undefined && outputsStatus(outputs)),
    ...(map.ending !== undefined && (isOver ? { error: map.ending } : { ending: map.ending })),
  };
}

/** The merge patch from one status to the next. Fields are compared by identity: the engine replaces what changes. */
function difference(before: NodeStatus | undefined, after: NodeStatus): Record<string, Json> {
  const patch: Record<string, Json> = {};
  const was = (before ?? {}) as Record<string, Json | undefined>;
  const is = after as unknown as Record<string, Json>;
  for (const field in is) {
    if (is[field] !== was[field]) patch[field] = replacement(was[field], is[field] as Json);
  }
  for (const field in was) {
    if (!Object.hasOwn(is, field)) patch[field] = null;
  }
  return patch;
}

/** A merge patch merges objects; to replace one, the members it loses must be named. */
function replacement(before: Json | undefined, after: Json): Json {
  if (!isJsonObject(before) || !isJsonObject(after)) return after;
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  return { ...after, ...Object.fromEntries(gone.map((key) => [key, null])) };
}
