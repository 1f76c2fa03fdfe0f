import { peekHeap, popHeap, pushHeap } from '../base/index.ts';
import type { ExecutionError } from '../cluster/index.ts';
import { backoffMs, judge, mayRetry, timeoutError } from './attempt.ts';
import { spend } from './cost.ts';
import { frameOf, mayStart, nodeAt, pathOf, slugOf } from './frame.ts';
import type { Rendered, Values } from './language.ts';
import { endsOfBatch, fits, type Member, mayShare, startBatchEffect, subtaskTimers } from './map-batch.ts';
import { computeSubtasks } from './map-compute.ts';
import { endMap, failSubtask, finishMap, succeedSubtask } from './map-end.ts';
import { openMap } from './map-open.ts';
import { type MapState, packSubtask, SUBTASK, subtaskFailures, subtaskPhase } from './map-state.ts';
import type { AnyMapPlan, MapPlan } from './plan.ts';
import {
  lookForSubtask,
  lookForSubtaskAgain,
  mayLookUp,
  reserveSubtaskEntry,
  seeksSubtasks,
  settleSubtaskEntry,
  subtaskInputs,
} from './reuse-map.ts';
import { hasRoom } from './room.ts';
import { addTimer, addTimers, type Round, touch } from './round.ts';
import { scopeOf } from './scope.ts';
import type { AttemptObservation, AttemptState, Frame, Terminated, Timer } from './state.ts';
import { abortEffect, beginAttempt, startEffect, stuckError, watchStart } from './task-node.ts';

/** Opens maps that became ready, then starts subtasks of all open ones, as far as their concurrency allows. */
export function startMaps(round: Round): void {
  const { state } = round;
  const ready = state.ready.maps;
  state.ready.maps = [];
  for (const index of ready) {
    const frame = frameOf(state, index);
    const node = nodeAt(state, frame, index) as AnyMapPlan;
    if (mayStart(frame, node)) openMap(round, frame, node);
  }
  for (const [index, map] of state.maps) {
    const frame = frameOf(state, index);
    const node = nodeAt(state, frame, index) as AnyMapPlan;
    if (!mayStart(frame, node)) continue;
    if (node.kind === 'computeMap') computeSubtasks(round, frame, node, map);
    else startSubtasks(round, frame, node, map);
  }
}

/** Whether `startMaps` would start something if it were called again. */
export function hasStartableSubtask(round: Round): boolean {
  const { state } = round;
  if (round.lack !== undefined) return false;
  for (const [index, map] of state.maps) {
    const frame = frameOf(state, index);
    const node = nodeAt(state, frame, index) as AnyMapPlan;
    const concurrency = node.kind === 'map' ? node.concurrency : 1;
    const isOpen = map.ending === undefined && mayStart(frame, node) && map.live.size < concurrency;
    if (isOpen && (map.next < map.size || map.retries.items.length > 0)) return true;
  }
  return false;
}

function startSubtasks(round: Round, frame: Frame, node: MapPlan, map: MapState): void {
  const inputsAt = inputsOf(round, frame, node, map);
  const seeks = seeksSubtasks(round.state, node);
  let batch: readonly Member[] = [];
  const start = (): void => {
    startTogether(round, frame, node, map, batch);
    batch = [];
  };
  while (map.ending === undefined && round.startsLeft > 0) {
    if (batch.length === 0 && map.live.size >= node.concurrency) break;
    if (seeks && !mayLookUp(round)) break;
    const index = peekHeap(map.retries) ?? map.next;
    if (index >= map.size) break;
    if (batch.length === 0 && !hasRoom(round, node.task)) break;
    const inputs = inputsAt(index);
    const member = node.batch > 1 && inputs.ok ? memberOf(node, index, inputs.values) : undefined;
    const isShared = member !== undefined && mayShare(node, map, member);
    if (batch.length > 0 && !(isShared && fits(node, batch, member))) {
      start();
      continue;
    }
    if (popHeap(map.retries) === undefined) map.next++;
    if (seeks && lookForSubtask(round, frame, node, map, index, inputs)) continue;
    if (!isShared) startSubtask(round, frame, node, map, index, inputs);
    else batch = [...batch, member];
  }
  if (batch.length > 0 && map.ending === undefined) start();
  finishMap(round, frame, node, map);
}

function memberOf(node: MapPlan, index: number, values: Values): Member {
  return { index, values, text: node.task.inputsText(values) };
}

/** Starts the members of a batch in one pod; a single one as if there were no batches. */
function startTogether(round: Round, frame: Frame, node: MapPlan, map: MapState, batch: readonly Member[]): void {
  const [{ index: lead, values }, ...others] = batch as [Member, ...Member[]];
  if (others.length === 0) {
    startSubtask(round, frame, node, map, lead, { ok: true, values });
    return;
  }
  touch(round, frame, node);
  const refused = startBatchEffect(round, frame, node, map, batch);
  if (refused !== undefined) {
    round.startsLeft--;
    for (const { index } of batch) {
      const { user, system } = subtaskFailures(map, index);
      failSubtask(round, frame, node, map, index, refused, { user: user + 1, system });
    }
    return;
  }
  map.batches.set(
    lead,
    others.map(({ index }) => index),
  );
  for (const { index } of batch) {
    const { user, system } = subtaskFailures(map, index);
    reserveSubtaskEntry(round, frame, node, map, index);
    packSubtask(map, index, index === lead ? SUBTASK.lead : SUBTASK.member, user, system);
  }
  goLive(round, frame, node, map, lead);
}

/** From now on the subtask, or the batch that it leads, has a live attempt. */
function goLive(round: Round, frame: Frame, node: MapPlan, map: MapState, index: number): void {
  const { user, system } = subtaskFailures(map, index);
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
  addTimers(round, subtaskTimers(frame, node, map, index, attempt));
}

function inputsOf(round: Round, frame: Frame, node: MapPlan, map: MapState): (index: number) => Rendered {
  return subtaskInputs(node, scopeOf(round.state, frame, node), map);
}

function startSubtask(round: Round, frame: Frame, node: MapPlan, map: MapState, index: number, inputs: Rendered): void {
  touch(round, frame, node);
  const { user, system } = subtaskFailures(map, index);
  const refused = inputs.ok
    ? startEffect(
        round,
        frame,
        node,
        index,
        { attempt: user + system + 1, systemFailures: system },
        node.task,
        inputs.values,
      )
    : { reason: 'InvalidInputs', message: inputs.message };
  if (refused !== undefined) {
    round.startsLeft--;
    failSubtask(round, frame, node, map, index, refused, { user: user + 1, system });
    return;
  }
  reserveSubtaskEntry(round, frame, node, map, index);
  packSubtask(map, index, SUBTASK.live, user, system);
  goLive(round, frame, node, map, index);
}

/** All subtasks are of one task: what one waits for, all do, and where one has started, none. */
function waitFor(round: Round, frame: Frame, node: MapPlan, map: MapState, why: string | undefined): void {
  if (map.waitsFor === why) return;
  map.waitsFor = why;
  touch(round, frame, node);
}

export function observeSubtask(round: Round, frame: Frame, node: MapPlan, observation: AttemptObservation): void {
  const map = round.state.maps.get(frame.base + node.index);
  const attempt = map?.live.get(observation.index);
  if (map === undefined || attempt === undefined || attempt.attempt !== observation.attempt) return;
  const { seen } = observation;
  switch (seen.kind) {
    case 'Waiting':
      if (attempt.runningAt === undefined) {
        const isKnown = map.written?.message !== undefined;
        watchStart(round, frame.base + node.index, observation.index, attempt, seen, isKnown);
        if (seen.why !== undefined) waitFor(round, frame, node, map, seen.why);
      }
      // A restored attempt learns only now when it was created.
      if (seen.createdAt >= attempt.queuedAt) return;
      attempt.queuedAt = seen.createdAt;
      addTimers(round, subtaskTimers(frame, node, map, observation.index, attempt));
      return;
    case 'Running':
      if (attempt.runningAt !== undefined) return;
      waitFor(round, frame, node, map, undefined);
      attempt.runningAt = seen.startedAt;
      addTimers(round, subtaskTimers(frame, node, map, observation.index, attempt));
      return;
    case 'Terminated':
    case 'Gone':
      waitFor(round, frame, node, map, undefined);
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
  spend(round, node.task, attempt.runningAt, seen);
  const others = map.batches.get(index);
  map.batches.delete(index);
  if (others === undefined) judgeSubtask(round, frame, node, map, index, attempt, seen);
  else endBatch(round, frame, node, map, [index, ...others], attempt, seen);
  finishMap(round, frame, node, map);
}

/** Each member has an end of its own, or its turn again. */
function endBatch(
  round: Round,
  frame: Frame,
  node: MapPlan,
  map: MapState,
  members: readonly number[],
  attempt: AttemptState,
  seen: Terminated | undefined,
): void {
  const isOver = map.ending !== undefined;
  const ends = endsOfBatch(round.state.execution, slugOf(frame, node), members, attempt, seen, isOver);
  for (const { index, seen: end, isOwn } of ends) {
    const { user, system } = subtaskFailures(map, index);
    if (end === 'Unbegun') {
      packSubtask(map, index, SUBTASK.waiting, user, system);
      pushHeap(map.retries, index);
      continue;
    }
    const ending = isOwn ? undefined : attempt.ending;
    const its = { ...attempt, attempt: user + system + 1, systemFailures: system, ending };
    judgeSubtask(round, frame, node, map, index, its, end);
  }
}

function judgeSubtask(
  round: Round,
  frame: Frame,
  node: MapPlan,
  map: MapState,
  index: number,
  attempt: AttemptState,
  seen: Terminated | undefined,
): void {
  const { user, system } = subtaskFailures(map, index);
  const outcome = judge(node.task, { ...attempt, ending: attempt.ending ?? map.ending }, seen);
  const settle = (outputs: Values | undefined): void => settleEntry(round, frame, node, map, index, outputs);
  switch (outcome.kind) {
    case 'Succeeded':
      settle(outcome.outputs);
      succeedSubtask(round, frame, node, map, index, outcome.outputs, { user, system });
      break;
    case 'Aborted':
      settle(undefined);
      packSubtask(map, index, SUBTASK.aborted, user, system);
      break;
    case 'TimedOut':
      settle(undefined);
      failSubtask(round, frame, node, map, index, withAttempt(outcome.error, attempt), { user: user + 1, system });
      break;
    case 'Failed':
      retrySubtask(round, frame, node, map, index, attempt, outcome);
      break;
  }
}

function settleEntry(
  round: Round,
  frame: Frame,
  node: MapPlan,
  map: MapState,
  index: number,
  outputs: Values | undefined,
): void {
  settleSubtaskEntry(round, frame, node, map, index, outputs, () => inputsOf(round, frame, node, map)(index));
}

function withAttempt(error: ExecutionError, { attempt }: AttemptState): ExecutionError {
  return { ...error, attempt };
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
    settleEntry(round, frame, node, map, index, undefined);
    failSubtask(round, frame, node, map, index, withAttempt(outcome.error, attempt), { user, system });
    return;
  }
  packSubtask(map, index, SUBTASK.waiting, user, system);
  const seed = { execution: round.state.execution, node: pathOf(frame, node), index };
  const at = round.now + backoffMs(policy, ended, outcome.fault, seed);
  map.retryAt = Math.max(map.retryAt ?? at, at);
  addTimer(round, { at, kind: 'retry', node: frame.base + node.index, index, attempt: attempt.attempt });
}

export function fireMapTimer(round: Round, frame: Frame, node: MapPlan, timer: Timer): void {
  const map = round.state.maps.get(frame.base + node.index);
  if (map === undefined) return;
  const { timeout } = node.task.closure;
  if (timer.kind === 'total') {
    endMap(round, frame, node, timeoutError('total', timeout));
    return;
  }
  if (timer.kind === 'cache') {
    lookForSubtaskAgain(map, (_, index) => index === timer.index);
    return;
  }
  if (timer.kind === 'retry') {
    if (subtaskPhase(map, timer.index) === SUBTASK.waiting) pushHeap(map.retries, timer.index);
    return;
  }
  const attempt = map.live.get(timer.index);
  if (attempt === undefined || attempt.attempt !== timer.attempt || attempt.ending !== undefined) return;
  if (timer.kind === 'stuck') {
    const stuck = stuckError(attempt, round.now);
    if (stuck === undefined) return;
    attempt.ending = stuck;
    abortEffect(round, frame, node, timer.index, attempt.attempt, stuck);
    return;
  }
  if (timer.kind === 'queue' ? attempt.runningAt !== undefined : attempt.runningAt === undefined) return;
  attempt.ending = timeoutError(timer.kind === 'queue' ? 'queue' : 'run', timeout);
  abortEffect(round, frame, node, timer.index, attempt.attempt, attempt.ending);
}
