import { instantText, type UnixMs } from '../base/index.ts';
import { type ClockChange, clockChangeAt } from './clock-change.ts';
import { type TickRule, ticksBetween } from './ticks.ts';

/** A tick as people and scripts read it. */
export interface PreviewedTick {
  readonly at: UnixMs;
  /** RFC 3339 in UTC. */
  readonly utc: string;
  /** On the clock of the zone: `Mon 2026-01-05 02:30`, with seconds where one of the ticks has some. */
  readonly local: string;
  /** Of the zone at that instant: `+01:00`. */
  readonly offset: string;
  /** Why it is not simply where the pattern says. */
  readonly note?: string;
}

/** The first `count` ticks after an instant, as the clocks of `timeZone` show them. */
export function previewTicks(rule: TickRule, timeZone: string, after: UnixMs, count: number): readonly PreviewedTick[] {
  const ticks = ticksBetween(rule, after, Number.POSITIVE_INFINITY, count);
  const unit = ticks.some((at) => at % 1_000 !== 0)
    ? 'millisecond'
    : ticks.some((at) => at % 60_000 !== 0)
      ? 'second'
      : 'minute';
  return ticks.map((at) => {
    const change = clockChangeAt(rule, at);
    const { local, offset, time } = zonedText(at, timeZone, unit);
    return { at, utc: instantText(at), local, offset, ...(change !== undefined && { note: noteOf(change, time) }) };
  });
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

type TimeUnit = 'minute' | 'second' | 'millisecond';

/** An instant on the clocks of a zone, as precise as it is, and at least to the `unit`. */
export function zonedText(
  at: UnixMs,
  timeZone: string,
  unit: TimeUnit = 'minute',
): { readonly local: string; readonly time: string; readonly offset: string } {
  const zoned = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
  const own = zoned.millisecond > 0 ? 'millisecond' : zoned.second > 0 ? 'second' : 'minute';
  const smallestUnit = own === 'minute' ? unit : own === 'second' && unit === 'millisecond' ? unit : own;
  const time = zoned.toPlainTime().toString({ smallestUnit });
  const day = `${WEEKDAYS[zoned.dayOfWeek - 1]} ${zoned.toPlainDate().toString()}`;
  return { local: `${day} ${time}`, time, offset: zoned.offset };
}

function noteOf(change: ClockChange, time: string): string {
  if (change.kind === 'gap') return `clocks go forward: ${zonedText(change.missing, 'UTC').time} does not exist`;
  return `clocks go back: ${time} comes twice, this is the ${change.passing}`;
}
