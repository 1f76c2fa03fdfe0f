import type { CronField, CronPattern } from './cron-parse.ts';

/**
 * Search on wall-clock time: milliseconds as if the local date and time were UTC. Zones come in one level above.
 * Every field is a bit set, so the next value of a field is a shift and a count of leading zeros.
 */

const DAY_MS = 86_400_000;
/** Leap days with a weekday rule repeat within 40 years across a century; beyond that a pattern never matches. */
const SEARCH_YEARS = 41;

/** The first wall time at or after `from` that the pattern matches, or undefined when there is none in 41 years. */
export function nextWallTime(pattern: CronPattern, from: number): number | undefined {
  const start = Math.ceil(from / 1000) * 1000;
  const date = new Date(start);
  let year = date.getUTCFullYear();
  let month = date.getUTCMonth() + 1;
  let day = date.getUTCDate();
  let timeOfDay = (start - Math.floor(start / DAY_MS) * DAY_MS) / 1000;
  const lastYear = year + SEARCH_YEARS;
  while (year <= lastYear) {
    if (!hasBit(pattern.months, month)) {
      [year, month] = followingMonth(year, month);
      day = 1;
      timeOfDay = 0;
      continue;
    }
    const days = daysOf(pattern, year, month);
    const seconds = (days >>> day) & 1 ? nextTimeOfDay(pattern, timeOfDay) : -1;
    if (seconds >= 0) return wallTime(year, month, day) + seconds * 1000;
    timeOfDay = 0;
    const later = day < 31 ? days & (-1 << (day + 1)) : 0;
    if (later !== 0) {
      day = lowestBit(later);
      continue;
    }
    [year, month] = followingMonth(year, month);
    day = 1;
  }
  return undefined;
}

/** Bits 1 to 31: the days of the month that match. */
function daysOf(pattern: CronPattern, year: number, month: number): number {
  const first = weekday(year, month, 1);
  const length = daysInMonth(year, month);
  const all = length === 31 ? -2 : (1 << (length + 1)) - 2;
  const byMonth = monthDays(pattern, first, length);
  const byWeek = weekDays(pattern, first, length);
  const matched = pattern.isEitherDay ? byMonth | byWeek : byMonth & byWeek;
  return matched & all;
}

function monthDays(pattern: CronPattern, first: number, length: number): number {
  let days = pattern.daysOfMonth[0];
  for (const back of pattern.lastDays) if (length - back >= 1) days |= 1 << (length - back);
  if (pattern.lastWeekday) days |= 1 << nearestWeekday(length, first, length);
  for (const day of pattern.nearestWeekdays) if (day <= length) days |= 1 << nearestWeekday(day, first, length);
  return days;
}

function weekDays(pattern: CronPattern, first: number, length: number): number {
  let days = 0;
  for (let day = 1; day <= length; day++) if ((pattern.daysOfWeek[0] >>> ((first + day - 1) % 7)) & 1) days |= 1 << day;
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

/** Seconds since local midnight of the first match at or after `from`, or -1 when the day has no more. */
function nextTimeOfDay(pattern: CronPattern, from: number): number {
  let hour = Math.floor(from / 3600);
  let minute = Math.floor(from / 60) % 60;
  let second = from % 60;
  if (!hasBit(pattern.hours, hour)) {
    minute = 0;
    second = 0;
  } else if (!hasBit(pattern.minutes, minute)) second = 0;
  else {
    second = nextBit(pattern.seconds, second);
    if (second >= 0) return hour * 3600 + minute * 60 + second;
    minute += 1;
    second = 0;
  }
  if (hasBit(pattern.hours, hour)) {
    minute = nextBit(pattern.minutes, minute);
    if (minute >= 0) return hour * 3600 + minute * 60 + nextBit(pattern.seconds, 0);
    hour += 1;
  }
  hour = nextBit(pattern.hours, hour);
  if (hour < 0) return -1;
  return hour * 3600 + nextBit(pattern.minutes, 0) * 60 + nextBit(pattern.seconds, 0);
}

function hasBit(field: CronField, value: number): boolean {
  return value < 32 ? ((field[0] >>> value) & 1) === 1 : ((field[1] >>> (value - 32)) & 1) === 1;
}

/** The lowest set bit at or above `from`, or -1. `from` may be one past the field. */
function nextBit(field: CronField, from: number): number {
  if (from < 32) {
    const low = field[0] & (-1 << from);
    if (low !== 0) return lowestBit(low);
    return field[1] === 0 ? -1 : 32 + lowestBit(field[1]);
  }
  if (from >= 64) return -1;
  const high = field[1] & (-1 << (from - 32));
  return high === 0 ? -1 : 32 + lowestBit(high);
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

function followingMonth(year: number, month: number): [number, number] {
  return month === 12 ? [year + 1, 1] : [year, month + 1];
}

function wallTime(year: number, month: number, day: number): number {
  // Date.UTC maps years 0 to 99 to 1900 to 1999; schedules start after 1970, so that never applies.
  return Date.UTC(year, month - 1, day);
}

function weekday(year: number, month: number, day: number): number {
  return new Date(wallTime(year, month, day)).getUTCDay();
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
