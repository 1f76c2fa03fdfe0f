import {
  BugError,
  type Json,
  MAX_STORED_INPUTS_BYTES,
  MAX_VALUE_BYTES,
  peekHeap,
  popHeap,
  pushHeap,
} from '../base/index.ts';
import { type ExecutionError, isTerminalPhase } from '../cluster/index.ts';
import { holdsStored, splitStored } from '../language/index.ts';
import {
  attemptTimers,
  backoffMs,
  endingText,
  endsNode,
  isInterruptible,
  judge,
  judgeEnding,
  mayRetry,
  noteStuck,
  type Outcome,
  podName,
  RUN_TIMEOUT,
  TOTAL_TIMEOUT,
  timeoutError,
} from './attempt.ts';
import { spend } from './cost.ts';
import { openProduced } from './dynamic-node.ts';
import { frameOf, mayStart, nodeAt, pathOf, slugOf } from './frame.ts';
import type { Values } from './language.ts';
import type { PlanNode, PlannedTask, RunsTask } from './plan.ts';
import { fillEntry, lookAgain, releaseEntry, reserveEntry } from './reuse-node.ts';
import { hasRoom, quotaError, takeRoom } from './room.ts';
import { addTimer, addTimers, endNode, failNode, type Round, setPhase, succeedNode, touch } from './round.ts';
import { scopeOf } from './scope.ts';
import type { AttemptObservation, AttemptState, Frame, TaskState, Terminated, Timer } from './state.ts';

/** Starts ready tasks in the order of the closure, as far as max parallelism allows. */
export function startTasks(round: Round): void {
  const { state } = round;
  const limit = limitOf(round);
  while (state.liveTasks < limit && round.startsLeft > 0) {
    const index = peekHeap(state.ready.tasks);
    if (index === undefined) return;
    const frame = frameOf(state, index);
    const node = nodeAt(state, frame, index) as RunsTask;
    if (mayStart(frame, node) && !hasRoom(round, node.task)) return;
    popHeap(state.ready.tasks);
    if (mayStart(frame, node)) startTask(round, frame, node);
  }
}

/** Whether `startTasks` would start something if it were called again. */
export function hasStartableTask(round: Round): boolean {
  const { state } = round;
  return round.lack === undefined && state.liveTasks < limitOf(round) && peekHeap(state.ready.tasks) !== undefined;
}

function limitOf({ state, settings }: Round): number {
  return (state.execution.maxParallelism ?? settings.maxParallelism) - (settings.strays ?? 0);
}

function startTask(round: Round, frame: Frame, node: RunsTask): void {
  const { state, now } = round;
  // A task that timed out while it waited to be tried again is still in the queue of the ready ones.
  if (isTerminalPhase(frame.phases[node.index] as string)) return;
  const number = frame.base + node.index;
  const task = openTask(round, frame, node);
  const inputs = node.with(scopeOf(state, frame, node));
  if (!inputs.ok) {
    task.error = { reason: 'InvalidInputs', message: inputs.message };
    failNode(round, frame, node, 'Failed', task.error);
    return;
  }
  const refused = startEffect(round, frame, node, -1, nextOf(task), node.task, inputs.values);
  if (refused !== undefined) {
    task.error = refused;
    failNode(round, frame, node, 'Failed', refused);
    return;
  }
  setPhase(frame, node, 'Queued');
  reserveEntry(round, frame, node);
  beginAttempt(task, now);
  task.waitsFor = undefined;
  task.retryAt = undefined;
  state.liveTasks++;
  addTimers(round, attemptTimers(number, -1, task, node.task));
}

function nextOf({ attempt, systemFailures }: AttemptState): Pick<AttemptState, 'attempt' | 'systemFailures'> {
  return { attempt: attempt + 1, systemFailures };
}

/** The task's state; when it has none yet, it leaves Pending with this, and its total timeout begins. */
export function openTask(round: Round, frame: Frame, node: RunsTask): TaskState {
  const { state, now } = round;
  const number = frame.base + node.index;
  touch(round, frame, node);
  const known = state.tasks.get(number);
  if (known !== undefined) return known;
  const task = newTask(now);
  state.tasks.set(number, task);
  const { totalMs } = node.task.closure.timeout;
  if (totalMs !== undefined) {
    addTimer(round, { at: now + totalMs, kind: 'total', node: number, index: -1, attempt: 0 });
  }
  return task;
}

export function newTask(now: number): TaskState {
  return {
    attempt: 0,
    systemFailures: 0,
    live: false,
    startedAt: now,
    queuedAt: now,
    runningAt: undefined,
    retryAt: undefined,
    ending: undefined,
    error: undefined,
    written: undefined,
  };
}

/** Marks the next attempt as live from `now` on. */
export function beginAttempt(attempt: AttemptState, now: number): void {
  attempt.attempt++;
  attempt.live = true;
  attempt.queuedAt = now;
  attempt.runningAt = undefined;
  attempt.ending = undefined;
  attempt.stuck = undefined;
}

/** Adds the start effect of the attempt of that number, after so many failures of the system; an error instead when its inputs, or what it asks for, can never be given. */
export function startEffect(
  round: Round,
  frame: Frame,
  node: PlanNode,
  index: number,
  { attempt, systemFailures }: Pick<AttemptState, 'attempt' | 'systemFailures'>,
  task: PlannedTask,
  inputs: Values,
): ExecutionError | undefined {
  const { room } = round.settings;
  const refused = room && quotaError(room, task);
  if (refused !== undefined) return refused;
  const text = task.inputsText(inputs);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_VALUE_BYTES) {
    const message = `its inputs have ${bytes} bytes as JSON; at most ${MAX_VALUE_BYTES} can be handed over`;
    return { reason: 'InputsTooLarge', message };
  }
  const { stored } = splitStored(inputs);
  const storedBytes = Object.values(stored ?? {}).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (storedBytes > MAX_STORED_INPUTS_BYTES) {
    const message = `its inputs in the object store have ${storedBytes} bytes; at most ${MAX_STORED_INPUTS_BYTES} can be handed over`;
    return { reason: 'InputsTooLarge', message };
  }
  const slug = slugOf(frame, node);
  round.effects.push({
    kind: 'StartAttempt',
    node: frame.base + node.index,
    path: pathOf(frame, node),
    slug,
    index,
    attempt,
    ...(isInterruptible(task, round.state.execution, systemFailures) && { isInterruptible: true as const }),
    podName: podName(round.state.execution, slug, index, attempt),
    task,
    inputs: inputs as Readonly<Record<string, Json>>,
    inputsText: text,
    ...(stored !== undefined && { storedInputs: stored }),
  });
  takeRoom(round, task);
  round.startsLeft--;
  round.transitionsLeft--;
  return undefined;
}

export function observeTask(round: Round, frame: Frame, node: RunsTask, observation: AttemptObservation): void {
  const number = frame.base + node.index;
  const task = round.state.tasks.get(number);
  if (task === undefined || !task.live || observation.attempt !== task.attempt) return;
  const { seen } = observation;
  switch (seen.kind) {
    case 'Waiting':
      if (task.runningAt !== undefined) return;
      watchStart(round, number, -1, task, seen, task.written?.message !== undefined);
      if (task.waitsFor === seen.why) return;
      task.waitsFor = seen.why;
      touch(round, frame, node);
      return;
    case 'Running':
      if (task.waitsFor !== seen.why) touch(round, frame, node);
      task.waitsFor = seen.why;
      if (task.runningAt !== undefined) return;
      setPhase(frame, node, 'Running');
      touch(round, frame, node);
      task.stuck = undefined;
      task.runningAt = seen.startedAt;
      addTimers(round, attemptTimers(number, -1, task, node.task));
      return;
    case 'Terminated':
    case 'Gone':
      endAttempt(round, frame, node, task, seen.kind === 'Gone' ? undefined : seen);
      return;
  }
}

/** An attempt that cannot start by itself is given up when its time is over. */
export function watchStart(
  round: Round,
  node: number,
  index: number,
  attempt: AttemptState,
  seen: Extract<AttemptObservation['seen'], { readonly kind: 'Waiting' }>,
  isKnown: boolean,
): void {
  const at = noteStuck(attempt, seen, isKnown, round.now);
  if (at !== undefined) addTimer(round, { at, kind: 'stuck', node, index, attempt: attempt.attempt });
}

/** The error of an attempt whose time to start is over; undefined: it is not, or something has changed since. */
export function stuckError({ stuck, runningAt, ending }: AttemptState, now: number): ExecutionError | undefined {
  return runningAt === undefined && ending === undefined && stuck !== undefined && stuck.at <= now
    ? stuck.error
    : undefined;
}

/** The live attempt is confirmed gone: the node ends, or tries again later. */
function endAttempt(round: Round, frame: Frame, node: RunsTask, task: TaskState, seen: Terminated | undefined): void {
  const { state, now } = round;
  const outcome = taken(round, frame, node, task, judge(node.task, task, seen));
  touch(round, frame, node);
  spend(round, node.task, task.runningAt, seen);
  state.liveTasks--;
  task.live = false;
  task.ending = undefined;
  task.waitsFor = undefined;
  switch (outcome.kind) {
    case 'Succeeded':
      // The workflow that it wrote runs in its place.
      if (node.kind === 'dynamic') return;
      fillEntry(round, frame, node, outcome.outputs);
      succeedNode(round, frame, node, outcome.outputs);
      return;
    case 'Aborted':
      releaseEntry(round, frame, node);
      task.error = outcome.error;
      endNode(round, frame, node, 'Aborted');
      return;
    case 'TimedOut':
      releaseEntry(round, frame, node);
      task.error = { ...outcome.error, attempt: task.attempt };
      failNode(round, frame, node, 'TimedOut', task.error);
      return;
    case 'Failed': {
      const { fault } = outcome;
      if (fault === 'system') task.systemFailures++;
      task.error = { ...outcome.error, attempt: task.attempt };
      const policy = node.task.closure.retries;
      if (!mayRetry(policy, task, fault)) {
        releaseEntry(round, frame, node);
        failNode(round, frame, node, outcome.error.reason === RUN_TIMEOUT ? 'TimedOut' : 'Failed', task.error);
        return;
      }
      const seed = { execution: state.execution, node: pathOf(frame, node), index: -1 };
      const retryAt = now + backoffMs(policy, task, fault, seed);
      setPhase(frame, node, 'Queued');
      task.retryAt = retryAt;
      task.runningAt = undefined;
      addTimer(round, { at: retryAt, kind: 'retry', node: frame.base + node.index, index: -1, attempt: task.attempt });
      return;
    }
  }
}

/** A task that is to write a workflow has failed when that cannot be run, and is no more than begun when it can. */
function taken(round: Round, frame: Frame, node: RunsTask, { ending }: TaskState, outcome: Outcome): Outcome {
  if (node.kind === 'task' || outcome.kind !== 'Succeeded') return outcome;
  // It finished well, but what it wrote comes too late to be run.
  if (ending !== undefined && endsNode(ending)) return judgeEnding(ending);
  const error = holdsStored(outcome.outputs) ? STORED_WORKFLOW : openProduced(round, frame, node, outcome.outputs);
  return error === undefined ? outcome : { kind: 'Failed', fault: 'user', error };
}

const STORED_WORKFLOW: ExecutionError = {
  reason: 'OutputsTooLarge',
  message: `the workflow that it wrote has more than ${MAX_VALUE_BYTES} bytes as JSON`,
};

/** A timer of a task came up. Those of attempts that are over mean nothing any more. */
export function fireTaskTimer(round: Round, frame: Frame, node: RunsTask, timer: Timer): void {
  const task = round.state.tasks.get(timer.node);
  if (task === undefined) return;
  const { timeout } = node.task.closure;
  if (timer.kind === 'total') {
    endTask(round, frame, node, timeoutError('total', timeout));
    return;
  }
  if (timer.attempt !== task.attempt) return;
  if (timer.kind === 'cache') {
    lookAgain(round, timer.node);
    return;
  }
  if (timer.kind === 'retry') {
    if (!task.live && task.retryAt !== undefined) pushHeap(round.state.ready.tasks, timer.node);
    return;
  }
  if (!task.live || task.ending !== undefined) return;
  const stuck = timer.kind === 'stuck' ? stuckError(task, round.now) : undefined;
  if (stuck !== undefined) {
    endTask(round, frame, node, stuck);
  } else if (timer.kind === 'queue' && task.runningAt === undefined) {
    endTask(round, frame, node, timeoutError('queue', timeout));
  } else if (timer.kind === 'run' && task.runningAt !== undefined) {
    endTask(round, frame, node, timeoutError('run', timeout));
  }
}

/** Ends what is live of a task; a task that backs off ends at once. A weaker reason never replaces a stronger one. */
export function endTask(round: Round, frame: Frame, node: RunsTask, ending: ExecutionError): void {
  const task = round.state.tasks.get(frame.base + node.index);
  if (task === undefined) throw new BugError(`node "${pathOf(frame, node)}" has no attempt to end`);
  touch(round, frame, node);
  if (task.live) {
    const isFirst = task.ending === undefined;
    task.ending = ending;
    if (isFirst) abortEffect(round, frame, node, -1, task.attempt, ending);
    return;
  }
  releaseEntry(round, frame, node);
  task.error = ending;
  task.retryAt = undefined;
  task.waitsFor = undefined;
  if (ending.reason === TOTAL_TIMEOUT) failNode(round, frame, node, 'TimedOut', ending);
  else endNode(round, frame, node, 'Aborted');
}

export function abortEffect(
  round: Round,
  frame: Frame,
  node: PlanNode,
  index: number,
  attempt: number,
  ending: ExecutionError,
): void {
  round.effects.push({
    kind: 'AbortAttempt',
    node: frame.base + node.index,
    index,
    attempt,
    podName: podName(round.state.execution, slugOf(frame, node), index, attempt),
    ending: endingText(ending),
  });
}
