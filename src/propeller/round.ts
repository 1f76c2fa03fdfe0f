import {
  BugError,
  type Digest,
  instantText,
  type Json,
  MAX_EVALUATION_PER_STEP,
  MAX_STARTS_PER_STEP,
  MAX_TRANSITIONS_PER_STEP,
  pushHeap,
  type UnixMs,
} from '../base/index.ts';
import { type ExecutionError, isTerminalPhase, type NodePhase } from '../cluster/index.ts';
import { isHandler, pathOf } from './frame.ts';
import { NO_OUTPUTS, type Values } from './language.ts';
import type { AnyMapPlan, PlanNode, TaskPlan } from './plan.ts';
import type { Past } from './reuse.ts';
import type { Effect, EngineState, Frame, Lookup, ReuseState, Settings, Timer } from './state.ts';

/** One step in progress: what it works on and what it will hand out. */
export interface Round {
  readonly state: EngineState;
  readonly now: UnixMs;
  readonly settings: Settings;
  readonly effects: Effect[];
  readonly lookups: Lookup[];
  /** Cache entries that this step fills or lets go: others of this execution may wait for them. */
  readonly changedKeys: Digest[];
  /** Fields of Execution.status that changed, less `nodes`. */
  readonly status: Record<string, Json>;
  /** Patches by path of nodes that are written as they happen: computed and skipped ones. */
  readonly nodes: Record<string, Json>;
  hasNodes: boolean;
  /** Nodes whose patch is made at the end of the step. */
  readonly touched: Set<number>;
  /** Frames that ended in this step. */
  readonly closed: Frame[];
  startsLeft: number;
  transitionsLeft: number;
  /** Steps of expressions that may still be made. */
  workLeft: number;
  /** Why something that could start does not. */
  lack: string | undefined;
}

export function openRound(state: EngineState, now: UnixMs, settings: Settings): Round {
  return {
    state,
    now,
    settings,
    effects: [],
    lookups: [],
    changedKeys: [],
    status: {},
    nodes: Object.create(null) as Record<string, Json>,
    hasNodes: false,
    touched: new Set(),
    closed: [],
    startsLeft: MAX_STARTS_PER_STEP,
    transitionsLeft: MAX_TRANSITIONS_PER_STEP,
    workLeft: MAX_EVALUATION_PER_STEP,
    lack: undefined,
  };
}

export function addTimer(round: Round, timer: Timer): void {
  pushHeap(round.state.timers, timer);
}

export function addTimers(round: Round, timers: readonly Timer[]): void {
  for (const timer of timers) addTimer(round, timer);
}

/** The node's status is written at the end of the step. */
export function touch(round: Round, frame: Frame, node: PlanNode): void {
  round.touched.add(frame.base + node.index);
}

/** Moves a node to a phase that is not terminal. */
export function setPhase(frame: Frame, node: PlanNode, phase: NodePhase): void {
  if (frame.phases[node.index] === 'Pending') frame.live++;
  frame.phases[node.index] = phase;
}

/** The node has its outputs: its dependents lose one reason to wait. Costs its out-degree. */
export function succeedNode(
  round: Round,
  frame: Frame,
  node: PlanNode,
  outputs: Values,
  phase: 'Succeeded' | 'Cached' | 'Recovered' = 'Succeeded',
): void {
  endNode(round, frame, node, phase);
  frame.scope.outputs.set(node.id, node.convert === undefined ? outputs : node.convert(outputs));
  for (const next of node.downstream) release(round.state, frame, next);
}

function release(state: EngineState, frame: Frame, next: number): void {
  const left = (frame.waiting[next] as number) - 1;
  frame.waiting[next] = left;
  if (left === 0) makeReady(state, frame, next);
}

function isMap(node: PlanNode): node is AnyMapPlan {
  return node.kind === 'map' || node.kind === 'computeMap';
}

export function makeReady(state: EngineState, frame: Frame, index: number): void {
  // A node that was skipped because another of its upstream nodes failed stays so.
  if (frame.phases[index] !== 'Pending') return;
  const node = frame.plan.nodes[index] as PlanNode;
  if (frame.doomed?.has(index)) state.ready.instant.push(frame.base + index);
  else if (node.when === undefined && node.kind === 'task') readyTask(state, frame, node);
  else if (node.when === undefined && isMap(node)) state.ready.maps.push(frame.base + index);
  else state.ready.instant.push(frame.base + index);
}

/** The task may start, unless its outputs are found. Failure handlers always run. */
export function readyTask(state: EngineState, frame: Frame, node: TaskPlan): void {
  const number = frame.base + node.index;
  const { cache } = node.task.closure;
  const isSought = state.reuse?.past !== undefined || (cache !== undefined && state.execution.cache === undefined);
  if (isSought && !isHandler(node)) reuseOf(state).lookups.push(number);
  else pushHeap(state.ready.tasks, number);
}

/** What the execution looks for, from the first task on that asks. */
export function reuseOf(state: EngineState): ReuseState {
  state.reuse ??= newReuse(undefined);
  return state.reuse;
}

export function newReuse(past: Past | undefined): ReuseState {
  return { past, lookups: [], claims: new Map(), reserving: new Map() };
}

/**
 * The node's condition does not hold: what needs it is skipped too, what only reads it finds no outputs. Both only when all
 * else that they wait for has ended well, so that it makes no difference what ends first.
 */
export function skipNode(round: Round, frame: Frame, node: PlanNode): void {
  endNode(round, frame, node, 'Skipped');
  frame.scope.outputs.set(node.id, NO_OUTPUTS);
  writeNode(round, pathOf(frame, node), { phase: 'Skipped' });
  doomWith(frame, node);
  for (const next of node.downstream) release(round.state, frame, next);
}

/** What needs a skipped node is to be skipped. */
export function doomWith(frame: Frame, { skips }: PlanNode): void {
  if (skips === undefined) return;
  frame.doomed ??= new Set();
  for (const next of skips) frame.doomed.add(next);
}

/** The node failed for good: whatever needs it is skipped, and by policy nothing else of its workflow starts. */
export function failNode(
  round: Round,
  frame: Frame,
  node: PlanNode,
  phase: 'Failed' | 'TimedOut',
  error: ExecutionError,
): void {
  endNode(round, frame, node, phase);
  const path = pathOf(frame, node);
  round.state.failures.set(path, error);
  // What runs other nodes names that of them which failed.
  failFrame(round, frame, error.node === undefined ? { ...error, node: path } : error);
  if (frame.plan.failurePolicy === 'failImmediately' && frame.mode === 'Run') {
    frame.mode = 'Fail';
    round.state.isStopping = true;
    if (frame.live === 0) round.state.quiet.push(frame);
  }
  skipDownstream(round, frame, node);
}

/** Keeps the first failure of a frame, and shows it where it is looked for. */
export function failFrame(round: Round, frame: Frame, error: ExecutionError): void {
  if (frame.error !== undefined) return;
  frame.error = error;
  if (frame.parent === undefined) {
    round.status.error = error as unknown as Json;
    return;
  }
  const owner = round.state.open.get(frame.owner);
  if (owner === undefined) throw new BugError(`frame ${frame.prefix} has no open owner`);
  owner.error = error;
  round.touched.add(frame.owner);
}

function skipDownstream(round: Round, frame: Frame, failed: PlanNode): void {
  const stack = [failed];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    for (const next of node.downstream) {
      if (frame.phases[next] !== 'Pending') continue;
      const skipped = frame.plan.nodes[next] as PlanNode;
      endNode(round, frame, skipped, 'Skipped');
      writeNode(round, pathOf(frame, skipped), { phase: 'Skipped' });
      stack.push(skipped);
    }
  }
}

/** Moves a node to a terminal phase. Its status is written by the caller, or at the end of the step when touched. */
export function endNode(round: Round, frame: Frame, node: PlanNode, phase: NodePhase): void {
  const before = frame.phases[node.index] as NodePhase;
  if (isTerminalPhase(before)) {
    const { name } = round.state.execution;
    throw new BugError(`node "${pathOf(frame, node)}" of ${name} would go from ${before} to ${phase}`);
  }
  if (before !== 'Pending') frame.live--;
  frame.phases[node.index] = phase;
  // The failure handler is none of the nodes that the workflow waits for.
  if (node.index < frame.plan.size) frame.unfinished--;
  if (frame.mode === 'Run' ? frame.unfinished === 0 : frame.live === 0) round.state.quiet.push(frame);
  round.transitionsLeft--;
}

/** Writes a node's status as it is, for nodes that have no status before. */
export function writeNode(round: Round, path: string, status: Json): void {
  round.nodes[path] = status;
  round.hasNodes = true;
}

/** Fails a node that has no status yet. */
export function failAtOnce(round: Round, frame: Frame, node: PlanNode, error: ExecutionError): void {
  failNode(round, frame, node, 'Failed', error);
  const finishedAt = instantText(round.now);
  const status: Json = { phase: 'Failed', finishedAt, error: { ...error } };
  writeNode(round, pathOf(frame, node), node.branch === undefined ? status : { ...status, branch: node.branch });
}
