import { BugError, createHeap, type Digest, instantMs, pushHeap, type UnixMs } from '../base/index.ts';
import { type Execution, isTerminalPhase, type KeptResults, type NodeStatus } from '../cluster/index.ts';
import { attemptTimers, podName } from './attempt.ts';
import { restoredChild } from './child-node.ts';
import { addExecutionTimers } from './execution.ts';
import { addFrame, createFrame, isBefore, isQuiet, pathOf, ROOT_PLACE, slugOf } from './frame.ts';
import { createScope, executionVariables, NO_OUTPUTS } from './language.ts';
import { keptOutputs, restoreMap } from './map-restore.ts';
import { newOpen } from './open-node.ts';
import { readOutputs } from './outputs-status.ts';
import type { ChildPlan, DynamicPlan, Plan, PlanNode, RunsTask, WorkflowPlan } from './plan.ts';
import type { Past } from './reuse.ts';
import { doomWith, makeReady, newReuse, reuseOf } from './round.ts';
import type { EngineState, Frame, OpenState, TaskState, Timer } from './state.ts';
import { workflowInputs } from './workflow-node.ts';

/** An attempt that status says is live. Whoever restores looks for its pod: seen or gone, it is an observation. */
export interface ExpectedAttempt {
  readonly node: number;
  readonly index: number;
  readonly attempt: number;
  readonly podName: string;
}

/** A child execution that status says is live. Whoever restores looks for it. */
export interface ExpectedChild {
  readonly node: number;
  readonly name: string;
}

export interface Restored {
  readonly state: EngineState;
  readonly expected: readonly ExpectedAttempt[];
  readonly children: readonly ExpectedChild[];
}

/**
 * The state of an execution from what the cluster says of it: what a worker starts from, for the first time, after a
 * restart, and after a write that failed. It behaves as the state that wrote the status. Costs the size of the status.
 * Throws BugError when status and closure contradict each other. `past`: what it takes from the execution it recovers from. `kept`: the outputs
 * that its maps keep beside the status, where `keepsResults` says so.
 */
export function restore(
  plan: Plan,
  execution: Execution,
  now: UnixMs,
  past?: Past,
  kept: KeptResults = new Map(),
  produced: Produced = new Map(),
): Restored {
  const { status } = execution;
  const state = emptyState(plan, execution, now, past);
  const expected: ExpectedAttempt[] = [];
  const children: ExpectedChild[] = [];
  if (status === undefined) {
    addExecutionTimers(state);
    return { state, expected, children };
  }
  state.phase = status.phase;
  state.message = status.message;
  state.startedAt = instantMs(status.startedAt);
  state.root.error = status.error;
  if (isTerminalPhase(state.phase)) return { state, expected, children };
  addExecutionTimers(state);
  restoreFrame({ state, now, expected, children, produced, kept, groups: groupsOf(execution, state) }, state.root);
  return { state, expected, children };
}

/** Plans of the workflows that tasks have written, by digest: of those that `producedIn` names. */
export type Produced = ReadonlyMap<Digest, Plan>;

/** Digests of the workflows that tasks of this execution have written and that still run. */
export function producedIn({ status }: Execution): readonly Digest[] {
  const found: Digest[] = [];
  const nodes = status?.nodes ?? {};
  for (const path in nodes) {
    const node = nodes[path];
    if (node?.closure !== undefined && !isTerminalPhase(node.phase)) found.push(node.closure);
  }
  return found;
}

/** What the parts of one restore share. */
export interface Restoring {
  readonly state: EngineState;
  readonly now: UnixMs;
  readonly expected: ExpectedAttempt[];
  readonly children: ExpectedChild[];
  readonly produced: Produced;
  readonly kept: KeptResults;
  /** Statuses of nodes by their id, by the prefix of their frame. */
  readonly groups: ReadonlyMap<string, ReadonlyMap<string, NodeStatus>>;
}

/** The statuses of each frame's nodes, whether it is still open or not. */
function groupsOf({ metadata, status }: Execution, { failures }: EngineState): Restoring['groups'] {
  const nodes = status?.nodes ?? {};
  const groups = new Map<string, Map<string, NodeStatus>>([['', new Map()]]);
  for (const path in nodes) {
    const node = nodes[path] as NodeStatus;
    const cut = path.lastIndexOf('/') + 1;
    const prefix = path.slice(0, cut);
    let group = groups.get(prefix);
    if (group === undefined) {
      if (!Object.hasOwn(nodes, prefix.slice(0, -1))) {
        throw new BugError(`execution ${metadata.name} has a node "${path}" that nothing runs`);
      }
      group = new Map();
      groups.set(prefix, group);
    }
    group.set(path.slice(cut), node);
    if ((node.phase === 'Failed' || node.phase === 'TimedOut') && node.error !== undefined) {
      failures.set(path, node.error);
    }
  }
  return groups;
}

function restoreFrame(restoring: Restoring, frame: Frame): void {
  const { state, groups } = restoring;
  const nodes = [...(groups.get(frame.prefix) ?? [])].map(([id, status]) => ({
    node: nodeOf(state, frame, id, status),
    status,
  }));
  // Outputs first: maps are rendered from them, and readiness counts them.
  for (const { node, status } of nodes) restorePhase(restoring, frame, node, status);
  for (const { node, status } of nodes) {
    if (!isTerminalPhase(status.phase)) restoreLive(restoring, frame, node, status);
  }
  const { plan } = frame;
  if (frame.ending !== undefined) frame.mode = 'End';
  else if (plan.nodes.length > plan.size && frame.phases[plan.size] !== 'Pending') frame.mode = 'Handle';
  else if (frame.error !== undefined && plan.failurePolicy === 'failImmediately') frame.mode = 'Fail';
  if (frame.mode !== 'Run') state.isStopping = true;
  if (state.phase !== 'Running') return;
  for (let index = 0; index < plan.size; index++) {
    if (frame.waiting[index] === 0) makeReady(state, frame, index);
  }
  if (isQuiet(frame)) state.quiet.push(frame);
}

function emptyState(plan: Plan, execution: Execution, now: UnixMs, past: Past | undefined): EngineState {
  const { metadata, spec } = execution;
  const inputs = plan.readInputs(spec.inputs);
  const variables = { execution: executionVariables(execution) };
  const root = createFrame(plan, createScope(inputs.ok ? inputs.values : spec.inputs, variables), ROOT_PLACE);
  const state: EngineState = {
    execution: {
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      uid: metadata.uid ?? '',
      createdAt: instantMs(metadata.creationTimestamp) ?? now,
      maxParallelism: spec.maxParallelism,
      interruptible: spec.interruptible,
      timeout: spec.timeout,
      depth: spec.trigger.kind === 'execution' ? spec.trigger.depth : 0,
      cache: spec.cache,
    },
    phase: 'Pending',
    desired: spec.desired ?? 'Running',
    abortedFor: undefined,
    message: undefined,
    hold: execution.status?.phase === 'Queued' ? execution.status.message : undefined,
    lack: undefined,
    startedAt: undefined,
    root,
    frames: [root],
    framesByPath: new Map(),
    quiet: [],
    isStopping: false,
    tasks: new Map(),
    maps: new Map(),
    children: new Map(),
    open: new Map(),
    waiting: new Map(),
    signals: undefined,
    taken: new Map(),
    ready: { instant: [], tasks: createHeap<number>((a, b) => isBefore(state, a, b)), maps: [], children: [] },
    reuse: past && newReuse(past),
    liveTasks: 0,
    nodeCount: plan.nodes.length,
    timers: createHeap<Timer>((a, b) => a.at < b.at),
    failures: new Map(),
    cost: execution.status?.cost,
  };
  return state;
}

/** The node of an id and its status, as the action of the branch that it has taken. */
function nodeOf(state: EngineState, frame: Frame, id: string, status: NodeStatus): PlanNode {
  const { name } = state.execution;
  const index = frame.plan.indexOf.get(id);
  const node = index === undefined ? undefined : frame.plan.nodes[index];
  if (node === undefined) {
    throw new BugError(`execution ${name} has a node "${frame.prefix}${id}" that closure ${frame.plan.digest} has not`);
  }
  if (node.kind !== 'switch' || status.branch === undefined) return node;
  const taken = status.branch === 'else' ? node.otherwise : node.branches[status.branch]?.action;
  if (taken === undefined) throw new BugError(`node "${frame.prefix}${id}" of ${name} took a branch that it has not`);
  state.taken.set(frame.base + node.index, taken);
  return taken;
}

function restorePhase({ kept }: Restoring, frame: Frame, node: PlanNode, status: NodeStatus): void {
  frame.phases[node.index] = status.phase;
  if (!isTerminalPhase(status.phase)) {
    frame.live++;
    return;
  }
  if (node.index < frame.plan.size) frame.unfinished--;
  const isSkipped = status.phase === 'Skipped';
  if (!isSkipped && !['Succeeded', 'Cached', 'Recovered'].includes(status.phase)) return;
  const outputs = keptOutputs(frame, node, status, kept) ?? readOutputs(status) ?? {};
  frame.scope.outputs.set(node.id, isSkipped ? NO_OUTPUTS : outputs);
  if (isSkipped) doomWith(frame, node);
  for (const next of node.downstream) frame.waiting[next] = (frame.waiting[next] as number) - 1;
}

function restoreLive(restoring: Restoring, frame: Frame, node: PlanNode, status: NodeStatus): void {
  const { state } = restoring;
  switch (node.kind) {
    case 'task':
      restoreTask(restoring, frame, node, status);
      return;
    case 'map':
    case 'computeMap':
      restoreMap(restoring, frame, node, status);
      return;
    case 'workflow':
      restoreWorkflow(restoring, frame, node, status);
      return;
    case 'dynamic':
      restoreTask(restoring, frame, node, status);
      if (status.closure !== undefined) restoreProduced(restoring, frame, node, status, status.closure);
      return;
    case 'launchPlan':
      restoreChild(restoring, frame, node, status);
      return;
    case 'approve':
    case 'signal':
      state.waiting.set(frame.base + node.index, pathOf(frame, node));
      restoreOpen(restoring, frame, node, status);
      return;
    case 'sleep':
      restoreOpen(restoring, frame, node, status);
      return;
    default:
      throw new BugError(`node "${pathOf(frame, node)}" of ${state.execution.name} is ${status.phase}`);
  }
}

/** The state of an open node, and the timer of what it waits for. */
function restoreOpen({ state, now }: Restoring, frame: Frame, node: PlanNode, status: NodeStatus): OpenState {
  const number = frame.base + node.index;
  const open = newOpen(instantMs(status.startedAt) ?? now, instantMs(status.wakeAt));
  open.ending = status.ending;
  open.error = status.error;
  open.wait = status.wait;
  open.decision = status.decision;
  open.written = status;
  state.open.set(number, open);
  if (open.wakeAt !== undefined) {
    pushHeap<Timer>(state.timers, { at: open.wakeAt, kind: 'wake', node: number, index: -1, attempt: 0 });
  }
  return open;
}

function restoreWorkflow(restoring: Restoring, parent: Frame, node: WorkflowPlan, status: NodeStatus): void {
  const { state } = restoring;
  const open = restoreOpen(restoring, parent, node, status);
  const plan = parent.plan.inline(node.workflow);
  const inputs = workflowInputs(state, parent, node, plan);
  if (!inputs.ok) throw new BugError(`workflow node "${pathOf(parent, node)}" is open: ${inputs.message}`);
  addTotalTimer(state, parent, node, open.startedAt, node.totalMs);
  const frame = addFrame(state, plan, createScope(inputs.values, parent.scope.variables), parent, node);
  open.frame = frame;
  frame.error = status.error;
  frame.ending = status.ending;
  restoreFrame(restoring, frame);
}

function restoreProduced(
  restoring: Restoring,
  parent: Frame,
  node: DynamicPlan,
  status: NodeStatus,
  digest: Digest,
): void {
  const { state, produced } = restoring;
  const plan = produced.get(digest);
  const inputs = plan?.readInputs({});
  if (plan === undefined || inputs?.ok !== true) {
    throw new BugError(`node "${pathOf(parent, node)}" runs workflow ${digest}, which was not loaded`);
  }
  const open = restoreOpen(restoring, parent, node, status);
  open.closure = digest;
  const frame = addFrame(state, plan, createScope(inputs.values, parent.scope.variables), parent, node);
  open.frame = frame;
  frame.error = status.error;
  frame.ending = status.ending;
  restoreFrame(restoring, frame);
}

function restoreTask({ state, now, expected }: Restoring, frame: Frame, node: RunsTask, status: NodeStatus): void {
  const number = frame.base + node.index;
  const startedAt = instantMs(status.startedAt) ?? now;
  const task: TaskState = {
    attempt: status.attempt ?? 0,
    systemFailures: status.systemFailures ?? 0,
    live: status.retryAt === undefined && status.closure === undefined,
    startedAt,
    queuedAt: instantMs(status.queuedAt) ?? startedAt,
    runningAt: instantMs(status.runningAt),
    retryAt: instantMs(status.retryAt),
    ending: status.ending,
    error: status.error,
    written: status,
  };
  state.tasks.set(number, task);
  addTotalTimer(state, frame, node, startedAt, node.task.closure.timeout.totalMs);
  const timer = { node: number, index: -1, attempt: task.attempt };
  // Its task is over: what that has written runs.
  if (status.closure !== undefined) return;
  if (task.attempt === 0) {
    // It waits for a cache entry.
    task.live = false;
    task.waitsFor = status.message;
    reuseOf(state).lookups.push(number);
    return;
  }
  if (task.retryAt !== undefined) {
    pushHeap<Timer>(state.timers, { ...timer, kind: 'retry', at: task.retryAt });
    return;
  }
  state.liveTasks++;
  for (const made of attemptTimers(number, -1, task, node.task)) pushHeap(state.timers, made);
  expected.push({ ...timer, podName: podName(state.execution, slugOf(frame, node), -1, task.attempt) });
}

function restoreChild({ state, now, children }: Restoring, frame: Frame, node: ChildPlan, status: NodeStatus): void {
  const number = frame.base + node.index;
  const child = restoredChild(status, now);
  state.children.set(number, child);
  addTotalTimer(state, frame, node, child.startedAt, node.closure.timeout.totalMs);
  if (child.retryAt !== undefined) {
    const timer = { node: number, index: -1, attempt: child.attempt };
    pushHeap<Timer>(state.timers, { ...timer, kind: 'retry', at: child.retryAt });
    return;
  }
  for (const made of attemptTimers(number, -1, child, node)) pushHeap(state.timers, made);
  if (child.child !== undefined) children.push({ node: number, name: child.child.name });
}

export function addTotalTimer(
  state: EngineState,
  frame: Frame,
  node: PlanNode,
  startedAt: UnixMs,
  totalMs: number | undefined,
): void {
  if (totalMs === undefined) return;
  const number = frame.base + node.index;
  pushHeap<Timer>(state.timers, { at: startedAt + totalMs, kind: 'total', node: number, index: -1, attempt: 0 });
}
