import type { UnixMs } from '../base/index.ts';
import { tickRuleOf, ticksBetween } from '../calendar/index.ts';
import type { Schedule } from '../cluster/index.ts';

/** The next ticks of a schedule after `now`, at most `count`; none when it is inactive or its pattern is unreadable. */
export function nextTicks(schedule: Schedule, now: UnixMs, count: number): readonly UnixMs[] {
  const result = tickRuleOf(schedule.spec);
  if (!schedule.spec.active || result.kind === 'error') return [];
  return ticksBetween(result.rule, now, Number.POSITIVE_INFINITY, count);
}

/** An instant on the clocks of `timeZone`, with its offset: `2026-01-03 02:30 +01:00 Sat`. */
export function wallClockText(at: UnixMs, timeZone: string): string {
  const zoned = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
  const day = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][zoned.dayOfWeek - 1];
  const time = zoned.toPlainTime().toString({ smallestUnit: zoned.second === 0 ? 'minute' : 'second' });
  return `${day} ${zoned.toPlainDate().toString()} ${time} ${zoned.offset}`;
}
