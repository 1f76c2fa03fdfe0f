import { BugError } from '../base/index.ts';
import { type ExecutionError, isTerminalPhase } from '../cluster/index.ts';
import { printDuration } from '../language/index.ts';
import { endExecution } from './execution.ts';
import type { Round } from './round.ts';
import type { EngineState, Timer } from './state.ts';
import { EXECUTION_TIMEOUT, endFrame } from './workflow-node.ts';

/** One of the execution's own timeouts has come: what waits to begin ends at once, what runs is ended. */
export function fireExecutionTimer(round: Round, { kind }: Timer): void {
  const { state } = round;
  const isBegun = state.phase === 'Running';
  if (isTerminalPhase(state.phase) || (kind === 'queue' && isBegun)) return;
  const error = executionTimeoutError(kind, state);
  if (isBegun) endFrame(round, state.root, error);
  else endExecution(round, 'TimedOut', error);
}

function executionTimeoutError(
  kind: Timer['kind'],
  { execution: { name, timeout = {} } }: EngineState,
): ExecutionError {
  const texts: Partial<Record<Timer['kind'], readonly [number | undefined, string]>> = {
    queue: [timeout.queueMs, 'the execution did not begin within its queue timeout of'],
    run: [timeout.runMs, 'the execution ran longer than its run timeout of'],
    total: [timeout.totalMs, 'the execution took longer, waits included, than its total timeout of'],
  };
  const [limitMs, text] = texts[kind] ?? [];
  if (limitMs === undefined) throw new BugError(`execution ${name} has a timer of kind ${kind} and no such timeout`);
  return { reason: EXECUTION_TIMEOUT, message: `${text} ${printDuration(limitMs)}` };
}
