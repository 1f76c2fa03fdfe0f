import { nextWallTime } from './cron-next.ts';
import type { CronPattern } from './cron-parse.ts';
import { segmentAt } from './zone.ts';

/** When a schedule ticks. All instants in Unix milliseconds. */
export type TickRule = (
  | { readonly kind: 'cron'; readonly pattern: CronPattern; readonly timeZone: string }
  /** Ticks at `anchor + k * everyMs`: a restart does not shift them. */
  | { readonly kind: 'rate'; readonly everyMs: number; readonly anchor: number }
) & {
  /** First instant at which it may tick. */
  readonly start?: number;
  /** First instant at which it may no longer tick. */
  readonly end?: number;
};

/** No schedule reaches further: the last instant of year 9999, where RFC 3339 ends. */
const LAST_INSTANT = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * The first tick strictly after `after`, or undefined when there is none.
 *
 * When clocks go forward, a local time that does not exist ticks once, at the first instant after the gap; when they go
 * back, a local time that happens twice ticks at its first passing only. Interval patterns (minute or hour starts with
 * `*`) follow elapsed time instead: nothing in the gap, both passings of the hour that repeats.
 */
export function nextTick(rule: TickRule, after: number): number | undefined {
  const from = Math.max(after + 1, rule.start ?? -Infinity);
  const tick = rule.kind === 'rate' ? nextOfRate(rule.everyMs, rule.anchor, from) : nextOfCron(rule, from);
  if (tick === undefined || tick > LAST_INSTANT || (rule.end !== undefined && tick >= rule.end)) return undefined;
  return tick;
}

/** Ticks with `after < tick <= until`, at most `limit` of them, ascending. */
export function ticksBetween(rule: TickRule, after: number, until: number, limit: number): number[] {
  const ticks: number[] = [];
  let last = after;
  while (ticks.length < limit) {
    const tick = nextTick(rule, last);
    if (tick === undefined || tick > until) break;
    ticks.push(tick);
    last = tick;
  }
  return ticks;
}

function nextOfRate(everyMs: number, anchor: number, from: number): number {
  return anchor + Math.ceil((from - anchor) / everyMs) * everyMs;
}

function nextOfCron(rule: { pattern: CronPattern; timeZone: string }, from: number): number | undefined {
  const { pattern, timeZone } = rule;
  let instant = from;
  // Where clocks go forward at `from` itself, the gap belongs to what was before.
  for (let within = from - 1; instant <= LAST_INSTANT; within = instant) {
    const segment = segmentAt(timeZone, within);
    const wall = nextWallTime(pattern, wallToSearch(rule, instant, segment.offsetMs, segment.from));
    if (wall === undefined) return undefined;
    if (wall - segment.offsetMs < segment.to) return wall - segment.offsetMs;
    const following = segmentAt(timeZone, segment.to);
    const gapEnd = segment.to + following.offsetMs;
    // The match fell into the gap, or at its very end: either way it ticks at the change, once.
    if (!pattern.isInterval && wall < gapEnd) return segment.to;
    instant = segment.to;
  }
  return undefined;
}

/** Where to search from in wall time; a fixed pattern skips the hour that this segment repeats from the one before. */
function wallToSearch(
  rule: { pattern: CronPattern; timeZone: string },
  instant: number,
  offsetMs: number,
  segmentFrom: number,
): number {
  const wall = instant + offsetMs;
  if (rule.pattern.isInterval || segmentFrom === -Infinity) return wall;
  const before = segmentAt(rule.timeZone, segmentFrom - 1);
  return Math.max(wall, segmentFrom + before.offsetMs);
}
