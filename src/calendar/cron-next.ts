import { hasBit, lowestBit, nextBit } from './bits.ts';
import { dateOfDay, dayNumber, dayOf, monthOf, weekdayOf, yearOf } from './civil.ts';
import type { CronPattern } from './cron-parse.ts';
import { matchingDays } from './month-days.ts';

/**
 * Search on wall-clock time: milliseconds as if the local date and time were UTC. Zones come in one level above.
 * Every field is a bit set, so the next value of a field is a mask and a count of leading zeros.
 */

const DAY_S = 86_400;
/** Leap days with a weekday rule repeat within 40 years across a century; beyond that a pattern never matches. */
const SEARCH_YEARS = 41;

/** The first wall time at or after `from` that the pattern matches, or undefined when there is none in 41 years. */
export function nextWallTime(pattern: CronPattern, from: number): number | undefined {
  const start = Math.ceil(from / 1000);
  const day = Math.floor(start / DAY_S);
  const second = start - day * DAY_S;
  if (pattern.isEveryDay) {
    const later = nextTimeOfDay(pattern, second);
    return (later >= 0 ? day * DAY_S + later : (day + 1) * DAY_S + pattern.firstSecond) * 1000;
  }
  const date = dateOfDay(day);
  const month = monthOf(date);
  if (hasBit(pattern.months, month)) {
    const dayOfMonth = dayOf(date);
    const first = day - dayOfMonth + 1;
    const days = matchingDays(pattern, yearOf(date), month, weekdayOf(first));
    const later = (days >>> dayOfMonth) & 1 ? nextTimeOfDay(pattern, second) : -1;
    if (later >= 0) return (day * DAY_S + later) * 1000;
    const rest = dayOfMonth < 31 ? days & (-1 << (dayOfMonth + 1)) : 0;
    if (rest !== 0) return ((first + lowestBit(rest) - 1) * DAY_S + pattern.firstSecond) * 1000;
  }
  return inLaterMonth(pattern, yearOf(date), month);
}

function inLaterMonth(pattern: CronPattern, fromYear: number, fromMonth: number): number | undefined {
  let year = fromYear;
  let month = fromMonth;
  while (year <= fromYear + SEARCH_YEARS) {
    month = nextBit(pattern.months, month + 1);
    if (month === -1) {
      year += 1;
      month = 0;
      continue;
    }
    const first = dayNumber(year, month, 1);
    const days = matchingDays(pattern, year, month, weekdayOf(first));
    if (days !== 0) return ((first + lowestBit(days) - 1) * DAY_S + pattern.firstSecond) * 1000;
  }
  return undefined;
}

/** Seconds since local midnight of the first match at or after `from`, or -1 when the day has no more. */
function nextTimeOfDay(pattern: CronPattern, from: number): number {
  const { hours, minutes, seconds } = pattern;
  const hour = (from / 3600) | 0;
  if (hasBit(hours, hour)) {
    const minute = ((from / 60) | 0) - hour * 60;
    if (hasBit(minutes, minute)) {
      const second = nextBit(seconds, from % 60);
      if (second >= 0) return hour * 3600 + minute * 60 + second;
    }
    const laterMinute = nextBit(minutes, minute + 1);
    if (laterMinute >= 0) return hour * 3600 + laterMinute * 60 + nextBit(seconds, 0);
  }
  const laterHour = nextBit(hours, hour + 1);
  return laterHour < 0 ? -1 : laterHour * 3600 + nextBit(minutes, 0) * 60 + nextBit(seconds, 0);
}
