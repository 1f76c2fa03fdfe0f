import { MAX_CATCH_UP_TICKS, MAX_SHARED_RULES, type UnixMs } from '../../base/index.ts';
import { countBetween, nextTick, previousTick, type TickRule } from '../../calendar/index.ts';
import type { CatchUp } from '../../cluster/index.ts';

/**
 * A stretch of a schedule's life in which it ticks by one rule: ticks with since < tick <= until. Each is due `offsetMs`
 * later. A schedule has one, and for a while those before its last changes as well.
 */
export interface TickSpan {
  readonly rule: TickRule;
  readonly offsetMs: number;
  readonly since: UnixMs;
  /** Infinity for the rule that holds now. */
  readonly until: UnixMs;
}

/** When the first tick is due that is due after `settled`; undefined when none is left. */
export function nextDue(spans: readonly TickSpan[], settled: UnixMs): UnixMs | undefined {
  if (spans.length === 1) return nextDueIn(spans[0] as TickSpan, settled);
  let first: UnixMs | undefined;
  for (const span of spans) {
    const due = nextDueIn(span, settled);
    if (due !== undefined && (first === undefined || due < first)) first = due;
  }
  return first;
}

function nextDueIn({ rule, offsetMs, since, until }: TickSpan, settled: UnixMs): UnixMs | undefined {
  const tick = nextTickOf(rule, Math.max(settled - offsetMs, since));
  return tick === undefined || tick > until ? undefined : tick + offsetMs;
}

/** Schedules that are due together mostly share their rule, and so their next tick. */
function nextTickOf(rule: TickRule, after: UnixMs): UnixMs | undefined {
  const known = lastLooks.get(rule);
  if (known?.after === after) return known.tick;
  const tick = nextTick(rule, after);
  if (known === undefined) {
    if (lastLooks.size >= MAX_SHARED_RULES) lastLooks.clear();
    lastLooks.set(rule, { after, tick });
  } else Object.assign(known, { after, tick });
  return tick;
}

const lastLooks = new Map<TickRule, { readonly after: UnixMs; readonly tick: UnixMs | undefined }>();

/** The ticks that are due at `due`, where some span has one: mostly one. */
export function ticksAt(spans: readonly TickSpan[], due: UnixMs): readonly UnixMs[] {
  if (spans.length === 1) return [due - (spans[0] as TickSpan).offsetMs];
  const ticks = new Set<UnixMs>();
  for (const span of spans) if (nextDueIn(span, due - 1) === due) ticks.add(due - span.offsetMs);
  return [...ticks];
}

/** When the last tick was due that was due in (settled, until]. */
export function lastDue(spans: readonly TickSpan[], settled: UnixMs, until: UnixMs): UnixMs | undefined {
  let last: UnixMs | undefined;
  for (const { rule, offsetMs, since, until: end } of spans) {
    const tick = previousTick(rule, Math.min(until - offsetMs, end) + 1);
    if (tick === undefined || tick <= since || tick + offsetMs <= settled) continue;
    if (last === undefined || tick + offsetMs > last) last = tick + offsetMs;
  }
  return last;
}

/** How many ticks were due in (settled, until], counted up to `max`. */
export function countDue(spans: readonly TickSpan[], settled: UnixMs, until: UnixMs, max: number): number {
  let count = 0;
  for (const { rule, offsetMs, since, until: end } of spans) {
    const from = Math.max(settled - offsetMs, since);
    const to = Math.min(until - offsetMs, end);
    if (from < to && count < max) count += countBetween(rule, from, to, max - count);
  }
  return count;
}

/**
 * Of the missed ticks that were due in (from, until], which are made up for: those due after the answer. `none` drops
 * all, `latest` keeps the last one, `all` keeps those within `windowMs`, at most the `limit` newest.
 */
export function catchUpFrom(spans: readonly TickSpan[], catchUp: CatchUp, from: UnixMs, until: UnixMs): UnixMs {
  if (catchUp.policy === 'none' || from >= until) return until;
  if (catchUp.policy === 'latest') {
    const last = lastDue(spans, from, until);
    return last === undefined ? until : last - 1;
  }
  const start = catchUp.windowMs === undefined ? from : Math.max(from, until - catchUp.windowMs);
  const limit = Math.min(catchUp.limit ?? MAX_CATCH_UP_TICKS, MAX_CATCH_UP_TICKS);
  if (limit === 0) return until;
  if (countDue(spans, start, until, limit + 1) <= limit) return start;
  return beforeNewest(spans, start, until, limit);
}

/** The latest instant after which `count` ticks are due up to `until`: without walking through years of ticks. */
function beforeNewest(spans: readonly TickSpan[], from: UnixMs, until: UnixMs, count: number): UnixMs {
  let enough = from;
  let few = until;
  for (let spanMs = 60_000; until - spanMs > from; spanMs *= 4) {
    if (countDue(spans, until - spanMs, until, count) < count) few = until - spanMs;
    else {
      enough = until - spanMs;
      break;
    }
  }
  while (few - enough > 1) {
    const found = countDue(spans, enough, until, 4 * count + 1);
    if (found <= 4 * count) return skipped(spans, enough, found - count);
    const middle = enough + Math.floor((few - enough) / 2);
    if (countDue(spans, middle, until, count) < count) few = middle;
    else enough = middle;
  }
  return enough;
}

function skipped(spans: readonly TickSpan[], from: UnixMs, count: number): UnixMs {
  let due = from;
  for (let left = count; left > 0; left--) due = nextDue(spans, due) ?? due;
  return due;
}
