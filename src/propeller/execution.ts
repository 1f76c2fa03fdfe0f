import { BugError, instantText, pushHeap } from '../base/index.ts';
import { type ExecutionError, type ExecutionPhase, isTerminalPhase } from '../cluster/index.ts';
import { cut } from './attempt.ts';
import type { Values } from './language.ts';
import { outputsStatus } from './outputs-status.ts';
import { makeReady, type Round } from './round.ts';
import { type EngineState, THE_EXECUTION } from './state.ts';

/** The execution begins: the nodes that wait for nothing may start. */
export function begin(round: Round): void {
  const { state, now } = round;
  const { root } = state;
  state.hold = undefined;
  setExecutionPhase(round, 'Running');
  state.startedAt = now;
  round.status.startedAt = instantText(now);
  round.status.nodeCount = root.plan.size;
  addExecutionTimers(state);
  for (const index of root.plan.roots) makeReady(state, root, index);
  if (root.unfinished === 0) state.quiet.push(root);
}

/** The execution's own workflow is over. */
export function closeRoot(
  round: Round,
  phase: 'Succeeded' | 'Failed' | 'TimedOut' | 'Aborted',
  error: ExecutionError | undefined,
  outputs?: Values,
): void {
  if (outputs !== undefined) Object.assign(round.status, outputsStatus(outputs));
  endExecution(round, phase, error);
}

export function endExecution(round: Round, phase: ExecutionPhase, error: ExecutionError | undefined): void {
  setExecutionPhase(round, phase);
  round.status.finishedAt = instantText(round.now);
  if (error === undefined) return;
  round.state.root.error = error;
  round.status.error = { ...error };
}

export function setExecutionPhase(round: Round, phase: ExecutionPhase): void {
  const { state } = round;
  if (isTerminalPhase(state.phase)) {
    throw new BugError(`execution ${state.execution.name} would go from ${state.phase} to ${phase}`);
  }
  state.phase = phase;
  round.status.phase = phase;
}

/** Timers of its own timeouts: of the wait before it begins, of its run, and of both. */
export function addExecutionTimers({ execution, phase, startedAt, timers }: EngineState): void {
  if (execution.timeout === undefined) return;
  const { queueMs, runMs, totalMs } = execution.timeout;
  const add = (kind: 'queue' | 'run' | 'total', at: number): void => {
    pushHeap(timers, { at, kind, node: THE_EXECUTION, index: -1, attempt: 0 });
  };
  if (phase === 'Running') {
    if (runMs !== undefined && startedAt !== undefined) add('run', startedAt + runMs);
  } else if (queueMs !== undefined) add('queue', execution.createdAt + queueMs);
  if (totalMs !== undefined) add('total', execution.createdAt + totalMs);
}

/** Why everything of an aborted execution is ended. */
export function abortedError({ abortedFor }: EngineState): ExecutionError {
  // A child is told its parent's error as the reason: what that says of an abort is true of the child as it stands.
  if (abortedFor?.startsWith(INHERITED)) return { reason: 'Aborted', message: abortedFor.slice('Aborted: '.length) };
  const why = abortedFor === undefined ? '' : `: ${abortedFor}`;
  return { reason: 'Aborted', message: cut(`${ABORTED}${why}`) };
}

const ABORTED = 'the execution was aborted';
const INHERITED = `Aborted: ${ABORTED}`;
