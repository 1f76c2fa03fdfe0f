import { MAX_COMPARED_TICKS, type UnixMs } from '../base/index.ts';
import { countBetween, nextTick, previousTick, type TickRule } from '../calendar/index.ts';
import { fireOf } from './fires.ts';
import type { SwitchOver } from './report.ts';

/**
 * What the switch from one rule to another does. Ticks until the merge go by the old rule, ticks after it by the new one
 * (docs/schedules.md, "What was missed"), and nothing is made up for: so a stretch may have fewer ticks than either rule
 * would give it, or more.
 */
export function switchOver(
  old: TickRule | undefined,
  fresh: TickRule | undefined,
  timeZone: string,
  mergeAt: UnixMs,
): SwitchOver {
  const last = old && previousTick(old, mergeAt + 1);
  const first = fresh && nextTick(fresh, mergeAt);
  const effect = old === undefined || fresh === undefined ? undefined : effectOf(old, fresh, timeZone, mergeAt);
  return {
    ...(old !== undefined && last !== undefined && { last: fireOf(old, last, timeZone) }),
    ...(fresh !== undefined && first !== undefined && { first: fireOf(fresh, first, timeZone) }),
    ...(effect !== undefined && { effect }),
  };
}

/** Looked for in the shortest stretch of the calendar around the merge in which both rules tick. */
function effectOf(old: TickRule, fresh: TickRule, timeZone: string, mergeAt: UnixMs): SwitchOver['effect'] {
  for (const { begin, end, words } of stretchesAround(mergeAt, timeZone)) {
    const count = (rule: TickRule, after: UnixMs, until: UnixMs): number =>
      countBetween(rule, after, until, MAX_COMPARED_TICKS);
    const [olds, news] = [count(old, begin - 1, end - 1), count(fresh, begin - 1, end - 1)];
    if (olds === 0 || news === 0) continue;
    // Those that tick all the time lose and win nothing that anybody would notice.
    if (olds >= MAX_COMPARED_TICKS || news >= MAX_COMPARED_TICKS) return undefined;
    const done = count(old, begin - 1, mergeAt) + count(fresh, mergeAt, end - 1);
    if (done < Math.min(olds, news)) return { kind: 'skipped', count: Math.min(olds, news) - done, stretch: words };
    if (done > Math.max(olds, news)) return { kind: 'doubled', count: done - Math.max(olds, news), stretch: words };
    return undefined;
  }
  return undefined;
}

interface Stretch {
  readonly begin: UnixMs;
  readonly end: UnixMs;
  /** `on Mon 2026-01-05`. */
  readonly words: string;
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** The local day, week, month and year that hold an instant. */
function stretchesAround(at: UnixMs, timeZone: string): readonly Stretch[] {
  const day = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate();
  const monday = day.subtract({ days: day.dayOfWeek - 1 });
  const month = day.with({ day: 1 });
  const year = month.with({ month: 1 });
  const instant = (date: Temporal.PlainDate): UnixMs => date.toZonedDateTime(timeZone).epochMilliseconds;
  const stretch = (from: Temporal.PlainDate, length: Temporal.DurationLike, words: string): Stretch => ({
    begin: instant(from),
    end: instant(from.add(length)),
    words,
  });
  return [
    stretch(day, { days: 1 }, `on ${WEEKDAYS[day.dayOfWeek - 1]} ${day.toString()}`),
    stretch(monday, { weeks: 1 }, `in the week from Mon ${monday.toString()}`),
    stretch(month, { months: 1 }, `in ${month.toString().slice(0, 7)}`),
    stretch(year, { years: 1 }, `in ${month.year}`),
  ];
}
