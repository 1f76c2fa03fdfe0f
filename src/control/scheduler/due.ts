import { MAX_CATCH_UP_TICKS, MISSED_AFTER_MS, type UnixMs } from '../../base/index.ts';
import { nextTick, type TickRule, ticksBetween } from '../../calendar/index.ts';
import type { CatchUp } from '../../cluster/index.ts';

/** What a schedule owes at some moment. */
export interface DueTicks {
  /** To run, oldest first. Empty: nothing is due. */
  readonly ticks: readonly UnixMs[];
  /** The last tick settled once `ticks` have run: later looks start after it, so that what policy drops stays dropped. */
  readonly settledUntil: UnixMs;
}

/**
 * Ticks in (base, now] that are to run. A tick no older than MISSED_AFTER_MS is simply late and always runs; an older
 * one was missed, and the catch-up policy decides: `none` drops all, `latest` keeps the last one, `all` keeps those
 * within `windowMs`, at most the `limit` newest.
 */
export function dueTicks(rule: TickRule, catchUp: CatchUp, base: UnixMs, now: UnixMs): DueTicks {
  if (base >= now) return { ticks: [], settledUntil: base };
  const missedUntil = Math.max(base, now - MISSED_AFTER_MS);
  const late = ticksBetween(rule, missedUntil, now, MAX_CATCH_UP_TICKS);
  const missed = missedTicks(rule, catchUp, base, missedUntil);
  const ticks = [...missed, ...late];
  return { ticks, settledUntil: late.at(-1) ?? Math.max(base, missedUntil) };
}

function missedTicks(rule: TickRule, catchUp: CatchUp, base: UnixMs, until: UnixMs): readonly UnixMs[] {
  if (base >= until || catchUp.policy === 'none') return [];
  const count = catchUp.policy === 'latest' ? 1 : Math.min(catchUp.limit ?? MAX_CATCH_UP_TICKS, MAX_CATCH_UP_TICKS);
  const from = catchUp.windowMs === undefined ? base : Math.max(base, until - catchUp.windowMs);
  return newestTicks(rule, from, until, count);
}

/** The last `count` ticks in (from, until], ascending, without walking through years of ticks before them. */
function newestTicks(rule: TickRule, from: UnixMs, until: UnixMs, count: number): readonly UnixMs[] {
  if (count === 0) return [];
  for (let spanMs = 3_600_000; ; spanMs *= 4) {
    const start = Math.max(from, until - spanMs);
    const first = nextTick(rule, start);
    const isWhole = start === from;
    if (!isWhole && (first === undefined || first > until)) continue;
    const ticks = lastOf(rule, start, until, count);
    if (isWhole || ticks.length === count) return ticks;
  }
}

function lastOf(rule: TickRule, start: UnixMs, until: UnixMs, count: number): readonly UnixMs[] {
  let kept: UnixMs[] = [];
  let after = start;
  for (;;) {
    const page = ticksBetween(rule, after, until, MAX_CATCH_UP_TICKS);
    kept = [...kept, ...page].slice(-count);
    if (page.length < MAX_CATCH_UP_TICKS) return kept;
    after = page.at(-1) as UnixMs;
  }
}
