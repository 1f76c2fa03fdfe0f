import { daysInMonth } from './civil.ts';
import type { CronPattern } from './cron-parse.ts';

/** The days of a month that match a pattern, as bits 1 to 31. `first` is the weekday of the month's first day. */
export function matchingDays(pattern: CronPattern, year: number, month: number, first: number): number {
  const length = daysInMonth(year, month);
  const all = length === 31 ? -2 : (1 << (length + 1)) - 2;
  const byMonth = pattern.hasDayRules ? monthDays(pattern, first, length) : pattern.daysOfMonth[0];
  let byWeek = weekly(pattern.daysOfWeek[0], first);
  if (pattern.hasDayRules) byWeek |= nthDays(pattern, first, length);
  return (pattern.isEitherDay ? byMonth | byWeek : byMonth & byWeek) & all;
}

/** Bit n of `days` is a weekday; the same seven bits from the weekday of the first day on, for a whole month. */
function weekly(days: number, first: number): number {
  let bits = ((days >> first) | (days << (7 - first))) & 0x7f;
  bits |= bits << 7;
  bits |= bits << 14;
  bits |= bits << 28;
  return bits << 1;
}

function monthDays(pattern: CronPattern, first: number, length: number): number {
  let days = pattern.daysOfMonth[0];
  for (const back of pattern.lastDays) if (length - back >= 1) days |= 1 << (length - back);
  if (pattern.lastWeekday) days |= 1 << nearestWeekday(length, first, length);
  for (const day of pattern.nearestWeekdays) if (day <= length) days |= 1 << nearestWeekday(day, first, length);
  return days;
}

function nthDays(pattern: CronPattern, first: number, length: number): number {
  let days = 0;
  for (const { day, nth } of pattern.nthWeekdays) {
    const firstOfKind = 1 + ((day - first + 7) % 7);
    const count = Math.floor((length - firstOfKind) / 7) + 1;
    if (nth === -1) days |= 1 << (firstOfKind + (count - 1) * 7);
    else if (nth <= count) days |= 1 << (firstOfKind + (nth - 1) * 7);
  }
  return days;
}

/** Monday to Friday nearest to `day`, never leaving the month (Quartz' rule for W). */
function nearestWeekday(day: number, first: number, length: number): number {
  const kind = (first + day - 1) % 7;
  if (kind === 6) return day > 1 ? day - 1 : day + 2;
  if (kind === 0) return day < length ? day + 1 : day - 2;
  return day;
}
