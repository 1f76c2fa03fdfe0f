import { BugError, instantText, isJsonObject, type Json } from '../base/index.ts';
import { isTerminalPhase, type NodePhase, type NodeStatus } from '../cluster/index.ts';
import { frameOf, nodeAt, pathOf } from './frame.ts';
import type { MapState } from './map-state.ts';
import { keptResults, type MapProgress, mapPatch, staysKept } from './map-status.ts';
import { outputsStatus } from './outputs-status.ts';
import type { PlanNode } from './plan.ts';
import { subtasksWait } from './reuse-map.ts';
import { type Round, writeNode } from './round.ts';
import type { Frame, OpenState, TaskState } from './state.ts';

/** Adds the patches of all touched nodes. Ended ones leave the state: only their phase and outputs are needed on. */
export function flushTouched(round: Round): void {
  const { state } = round;
  for (const index of round.touched) {
    const frame = frameOf(state, index);
    const node = nodeAt(state, frame, index);
    const isOver = isTerminalPhase(frame.phases[node.index] as NodePhase);
    const task = state.tasks.get(index);
    const map = state.maps.get(index);
    const open = state.open.get(index);
    const child = state.children.get(index);
    const status = { ...statusOf(round, frame, node), ...(node.branch !== undefined && { branch: node.branch }) };
    const patch = difference((task ?? map ?? open ?? child)?.written, status);
    if (map !== undefined) flushMap(round, frame, node, map, patch);
    if (Object.keys(patch).length > 0) writeNode(round, pathOf(frame, node), patch);
    if (isOver) {
      state.tasks.delete(index);
      state.maps.delete(index);
      state.open.delete(index);
      state.waiting.delete(index);
      state.children.delete(index);
    } else {
      const kept = task ?? map ?? open ?? child;
      if (kept !== undefined) kept.written = status;
    }
  }
  // Nothing reads the outputs of these any more.
  for (const frame of round.closed) frame.scope.outputs.clear();
}

function flushMap(round: Round, frame: Frame, node: PlanNode, map: MapState, patch: Record<string, Json>): void {
  const phase = frame.phases[node.index] as NodePhase;
  const progress: MapProgress = phase === 'Succeeded' ? 'Succeeded' : isTerminalPhase(phase) ? 'Ended' : 'Running';
  round.effects.push(...keptResults(map, pathOf(frame, node), progress));
  const changed = mapPatch(map, progress);
  for (const _ in changed) {
    patch.map = changed;
    return;
  }
}

function statusOf(round: Round, frame: Frame, node: PlanNode): NodeStatus {
  const { state } = round;
  const index = frame.base + node.index;
  const task = state.tasks.get(index);
  const open = state.open.get(index);
  if (task !== undefined && open !== undefined) return producedStatus(round, frame, node, task, open);
  if (task !== undefined) return taskStatus(round, frame, node, task);
  if (open !== undefined) return openStatus(round, frame, node, open);
  const child = state.children.get(index);
  if (child === undefined) return mapNodeStatus(round, frame, node);
  return { ...taskStatus(round, frame, node, child), ...(child.child !== undefined && { child: child.child }) };
}

function taskStatus(round: Round, frame: Frame, node: PlanNode, task: TaskState): NodeStatus {
  const phase = frame.phases[node.index] as NodePhase;
  const outputs = frame.scope.outputs.get(node.id);
  return {
    phase,
    ...(task.attempt > 0 && { attempt: task.attempt }),
    ...(task.systemFailures > 0 && { systemFailures: task.systemFailures }),
    startedAt: instantText(task.startedAt),
    ...(isTerminalPhase(phase) && { finishedAt: instantText(round.now) }),
    ...(task.queuedAt !== task.startedAt && { queuedAt: instantText(task.queuedAt) }),
    ...(task.runningAt !== undefined && { runningAt: instantText(task.runningAt) }),
    ...(task.retryAt !== undefined && { retryAt: instantText(task.retryAt) }),
    ...(outputs !== undefined && outputsStatus(outputs)),
    ...(task.error !== undefined && phase !== 'Succeeded' && { error: task.error }),
    ...(task.ending !== undefined && { ending: task.ending }),
    ...(task.waitsFor !== undefined && { message: task.waitsFor }),
    ...(task.reused !== undefined && { reused: task.reused }),
  };
}

/** A task that has written a workflow, which runs or has run. */
function producedStatus(round: Round, frame: Frame, node: PlanNode, task: TaskState, open: OpenState): NodeStatus {
  const { error: _, ending: __, ...own } = taskStatus(round, frame, node, task);
  const { error, ending } = openStatus(round, frame, node, open);
  return {
    ...own,
    ...(open.closure !== undefined && { closure: open.closure }),
    ...(error !== undefined && { error }),
    ...(ending !== undefined && { ending }),
  };
}

function openStatus(round: Round, frame: Frame, node: PlanNode, open: OpenState): NodeStatus {
  const phase = frame.phases[node.index] as NodePhase;
  const isOver = isTerminalPhase(phase);
  const outputs = frame.scope.outputs.get(node.id);
  return {
    phase,
    startedAt: instantText(open.startedAt),
    ...(isOver && { finishedAt: instantText(round.now) }),
    ...(!isOver && open.wakeAt !== undefined && { wakeAt: instantText(open.wakeAt) }),
    ...(open.wait !== undefined && { wait: open.wait }),
    ...(open.decision !== undefined && { decision: open.decision }),
    ...(outputs !== undefined && outputsStatus(outputs)),
    ...(open.error !== undefined && phase !== 'Succeeded' && { error: open.error }),
    ...(!isOver && open.ending !== undefined && { ending: open.ending }),
  };
}

function mapNodeStatus(round: Round, frame: Frame, node: PlanNode): NodeStatus {
  const map = round.state.maps.get(frame.base + node.index);
  if (map === undefined) throw new BugError(`node "${pathOf(frame, node)}" has no state`);
  const phase = frame.phases[node.index] as NodePhase;
  const isOver = isTerminalPhase(phase);
  const outputs = frame.scope.outputs.get(node.id);
  const wait = isOver ? undefined : (subtasksWait(map) ?? map.waitsFor);
  return {
    phase,
    startedAt: instantText(map.startedAt),
    ...(isOver && { finishedAt: instantText(round.now) }),
    ...(!isOver && map.retryAt !== undefined && { retryAt: instantText(map.retryAt) }),
    ...(outputs !== undefined && !staysKept(map) && outputsStatus(outputs)),
    ...(wait !== undefined && { message: wait }),
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
