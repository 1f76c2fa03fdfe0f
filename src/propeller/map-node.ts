import {
  BugError,
  type Json,
  MAX_MAP_ERRORS,
  MAX_MAP_SIZE,
  MAX_VALUE_BYTES,
  popHeap,
  pushHeap,
} from '../base/index.ts';
import type { ExecutionError } from '../cluster/index.ts';
import { attemptTimers, backoffMs, judge, mayRetry, TOTAL_TIMEOUT, timeoutError } from './attempt.ts';
import { frameOf, mayStart, nodeAt, pathOf } from './frame.ts';
import type { Scope, Values } from './language.ts';
import { createMapState, type MapState, packSubtask, SUBTASK, subtaskFailures, subtaskPhase } from './map-state.ts';
import type { MapPlan } from './plan.ts';
import {
  addTimer,
  addTimers,
  endNode,
  failAtOnce,
  failNode,
  type Round,
  setPhase,
  succeedNode,
  touch,
} from './round.ts';
import { scopeOf } from './scope.ts';
import { valueBytes } from './size.ts';
import type { AttemptObservation, AttemptState, Frame, Terminated, Timer } from './state.ts';
import { abortEffect, beginAttempt, startEffect } from './task-node.ts';

/** Opens maps that became ready, then starts subtasks of all open ones, as far as their concurrency allows. */
export function startMaps(round: Round): void {
  const { state } = round;
  const ready = state.ready.maps;
  state.ready.maps = [];
  for (const index of ready) {
    const frame = frameOf(state, index);
    const node = nodeAt(state, frame, index) as MapPlan;
    if (mayStart(frame, node)) openMap(round, frame, node);
  }
  for (const [index, map] of state.maps) {
    if (round.startsLeft === 0) return;
    const frame = frameOf(state, index);
    const node = nodeAt(state, frame, index) as MapPlan;
    if (mayStart(frame, node)) startSubtasks(round, frame, node, map);
  }
}

/** Whether `startMaps` would start something if it were called again. */
export function hasStartableSubtask(round: Round): boolean {
  const { state } = round;
  for (const [index, map] of state.maps) {
    const frame = frameOf(state, index);
    const node = nodeAt(state, frame, index) as MapPlan;
    const { concurrency } = node;
    const isOpen = map.ending === undefined && mayStart(frame, node) && map.live.size < concurrency;
    if (isOpen && (map.next < map.size || map.retries.items.length > 0)) return true;
  }
  return false;
}

function openMap(round: Round, frame: Frame, node: MapPlan): void {
  const { state, now } = round;
  const number = frame.base + node.index;
  const rendered = renderMap(node, scopeOf(state, frame, node), now);
  if ('reason' in rendered) {
    failAtOnce(round, frame, node, rendered);
    return;
  }
  state.maps.set(number, rendered);
  setPhase(frame, node, 'Running');
  round.touched.add(number);
  const { totalMs } = node.task.closure.timeout;
  if (totalMs !== undefined) {
    addTimer(round, { at: now + totalMs, kind: 'total', node: number, index: -1, attempt: 0 });
  }
}

/** A map's state before its first subtask, or why there is none. Also the ground on which `restore` builds. */
export function renderMap(node: MapPlan, scope: Scope, now: number): MapState | ExecutionError {
  const over = node.over(scope);
  if (!over.ok) return { reason: 'InvalidInputs', message: over.message };
  const shared = node.with(scope);
  if (!shared.ok) return { reason: 'InvalidInputs', message: shared.message };
  const lists: Record<string, readonly Json[]> = Object.create(null) as Record<string, readonly Json[]>;
  let size: number | undefined;
  for (const [name, list] of Object.entries(over.values)) {
    if (!Array.isArray(list))
      return { reason: 'InvalidInputs', message: `"${name}" is to be mapped over and is no list` };
    if (size !== undefined && list.length !== size) return differentLengths(over.values);
    size = list.length;
    lists[name] = list;
  }
  if (size === undefined) throw new BugError(`map "${node.id}" maps over nothing`);
  if (size > MAX_MAP_SIZE) {
    return { reason: 'MapTooLarge', message: `it maps over ${size} elements; at most ${MAX_MAP_SIZE} are possible` };
  }
  // 0.1 × 30 is a little more than 3 in binary fractions.
  const required = Math.ceil(node.minSuccessRatio * size - 1e-9);
  return createMapState(lists, shared.values, size, required, now);
}

function differentLengths(lists: Values): ExecutionError {
  const sizes = Object.entries(lists).map(([name, list]) => `"${name}" has ${Array.isArray(list) ? list.length : 0}`);
  return {
    reason: 'DifferentLengths',
    message: `lists that are mapped over together must be equally long: ${sizes.join(', ')}`,
  };
}

function startSubtasks(round: Round, frame: Frame, node: MapPlan, map: MapState): void {
  while (map.ending === undefined && map.live.size < node.concurrency && round.startsLeft > 0) {
    const retry = popHeap(map.retries);
    const index = retry ?? map.next;
    if (index >= map.size) break;
    if (retry === undefined) map.next++;
    startSubtask(round, frame, node, map, index);
  }
  finishMap(round, frame, node, map);
}

function startSubtask(round: Round, frame: Frame, node: MapPlan, map: MapState, index: number): void {
  touch(round, frame, node);
  const inputs: Record<string, Json> = Object.create(null) as Record<string, Json>;
  for (const name in map.with) inputs[name] = map.with[name] as Json;
  for (const name in map.over) inputs[name] = map.over[name]?.[index] as Json;
  const { user, system } = subtaskFailures(map, index);
  const refused = startEffect(round, frame, node, index, user + system + 1, node.task, inputs);
  if (refused !== undefined) {
    settleSubtask(round, frame, node, map, index, refused, user + 1, system);
    return;
  }
  const attempt: AttemptState = {
    attempt: user + system,
    systemFailures: system,
    live: true,
    queuedAt: round.now,
    runningAt: undefined,
    ending: undefined,
  };
  beginAttempt(attempt, round.now);
  map.live.set(index, attempt);
  packSubtask(map, index, SUBTASK.live, user, system);
  addTimers(round, attemptTimers(frame.base + node.index, index, attempt, node.task));
}

export function observeSubtask(round: Round, frame: Frame, node: MapPlan, observation: AttemptObservation): void {
  const map = round.state.maps.get(frame.base + node.index);
  const attempt = map?.live.get(observation.index);
  if (map === undefined || attempt === undefined || attempt.attempt !== observation.attempt) return;
  const { seen } = observation;
  switch (seen.kind) {
    case 'Waiting':
      // A restored attempt learns only now when it was created.
      if (seen.createdAt >= attempt.queuedAt) return;
      attempt.queuedAt = seen.createdAt;
      addTimers(round, attemptTimers(frame.base + node.index, observation.index, attempt, node.task));
      return;
    case 'Running':
      if (attempt.runningAt !== undefined) return;
      attempt.runningAt = seen.startedAt;
      addTimers(round, attemptTimers(frame.base + node.index, observation.index, attempt, node.task));
      return;
    case 'Terminated':
    case 'Gone':
      endSubtask(round, frame, node, map, observation.index, attempt, seen.kind === 'Gone' ? undefined : seen);
      return;
  }
}

function endSubtask(
  round: Round,
  frame: Frame,
  node: MapPlan,
  map: MapState,
  index: number,
  attempt: AttemptState,
  seen: Terminated | undefined,
): void {
  touch(round, frame, node);
  map.live.delete(index);
  const { user, system } = subtaskFailures(map, index);
  const outcome = judge(node.task, { ...attempt, ending: attempt.ending ?? map.ending }, seen);
  switch (outcome.kind) {
    case 'Succeeded':
      packSubtask(map, index, SUBTASK.succeeded, user, system);
      round.transitionsLeft--;
      map.succeeded++;
      keepResult(round, frame, node, map, index, outcome.outputs);
      break;
    case 'Aborted':
      packSubtask(map, index, SUBTASK.aborted, user, system);
      break;
    case 'TimedOut':
      settleSubtask(round, frame, node, map, index, { ...outcome.error, attempt: attempt.attempt }, user + 1, system);
      break;
    case 'Failed':
      retrySubtask(round, frame, node, map, index, attempt, outcome);
      break;
  }
  finishMap(round, frame, node, map);
}

function retrySubtask(
  round: Round,
  frame: Frame,
  node: MapPlan,
  map: MapState,
  index: number,
  attempt: AttemptState,
  outcome: { readonly fault: 'user' | 'system'; readonly error: ExecutionError },
): void {
  const before = subtaskFailures(map, index);
  const system = before.system + (outcome.fault === 'system' ? 1 : 0);
  const user = before.user + (outcome.fault === 'user' ? 1 : 0);
  const ended: AttemptState = { ...attempt, systemFailures: system };
  const policy = node.task.closure.retries;
  if (map.ending !== undefined || !mayRetry(policy, ended, outcome.fault)) {
    settleSubtask(round, frame, node, map, index, { ...outcome.error, attempt: attempt.attempt }, user, system);
    return;
  }
  packSubtask(map, index, SUBTASK.waiting, user, system);
  const seed = { execution: round.state.execution, node: pathOf(frame, node), index };
  const at = round.now + backoffMs(policy, ended, outcome.fault, seed);
  map.retryAt = Math.max(map.retryAt ?? at, at);
  addTimer(round, { at, kind: 'retry', node: frame.base + node.index, index, attempt: attempt.attempt });
}

/** A subtask failed for good: the node goes on while enough others can still succeed. */
function settleSubtask(
  round: Round,
  frame: Frame,
  node: MapPlan,
  map: MapState,
  index: number,
  error: ExecutionError,
  user: number,
  system: number,
): void {
  packSubtask(map, index, SUBTASK.failed, user, system);
  round.transitionsLeft--;
  map.failed++;
  if (map.errors.size < MAX_MAP_ERRORS) {
    map.errors.set(index, error);
    map.dirty.errors.add(index);
  }
  if (map.size - map.failed < map.required && map.ending === undefined) {
    const [first, cause] = map.errors.entries().next().value ?? [index, error];
    const need = map.required === map.size ? 'all' : `${map.required}`;
    const message = `${map.failed} of ${map.size} subtasks failed and ${need} must succeed; subtask ${first}: ${cause.message}`;
    endMap(round, frame, node, { reason: 'TooManyFailures', message });
  }
}

/** Keeps the outputs of a subtask in the order of the input, within what a status may hold. */
function keepResult(round: Round, frame: Frame, node: MapPlan, map: MapState, index: number, outputs: Values): void {
  map.results.set(index, outputs);
  map.dirty.results.add(index);
  map.resultBytes += valueBytes(outputs);
  // Small values are overestimated: count exactly before saying no.
  if (map.resultBytes > MAX_VALUE_BYTES && map.ending === undefined) {
    map.resultBytes = exactBytes(map);
    if (map.resultBytes > MAX_VALUE_BYTES) {
      const message = `the outputs of its subtasks have together more than ${MAX_VALUE_BYTES} bytes as JSON`;
      endMap(round, frame, node, { reason: 'OutputsTooLarge', message });
    }
  }
}

function exactBytes(map: MapState): number {
  let bytes = 0;
  for (const outputs of map.results.values()) bytes += Buffer.byteLength(JSON.stringify(outputs));
  return bytes;
}

/** Ends what is live of a map; nothing of it starts any more. */
export function endMap(round: Round, frame: Frame, node: MapPlan, ending: ExecutionError): void {
  const map = round.state.maps.get(frame.base + node.index);
  if (map === undefined) throw new BugError(`map "${node.id}" is not open`);
  if (map.ending !== undefined) return;
  map.ending = ending;
  touch(round, frame, node);
  for (const [index, attempt] of map.live) {
    if (attempt.ending === undefined) abortEffect(round, frame, node, index, attempt.attempt, ending);
    attempt.ending = ending;
  }
  finishMap(round, frame, node, map);
}

/** Ends the node when nothing of it is live and nothing of it is to come. */
function finishMap(round: Round, frame: Frame, node: MapPlan, map: MapState): void {
  if (map.live.size > 0 || frame.phases[node.index] !== 'Running') return;
  if (map.ending !== undefined) {
    if (map.ending.reason === TOTAL_TIMEOUT) failNode(round, frame, node, 'TimedOut', map.ending);
    else if (isOwnFailure(map.ending)) failNode(round, frame, node, 'Failed', map.ending);
    else endNode(round, frame, node, 'Aborted');
    return;
  }
  if (map.succeeded + map.failed < map.size) return;
  succeedNode(round, frame, node, collect(node, map));
}

function isOwnFailure(ending: ExecutionError): boolean {
  return ending.reason === 'TooManyFailures' || ending.reason === 'OutputsTooLarge';
}

/** One list per output in the order of the input, null where the subtask failed. */
function collect(node: MapPlan, map: MapState): Values {
  const outputs: Record<string, Json> = Object.create(null) as Record<string, Json>;
  for (const name of Object.keys(node.task.closure.outputs)) {
    const list: Json[] = [];
    for (let index = 0; index < map.size; index++) {
      const values = map.results.get(index);
      list.push(values !== undefined && Object.hasOwn(values, name) ? (values[name] as Json) : null);
    }
    outputs[name] = list;
  }
  return outputs;
}

export function fireMapTimer(round: Round, frame: Frame, node: MapPlan, timer: Timer): void {
  const map = round.state.maps.get(frame.base + node.index);
  if (map === undefined) return;
  const { timeout } = node.task.closure;
  if (timer.kind === 'total') {
    endMap(round, frame, node, timeoutError('total', timeout));
    return;
  }
  if (timer.kind === 'retry') {
    if (subtaskPhase(map, timer.index) === SUBTASK.waiting) pushHeap(map.retries, timer.index);
    return;
  }
  const attempt = map.live.get(timer.index);
  if (attempt === undefined || attempt.attempt !== timer.attempt || attempt.ending !== undefined) return;
  if (timer.kind === 'queue' ? attempt.runningAt !== undefined : attempt.runningAt === undefined) return;
  attempt.ending = timeoutError(timer.kind === 'queue' ? 'queue' : 'run', timeout);
  abortEffect(round, frame, node, timer.index, attempt.attempt, attempt.ending);
}
