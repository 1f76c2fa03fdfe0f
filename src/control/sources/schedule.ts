import {
  FIRST_POLLS_MS,
  HINT_SPACING_MS,
  MAX_HINTS_AT_ONCE,
  MAX_POLL_BACKOFF_MS,
  POLL_JITTER,
  type UnixMs,
} from '../../base/index.ts';

/** When remotes are polled. Pure: `unit` is a random number in [0, 1). */

/** Time to the next poll after one that went well. */
export function intervalMs(interval: number, unit: number): number {
  return Math.round(interval * (1 - POLL_JITTER + 2 * POLL_JITTER * unit));
}

/** Time to the next try after `failures` in a row, at least what the remote asked for. */
export function backoffMs(interval: number, failures: number, retryAfterMs: number, unit: number): number {
  const grown = interval * 2 ** (Math.min(failures, MAX_DOUBLINGS) - 1);
  return Math.max(retryAfterMs, intervalMs(Math.min(grown, longestMs(interval)), unit));
}

/** Whether tries after so many failures are as far apart as they get. */
export function isFarthest(interval: number, failures: number): boolean {
  return interval * 2 ** (Math.min(failures, MAX_DOUBLINGS) - 1) >= longestMs(interval);
}

const MAX_DOUBLINGS = 20;

function longestMs(interval: number): number {
  return Math.max(interval, MAX_POLL_BACKOFF_MS);
}

/** Time to the first poll of one of `count` repositories that a start finds: a few at once, many spread. */
export function firstPollMs(count: number, unit: number): number {
  return count <= MAX_HINTS_AT_ONCE ? 0 : Math.round(FIRST_POLLS_MS * unit);
}

/** What is left of a repository's allowance of hints that are acted on at once. */
export interface HintAllowance {
  readonly left: number;
  readonly at: UnixMs;
}

/** When a hint is acted on: now as long as the allowance lasts, which comes back one by one; later hints join the last. */
export function takeHint(
  before: HintAllowance | undefined,
  now: UnixMs,
): { readonly at: UnixMs; readonly allowance: HintAllowance } {
  const { left, at } = before ?? { left: MAX_HINTS_AT_ONCE, at: now };
  const back = Math.floor(Math.max(0, now - at) / HINT_SPACING_MS);
  const have = Math.min(MAX_HINTS_AT_ONCE, left + back);
  // What has passed of the time to the next one counts, unless the allowance is full.
  const since = have === MAX_HINTS_AT_ONCE ? now : at + back * HINT_SPACING_MS;
  if (have > 0) return { at: now, allowance: { left: have - 1, at: since } };
  return { at: Math.max(now, since + HINT_SPACING_MS), allowance: { left: 0, at: since } };
}
