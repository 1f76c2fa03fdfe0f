import { instantMs, instantText, type UnixMs } from '../base/index.ts';
import { tickRuleOf, ticksBetween } from '../calendar/index.ts';
import { isSuspendedSchedule, type KubeObject, type Schedule } from '../cluster/index.ts';

/** The next ticks of a schedule after `now`, at most `count`; none when it is off or its pattern is unreadable. */
export function nextTicks(schedule: Schedule, now: UnixMs, count: number): readonly UnixMs[] {
  const result = tickRuleOf(schedule.spec);
  if (!schedule.spec.active || isSuspendedSchedule(schedule) || result.kind === 'error') return [];
  return ticksBetween(result.rule, now, Number.POSITIVE_INFINITY, count);
}

/** The object as tables show it: of a schedule whose status is behind, with the tick that is next by its rule. */
export function withNextTick(object: KubeObject, now: UnixMs): KubeObject {
  const { spec, status } = object as Partial<Schedule>;
  if (object.kind !== 'Schedule' || typeof spec?.timeZone !== 'string') return object;
  if ((instantMs(status?.nextTick) ?? now) > now) return object;
  const [next] = nextTicks(object as Schedule, now, 1);
  return next === undefined ? object : { ...object, status: { ...status, nextTick: instantText(next) } };
}

/** An instant on the clocks of `timeZone`, with its offset: `2026-01-03 02:30 +01:00 Sat`. */
export function wallClockText(at: UnixMs, timeZone: string): string {
  const zoned = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
  const day = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][zoned.dayOfWeek - 1];
  const time = zoned.toPlainTime().toString({ smallestUnit: zoned.second === 0 ? 'minute' : 'second' });
  return `${day} ${zoned.toPlainDate().toString()} ${time} ${zoned.offset}`;
}
