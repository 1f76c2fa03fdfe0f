import { BugError, instantMs, MAX_CHILD_DEPTH, MAX_VALUE_BYTES, sha256, type UnixMs } from '../base/index.ts';
import { type ExecutionError, type ExecutionPhase, isTerminalPhase, type NodeStatus } from '../cluster/index.ts';
import { joinStored } from '../language/index.ts';
import {
  attemptTimers,
  backoffMs,
  cut,
  endingText,
  judgeEnding,
  mayRetry,
  type Outcome,
  RUN_TIMEOUT,
  TOTAL_TIMEOUT,
  timeoutError,
} from './attempt.ts';
import { frameOf, mayStart, nodeAt, pathOf } from './frame.ts';
import type { Values } from './language.ts';
import type { ChildPlan } from './plan.ts';
import { addTimer, addTimers, endNode, failNode, type Round, setPhase, succeedNode, touch } from './round.ts';
import { scopeOf } from './scope.ts';
import { valueBytes } from './size.ts';
import type { ChildObservation, ChildState, Desired, EngineState, ExecutionIdentity, Frame, Timer } from './state.ts';
import { beginAttempt, newTask } from './task-node.ts';

/** Starts ready child executions. They have limits of their own: only how many one step starts is bounded here. */
export function startChildren(round: Round): void {
  const { children } = round.state.ready;
  while (children.length > 0 && round.startsLeft > 0) {
    const number = children.shift() as number;
    const frame = frameOf(round.state, number);
    const node = nodeAt(round.state, frame, number) as ChildPlan;
    if (mayStart(frame, node)) startChild(round, frame, node);
  }
}

function startChild(round: Round, frame: Frame, node: ChildPlan): void {
  const { state, now } = round;
  // A node that timed out while it waited to be tried again is still among the ready ones.
  if (isTerminalPhase(frame.phases[node.index] as string)) return;
  const number = frame.base + node.index;
  const known = state.children.get(number);
  const child = known ?? { ...newTask(now), child: undefined };
  state.children.set(number, child);
  touch(round, frame, node);
  const inputs = childInputs(state, frame, node);
  if ('reason' in inputs) {
    setPhase(frame, node, 'Queued');
    child.error = inputs;
    failNode(round, frame, node, 'Failed', inputs);
    return;
  }
  setPhase(frame, node, 'Queued');
  beginAttempt(child, now);
  child.retryAt = undefined;
  const path = pathOf(frame, node);
  const name = childName(state.execution, node.launchPlan.name, path, child.attempt);
  child.child = { name, phase: 'Pending' };
  const { attempt } = child;
  round.effects.push({ kind: 'StartChild', node: number, path, attempt, name, plan: node, inputs: inputs.values });
  round.startsLeft--;
  round.transitionsLeft--;
  addTimers(round, attemptTimers(number, -1, child, node));
  const { totalMs } = node.closure.timeout;
  if (known === undefined && totalMs !== undefined) {
    addTimer(round, { at: now + totalMs, kind: 'total', node: number, index: -1, attempt: 0 });
  }
}

/** Inputs as the plan completes them; those that it fixes are its own. */
function childInputs(state: EngineState, frame: Frame, node: ChildPlan): { readonly values: Values } | ExecutionError {
  if (state.execution.depth >= MAX_CHILD_DEPTH) {
    const message = `executions start each other at most ${MAX_CHILD_DEPTH} deep`;
    return { reason: 'TooDeep', message };
  }
  const rendered = node.with(scopeOf(state, frame, node));
  if (!rendered.ok) return { reason: 'InvalidInputs', message: rendered.message };
  const values = Object.assign(Object.create(null), rendered.values, node.launchPlan.fixedInputs) as Values;
  if (valueBytes(values) <= MAX_VALUE_BYTES) return { values };
  return { reason: 'InputsTooLarge', message: `its inputs have more than ${MAX_VALUE_BYTES} bytes as JSON` };
}

/** Free of everything but what caused it, so that a second create finds the first; also a label value. */
function childName(execution: ExecutionIdentity, plan: string, path: string, attempt: number): string {
  const { namespace, name, uid } = execution;
  const hash = sha256(`${namespace}\n${name}\n${uid}\n${path}\n${attempt}`).slice(0, 16);
  return `${plan.slice(0, 46).replace(/[-.]+$/, '')}-${hash}`;
}

export function observeChild(round: Round, frame: Frame, node: ChildPlan, observation: ChildObservation): void {
  const number = frame.base + node.index;
  const child = round.state.children.get(number);
  if (child?.child === undefined || !child.live || observation.name !== child.child.name) return;
  const { seen } = observation;
  if (seen.kind !== 'Live') {
    endAttempt(round, frame, node, child, seen);
    return;
  }
  if (seen.phase !== child.child.phase) {
    child.child = { ...child.child, phase: seen.phase };
    touch(round, frame, node);
  }
  if (seen.phase === 'Running' && child.runningAt === undefined) {
    setPhase(frame, node, 'Running');
    child.runningAt = seen.startedAt ?? round.now;
    addTimers(round, attemptTimers(number, -1, child, node));
  }
  if (seen.desired !== undefined) passOn(round, child, seen.desired, seen.isPausedWith === true);
}

/** A crash may have come between the parent's pause and the child's: what was read of the child tells. */
function passOn(round: Round, child: ChildState, desired: Desired, isPausedWith: boolean): void {
  const wanted = round.state.desired;
  if (child.ending !== undefined) {
    if (desired !== 'Aborted') steer(round, child, 'Aborted', child.ending);
  } else if (wanted === 'Paused' && desired === 'Running') steer(round, child, 'Paused');
  else if (wanted === 'Running' && desired === 'Paused' && isPausedWith) steer(round, child, 'Running');
}

/** The execution was paused or goes on, and so do its children. */
export function steerChildren(round: Round): void {
  const { desired, children } = round.state;
  if (desired === 'Aborted') return;
  for (const child of children.values()) if (child.live && child.ending === undefined) steer(round, child, desired);
}

function steer(round: Round, { child }: ChildState, desired: Desired, why?: ExecutionError): void {
  if (child === undefined) return;
  const reason = why === undefined ? {} : { why: endingText(why) };
  round.effects.push({ kind: 'SteerChild', name: child.name, desired, ...reason });
}

/** The child is over: the node ends, or tries again later with another one. */
function endAttempt(
  round: Round,
  frame: Frame,
  node: ChildPlan,
  child: ChildState,
  seen: Exclude<ChildObservation['seen'], { kind: 'Live' }>,
): void {
  const outcome = judgeChild(child, seen);
  touch(round, frame, node);
  child.live = false;
  child.ending = undefined;
  if (child.child !== undefined && seen.kind === 'Ended') child.child = { ...child.child, phase: seen.phase };
  switch (outcome.kind) {
    case 'Succeeded':
      succeedNode(round, frame, node, outcome.outputs);
      return;
    case 'Aborted':
      child.error = outcome.error;
      endNode(round, frame, node, 'Aborted');
      return;
    case 'TimedOut':
      child.error = { ...outcome.error, attempt: child.attempt };
      failNode(round, frame, node, 'TimedOut', child.error);
      return;
    case 'Failed':
      retry(round, frame, node, child, outcome);
      return;
  }
}

function retry(
  round: Round,
  frame: Frame,
  node: ChildPlan,
  child: ChildState,
  { fault, error }: Extract<Outcome, { kind: 'Failed' }>,
): void {
  if (fault === 'system') child.systemFailures++;
  child.error = { ...error, attempt: child.attempt };
  const { retries } = node.closure;
  if (error.reason === ABORTED || !mayRetry(retries, child, fault)) {
    failNode(round, frame, node, error.reason === RUN_TIMEOUT ? 'TimedOut' : 'Failed', child.error);
    return;
  }
  const seed = { execution: round.state.execution, node: pathOf(frame, node), index: -1 };
  const at = round.now + backoffMs(retries, child, fault, seed);
  setPhase(frame, node, 'Queued');
  child.retryAt = at;
  child.runningAt = undefined;
  addTimer(round, { at, kind: 'retry', node: frame.base + node.index, index: -1, attempt: child.attempt });
}

/** Somebody aborted the child by itself: that is an answer, and not tried again. */
const ABORTED = 'ChildAborted';

function judgeChild({ child, ending }: ChildState, seen: Exclude<ChildObservation['seen'], { kind: 'Live' }>): Outcome {
  const name = child?.name ?? '';
  if (seen.kind === 'Ended' && seen.phase === 'Succeeded') {
    const { outputs, storedOutputs } = seen;
    if (valueBytes(outputs) <= MAX_VALUE_BYTES) {
      const stored = storedOutputs && { stored: storedOutputs };
      return { kind: 'Succeeded', outputs: joinStored({ values: outputs, ...stored }) };
    }
    const message = `outputs of execution ${name} have more than ${MAX_VALUE_BYTES} bytes as JSON`;
    return { kind: 'Failed', fault: 'user', error: { reason: 'OutputsTooLarge', message } };
  }
  if (ending !== undefined) return judgeEnding(ending);
  switch (seen.kind) {
    case 'Gone':
      return failed('system', 'Deleted', `execution ${name} was deleted by something else than the engine`);
    case 'Taken':
      return failed('system', 'NameTaken', `an execution named ${name} exists that is not this attempt`);
    case 'Ended': {
      const { error, phase } = seen;
      const why =
        error === undefined
          ? ''
          : `: ${error.node === undefined ? '' : `${error.node}: `}${error.reason}: ${error.message}`;
      const wasAborted = phase === 'Aborted' && error?.reason !== 'ConcurrencyLimit';
      return failed('user', wasAborted ? ABORTED : 'ChildFailed', `execution ${name} ${WORDS[phase]}${why}`);
    }
  }
}

const WORDS: Readonly<Record<ExecutionPhase, string>> = {
  Pending: 'waits',
  Queued: 'waits',
  Running: 'runs',
  Succeeded: 'succeeded',
  Failed: 'failed',
  TimedOut: 'timed out',
  Aborted: 'was aborted',
};

function failed(fault: 'user' | 'system', reason: string, message: string): Outcome {
  return { kind: 'Failed', fault, error: { reason, message: cut(message) } };
}

/** A timer of a child came up. Those of attempts that are over mean nothing any more. */
export function fireChildTimer(round: Round, frame: Frame, node: ChildPlan, timer: Timer): void {
  const child = round.state.children.get(timer.node);
  if (child === undefined) return;
  const { timeout } = node.closure;
  if (timer.kind === 'total') {
    endChild(round, frame, node, timeoutError('total', timeout));
    return;
  }
  if (timer.attempt !== child.attempt) return;
  if (timer.kind === 'retry') {
    if (!child.live && child.retryAt !== undefined) round.state.ready.children.push(timer.node);
    return;
  }
  if (!child.live || child.ending !== undefined) return;
  if (timer.kind === 'queue' && child.runningAt === undefined) {
    endChild(round, frame, node, timeoutError('queue', timeout));
  } else if (timer.kind === 'run' && child.runningAt !== undefined) {
    endChild(round, frame, node, timeoutError('run', timeout));
  }
}

/** Ends a child; a node that backs off ends at once. A second reason replaces the first, and the child is told once. */
export function endChild(round: Round, frame: Frame, node: ChildPlan, ending: ExecutionError): void {
  const child = round.state.children.get(frame.base + node.index);
  if (child === undefined) throw new BugError(`node "${pathOf(frame, node)}" has no child to end`);
  if (child.ending?.reason === ending.reason) return;
  touch(round, frame, node);
  if (child.live) {
    const isFirst = child.ending === undefined;
    child.ending = ending;
    if (isFirst) steer(round, child, 'Aborted', ending);
    return;
  }
  child.error = ending;
  child.retryAt = undefined;
  if (ending.reason === TOTAL_TIMEOUT) failNode(round, frame, node, 'TimedOut', ending);
  else endNode(round, frame, node, 'Aborted');
}

/** The state that wrote this status. Its timers, and what is expected of the cluster, follow from it. */
export function restoredChild(status: NodeStatus, now: UnixMs): ChildState {
  const startedAt = instantMs(status.startedAt) ?? now;
  return {
    ...newTask(startedAt),
    attempt: status.attempt ?? 0,
    systemFailures: status.systemFailures ?? 0,
    live: status.retryAt === undefined,
    queuedAt: instantMs(status.queuedAt) ?? startedAt,
    runningAt: instantMs(status.runningAt),
    retryAt: instantMs(status.retryAt),
    ending: status.ending,
    error: status.error,
    child: status.child,
    written: status,
  };
}
