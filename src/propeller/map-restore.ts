import { BugError, instantMs, pushHeap } from '../base/index.ts';
import { joinResults, type KeptResults, keepsResults, type NodeStatus } from '../cluster/index.ts';
import { backoffMs, podName } from './attempt.ts';
import { pathOf, slugOf } from './frame.ts';
import type { Values } from './language.ts';
import { subtaskTimers } from './map-batch.ts';
import { renderMap } from './map-open.ts';
import { type MapState, SUBTASK, subtaskFailures, subtaskPhase } from './map-state.ts';
import { readMapStatus } from './map-status.ts';
import type { AnyMapPlan, MapPlan, PlanNode } from './plan.ts';
import { addTotalTimer, type Restoring } from './restore.ts';
import { scopeOf } from './scope.ts';
import type { Frame, Timer } from './state.ts';

/** The outputs of a map that ended and keeps them beside the status; undefined: its status has them. */
export function keptOutputs(frame: Frame, node: PlanNode, status: NodeStatus, kept: KeptResults): Values | undefined {
  if (status.map === undefined || !keepsResults(status)) return undefined;
  if (node.kind !== 'map' && node.kind !== 'computeMap') return undefined;
  const path = pathOf(frame, node);
  const results = kept.get(path) ?? new Map<number, Values>();
  if (results.size < status.map.succeeded) {
    throw new BugError(`outputs of the map "${path}" are gone: somebody deleted its MapResults`);
  }
  return joinResults(node.names, status.map.size, results);
}

/** The state of an open map. */
export function restoreMap(restoring: Restoring, frame: Frame, node: AnyMapPlan, status: NodeStatus): void {
  const { state, now, kept } = restoring;
  const number = frame.base + node.index;
  const startedAt = instantMs(status.startedAt) ?? now;
  const path = pathOf(frame, node);
  const map = renderMap(node, scopeOf(state, frame, node), startedAt);
  if ('reason' in map) throw new BugError(`map "${path}" of ${state.execution.name} is open: ${map.message}`);
  if (status.map !== undefined) readMapStatus(map, status.map, kept.get(path) ?? new Map(), now);
  map.ending = status.ending;
  const { map: _, ...written } = status;
  map.written = written;
  state.maps.set(number, map);
  if (node.kind === 'map') restoreAttempts(restoring, frame, node, status, map);
}

function restoreAttempts(
  { state, now, expected }: Restoring,
  frame: Frame,
  node: MapPlan,
  status: NodeStatus,
  map: MapState,
): void {
  const number = frame.base + node.index;
  addTotalTimer(state, frame, node, map.startedAt, node.task.closure.timeout.totalMs);
  for (const [index, attempt] of map.live) {
    attempt.ending = status.ending;
    for (const timer of subtaskTimers(frame, node, map, index, attempt)) pushHeap(state.timers, timer);
    const name = podName(state.execution, slugOf(frame, node), index, attempt.attempt);
    expected.push({ node: number, index, attempt: attempt.attempt, podName: name });
  }
  map.retryAt = instantMs(status.retryAt);
  // When the back-off of one subtask ends is not kept: it starts over, but never ends after the last of them.
  for (let index = 0; index < map.next; index++) {
    if (subtaskPhase(map, index) !== SUBTASK.waiting) continue;
    const { user, system } = subtaskFailures(map, index);
    if (user + system === 0) {
      // Its batch ended before its turn came.
      pushHeap(map.retries, index);
      continue;
    }
    const ended = { attempt: user + system, systemFailures: system };
    const fault = user > 0 ? 'user' : 'system';
    const seed = { execution: state.execution, node: pathOf(frame, node), index };
    const wait = backoffMs(node.task.closure.retries, ended, fault, seed);
    const at = Math.min(now + wait, map.retryAt ?? now);
    pushHeap<Timer>(state.timers, { at, kind: 'retry', node: number, index, attempt: ended.attempt });
  }
}
