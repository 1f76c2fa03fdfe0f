import { nextWallTime } from './cron-next.ts';
import type { CronPattern } from './cron-parse.ts';
import { excludedFor, type WallWindows } from './exclusion.ts';
import { offsetIndex, zoneOffsets } from './zone-offsets.ts';

/** When a schedule ticks. All instants in Unix milliseconds. */
export type TickRule = (
  | { readonly kind: 'cron'; readonly pattern: CronPattern; readonly timeZone: string }
  /** Ticks at `anchor + k * everyMs`: a restart does not shift them. Its zone, UTC by default, is that of `exclude`. */
  | { readonly kind: 'rate'; readonly everyMs: number; readonly anchor: number; readonly timeZone?: string }
) & {
  /** First instant at which it may tick. */
  readonly start?: number;
  /** First instant at which it may no longer tick. */
  readonly end?: number;
  /** No tick while the clocks of the zone show a time in one of these windows. */
  readonly exclude?: WallWindows;
};

/** A walk over a rule's ticks. `next` is the following tick at each call, and undefined once there are no more. */
export interface TickCursor {
  readonly next: () => number | undefined;
}

/** No schedule begins before, nor reaches further: year 9999 is where RFC 3339 ends. */
export const FIRST_INSTANT = 0;
export const LAST_INSTANT = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * The first tick strictly after `after`, or undefined when there is none.
 *
 * When clocks go forward, a local time that does not exist ticks once, at the first instant after the gap; when they go
 * back, a local time that happens twice ticks at its first passing only. Interval patterns (minute or hour starts with
 * `*`) follow elapsed time instead: nothing in the gap, both passings of the hour that repeats.
 */
export function nextTick(rule: TickRule, after: number): number | undefined {
  let from = Math.max(after + 1, rule.start ?? FIRST_INSTANT, FIRST_INSTANT);
  for (;;) {
    const tick =
      rule.kind === 'rate'
        ? nextOfRate(rule.everyMs, rule.anchor, from)
        : nextOfCron(rule.pattern, rule.timeZone, from);
    if (tick === undefined || tick > LAST_INSTANT || (rule.end !== undefined && tick >= rule.end)) return undefined;
    const allowed = rule.exclude === undefined ? tick : allowedFrom(rule, rule.exclude, tick);
    if (allowed === tick) return tick;
    from = allowed;
  }
}

/** The last tick strictly before `before`, or undefined when there is none since 1970. */
export function previousTick(rule: TickRule, before: number): number | undefined {
  const first = Math.max(FIRST_INSTANT, rule.start ?? FIRST_INSTANT) - 1;
  const until = Math.min(before, rule.end ?? before, LAST_INSTANT + 1);
  let last: number | undefined;
  for (let spanMs = 60_000; last === undefined; spanMs *= 4) {
    const from = Math.max(first, until - spanMs);
    last = tickBefore(rule, from, until);
    if (from === first) break;
  }
  if (last === undefined) return undefined;
  // Some tick is known: look in the later half of what follows it until nothing is left.
  for (let end = until; end - last > 1; ) {
    const middle: number = last + Math.floor((end - last) / 2);
    const later = tickBefore(rule, middle - 1, end);
    if (later === undefined) end = middle;
    else last = later;
  }
  return last;
}

function tickBefore(rule: TickRule, after: number, before: number): number | undefined {
  const tick = nextTick(rule, after);
  return tick !== undefined && tick < before ? tick : undefined;
}

/** A walk over the ticks after `after`, to go on at any time. */
export function tickCursor(rule: TickRule, after: number): TickCursor {
  let last: number | undefined = after;
  return {
    next: () => {
      if (last !== undefined) last = nextTick(rule, last);
      return last;
    },
  };
}

/** Ticks with `after < tick <= until`, at most `limit` of them, ascending. */
export function ticksBetween(rule: TickRule, after: number, until: number, limit: number): number[] {
  const ticks: number[] = [];
  const cursor = tickCursor(rule, after);
  while (ticks.length < limit) {
    const tick = cursor.next();
    if (tick === undefined || tick > until) break;
    ticks.push(tick);
  }
  return ticks;
}

/** The tick itself, or else the first instant at which the window that holds it may be over. */
function allowedFrom({ timeZone = 'UTC' }: TickRule, windows: WallWindows, tick: number): number {
  const zone = zoneOffsets(timeZone, tick);
  const index = offsetIndex(zone, tick);
  const { ms, isNear } = excludedFor(windows, tick + (zone.offsetMs[index] as number));
  return isNear ? Math.min(tick + ms, zone.from[index + 1] as number) : tick + ms;
}

function nextOfRate(everyMs: number, anchor: number, from: number): number {
  return anchor + Math.ceil((from - anchor) / everyMs) * everyMs;
}

function nextOfCron(pattern: CronPattern, timeZone: string, from: number): number | undefined {
  let instant = from;
  // Where clocks go forward at `from` itself, the gap belongs to what was before.
  for (let within = from - 1; instant <= LAST_INSTANT; within = instant) {
    const zone = zoneOffsets(timeZone, within);
    const index = offsetIndex(zone, within);
    const offsetMs = zone.offsetMs[index] as number;
    let wall = instant + offsetMs;
    // A fixed pattern skips the hour that this segment repeats from the one before.
    if (!pattern.isInterval && index > 0) {
      wall = Math.max(wall, (zone.from[index] as number) + (zone.offsetMs[index - 1] as number));
    }
    const match = nextWallTime(pattern, wall);
    if (match === undefined) return undefined;
    const change = zone.from[index + 1] as number;
    if (match - offsetMs < change) return match - offsetMs;
    const gapEnd = change + (zone.offsetMs[index + 1] as number);
    // The match fell into the gap, or at its very end: either way it ticks at the change, once.
    if (!pattern.isInterval && match < gapEnd) return change;
    instant = change;
  }
  return undefined;
}
