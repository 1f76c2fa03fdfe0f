import {
  BugError,
  MAX_ERROR_LENGTH,
  MAX_SYSTEM_RETRIES,
  MAX_VALUE_BYTES,
  SYSTEM_BACKOFF,
  sha256,
  type UnixMs,
} from '../base/index.ts';
import type { ExecutionError } from '../cluster/index.ts';
import type { RetryPolicy, TaskClosure } from '../compiler/index.ts';
import { printDuration } from '../language/index.ts';
import type { Values } from './language.ts';
import type { PlannedTask } from './plan.ts';
import { valueBytes } from './size.ts';
import type { AttemptState, ExecutionIdentity, GiveUp, Terminated, Timer } from './state.ts';

/** How an attempt ended, as the engine judges it. */
export type Outcome =
  | { readonly kind: 'Succeeded'; readonly outputs: Values }
  /** May be tried again within the budget of whose fault it was. */
  | { readonly kind: 'Failed'; readonly fault: 'user' | 'system'; readonly error: ExecutionError }
  /** A limit of time that no retry can lift. */
  | { readonly kind: 'TimedOut'; readonly error: ExecutionError }
  | { readonly kind: 'Aborted'; readonly error: ExecutionError };

/** Words of `ending` that mean a timeout; any other means that the attempt is not wanted any more. */
export const RUN_TIMEOUT = 'RunTimeout';
const QUEUE_TIMEOUT = 'QueueTimeout';
export const TOTAL_TIMEOUT = 'TotalTimeout';

/** Ends that are the system's fault: the task did nothing wrong. Reasons of Kubernetes' kubelet and of our node agent. */
const SYSTEM_REASONS: ReadonlySet<string> = new Set([
  'Lost',
  'Evicted',
  'NodeLost',
  'NodeShutdown',
  'Terminated',
  'Preempting',
  'Shutdown',
  'DeadlineExceeded',
  'UnexpectedAdmissionError',
  'ContainerStatusUnknown',
  'HostExhausted',
  'NameTaken',
  'Deleted',
  'Preempted',
  'NodeRejected',
  'OutputsNotStored',
]);

/** Why an attempt that never began was given up: the task asks for what is not there. */
const STUCK_REASONS: ReadonlySet<string> = new Set([
  'ImagePullFailed',
  'InvalidImageName',
  'ContainerConfigError',
  'StartError',
]);

/** Judges the end of a live attempt. `seen` undefined: it is gone and nobody knows how it ended. */
export function judge(task: PlannedTask, attempt: AttemptState, seen: Terminated | undefined): Outcome {
  const ending = attempt.ending ?? (seen?.reason === 'Aborted' ? parseEnding(seen.ending) : undefined);
  if (seen !== undefined && seen.exitCode === 0 && seen.reason === 'Completed') {
    const outcome = judgeOutputs(task, seen);
    // What finished well before its end reached it has finished well. Many a program that is told to end says nothing and exits with 0.
    if (outcome.kind === 'Succeeded' || ending === undefined) return outcome;
  }
  if (ending !== undefined) return judgeEnding(ending);
  if (seen === undefined || seen.reason === 'Aborted') {
    return systemFailure('Deleted', 'its pod was deleted by something else than the engine');
  }
  if (SYSTEM_REASONS.has(seen.reason)) return systemFailure(seen.reason, seen.message || 'its machine lost it');
  return { kind: 'Failed', fault: 'user', error: exitError(seen) };
}

function judgeOutputs(task: PlannedTask, { message, storedOutputs }: Terminated): Outcome {
  const parsed = task.parseOutputs(message, storedOutputs);
  if (!parsed.ok) return userFailure('InvalidOutputs', parsed.message);
  if (valueBytes(parsed.values) > MAX_VALUE_BYTES) {
    return userFailure('OutputsTooLarge', `its outputs have more than ${MAX_VALUE_BYTES} bytes as JSON`);
  }
  return { kind: 'Succeeded', outputs: parsed.values };
}

/** Whether this is why a node ends, and not only an attempt of it: then nothing of the node begins any more. */
export function endsNode({ reason }: ExecutionError): boolean {
  return reason !== RUN_TIMEOUT && reason !== QUEUE_TIMEOUT && !STUCK_REASONS.has(reason);
}

/** What it means that something ended for this reason. */
export function judgeEnding(error: ExecutionError): Outcome {
  switch (error.reason) {
    case RUN_TIMEOUT:
      return { kind: 'Failed', fault: 'user', error };
    case QUEUE_TIMEOUT:
    case TOTAL_TIMEOUT:
      return { kind: 'TimedOut', error };
    default:
      return STUCK_REASONS.has(error.reason) ? { kind: 'Failed', fault: 'user', error } : { kind: 'Aborted', error };
  }
}

function exitError(seen: Terminated): ExecutionError {
  const { exitCode } = seen;
  // A command that was never started has none.
  const code = {
    ...(exitCode >= 0 && { exitCode }),
    ...(seen.signal !== undefined && { signal: String(seen.signal) }),
  };
  switch (seen.reason) {
    case 'OOMKilled':
      return { reason: 'OutOfMemory', message: 'it was killed for using more memory than its limit', ...code };
    case 'OutputsTooLarge':
      return {
        reason: 'OutputsTooLarge',
        message: cut(seen.message) || `its outputs file has more than ${MAX_VALUE_BYTES} bytes`,
        ...code,
      };
    case 'Error':
    case 'Completed': {
      const how =
        seen.signal !== undefined ? `was killed by signal ${seen.signal}` : `exited with code ${seen.exitCode}`;
      return { reason: seen.signal === undefined ? 'NonZeroExit' : 'Killed', message: `its command ${how}`, ...code };
    }
    default:
      return { reason: seen.reason, message: cut(seen.message) || `it ended with ${seen.reason}`, ...code };
  }
}

function userFailure(reason: string, message: string): Outcome {
  return { kind: 'Failed', fault: 'user', error: { reason, message: cut(message) } };
}

function systemFailure(reason: string, message: string): Outcome {
  return { kind: 'Failed', fault: 'system', error: { reason, message: cut(message) } };
}

/** Whether the attempt that just failed, already counted, leaves another one in its budget. */
export function mayRetry(policy: RetryPolicy, attempt: AttemptState, fault: 'user' | 'system'): boolean {
  if (fault === 'system') return attempt.systemFailures <= MAX_SYSTEM_RETRIES;
  return attempt.attempt - attempt.systemFailures <= policy.limit;
}

/**
 * Whether the next attempt may run on a machine that the system can take away. What an execution says counts before what
 * its tasks say. The last attempt of the system's budget never may, so that being taken away cannot fail a node by itself.
 */
export function isInterruptible(task: PlannedTask, execution: ExecutionIdentity, systemFailures: number): boolean {
  return (execution.interruptible ?? task.closure.interruptible === true) && systemFailures < MAX_SYSTEM_RETRIES;
}

/**
 * Milliseconds from the end of an attempt to the start of the next one: exponential, less up to a quarter that is
 * a hash of what failed, so that a replay waits as long and a thousand failures of one moment do not come back as one.
 */
export function backoffMs(
  policy: RetryPolicy,
  attempt: Pick<AttemptState, 'attempt' | 'systemFailures'>,
  fault: 'user' | 'system',
  seed: { readonly execution: ExecutionIdentity; readonly node: string; readonly index: number },
): number {
  const { initialMs, factor, maxMs } = fault === 'system' ? SYSTEM_BACKOFF : policy.backoff;
  const failures = fault === 'system' ? attempt.systemFailures : attempt.attempt - attempt.systemFailures;
  const fullMs = Math.min(maxMs, initialMs * factor ** (failures - 1));
  const { namespace, name } = seed.execution;
  const hash = sha256(`${namespace}/${name}/${seed.node}/${seed.index}/${attempt.attempt}`);
  const unit = Number.parseInt(hash.slice(0, 8), 16) / 2 ** 32;
  return Math.round(fullMs * (1 - unit / 4));
}

/** Timers of an attempt that is queued, or running already. */
export function attemptTimers(
  node: number,
  index: number,
  attempt: AttemptState,
  task: { readonly closure: Pick<TaskClosure, 'timeout'> },
): readonly Timer[] {
  const { queueMs, runMs } = task.closure.timeout;
  const timer = { node, index, attempt: attempt.attempt };
  if (attempt.runningAt !== undefined) {
    return runMs === undefined ? [] : [{ ...timer, kind: 'run', at: attempt.runningAt + runMs }];
  }
  return queueMs === undefined ? [] : [{ ...timer, kind: 'queue', at: attempt.queuedAt + queueMs }];
}

/**
 * Notes what keeps an attempt from starting. What does not heal by itself has its time from when it is first seen; where
 * only its words change, the time goes on. `isKnown`: status told of a trouble already, so a state that was restored has
 * forgotten when it began, and it counts from the earliest that it can have been. The timer that ends it; undefined: none is needed.
 */
export function noteStuck(
  attempt: AttemptState,
  { why = '', giveUp }: { readonly why?: string; readonly giveUp?: GiveUp },
  isKnown: boolean,
  now: UnixMs,
): UnixMs | undefined {
  if (giveUp === undefined) {
    attempt.stuck = undefined;
    return undefined;
  }
  const error = { reason: giveUp.reason, message: cut(why) };
  const known = attempt.stuck?.error.reason === giveUp.reason ? attempt.stuck.at : undefined;
  const since = isKnown ? Math.min(now, giveUp.since ?? now) : now;
  attempt.stuck = { error, at: known ?? since + giveUp.afterMs };
  return known === undefined ? attempt.stuck.at : undefined;
}

/** Why an attempt, or the whole node, is over its time. */
export function timeoutError(kind: 'queue' | 'run' | 'total', timeout: TaskClosure['timeout']): ExecutionError {
  const limitMs = timeout[`${kind}Ms`];
  if (limitMs === undefined) throw new BugError(`a ${kind} timer came up where there is no such timeout`);
  const limit = printDuration(limitMs);
  switch (kind) {
    case 'queue':
      return { reason: QUEUE_TIMEOUT, message: `it did not start within its queue timeout of ${limit}` };
    case 'run':
      return { reason: RUN_TIMEOUT, message: `it ran longer than its run timeout of ${limit}` };
    case 'total':
      return { reason: TOTAL_TIMEOUT, message: `it took longer than its total timeout of ${limit}, waits included` };
  }
}

/** The text that stands in the abort annotation. */
export function endingText(error: ExecutionError): string {
  return `${error.reason}: ${error.message}`;
}

function parseEnding(text: string | undefined): ExecutionError | undefined {
  const match = /^([A-Za-z]+): (.*)$/s.exec(text ?? '');
  return match === null ? undefined : { reason: match[1] ?? '', message: match[2] ?? '' };
}

/** A message no longer than a status should hold. */
export function cut(message: string): string {
  return message.length <= MAX_ERROR_LENGTH ? message : `${message.slice(0, MAX_ERROR_LENGTH - 1)}…`;
}

/** `<execution>-<node>-<attempt>`, for a subtask `<execution>-<node>-<index>-<attempt>`; hashed past Kubernetes' 253. */
export function podName(execution: ExecutionIdentity, slug: string, index: number, attempt: number): string {
  const name = `${execution.name}-${slug}${index < 0 ? '' : `-${index}`}-${attempt}`;
  return name.length <= 253 ? name : `${name.slice(0, 200).replace(/[-.]+$/, '')}-${sha256(name).slice(0, 16)}`;
}
