/**
 * Dates of the proleptic Gregorian calendar as whole days since 1970-01-01, in integers alone: a Date for each step of a
 * search would cost more than the search. After Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 * For the years 1 to 9999.
 */

const DAYS_TO_1970 = 719_468;
const DAYS_OF_400_YEARS = 146_097;

/** A date in one integer, so that it can be returned without an object; see `yearOf`, `monthOf` and `dayOf`. */
export type PackedDate = number;

export function yearOf(date: PackedDate): number {
  return date >> 9;
}

/** 1 to 12. */
export function monthOf(date: PackedDate): number {
  return (date >> 5) & 15;
}

/** 1 to 31. */
export function dayOf(date: PackedDate): number {
  return date & 31;
}

/** The date of a day number. */
export function dateOfDay(day: number): PackedDate {
  const shifted = day + DAYS_TO_1970;
  const era = (shifted / DAYS_OF_400_YEARS) | 0;
  const dayOfEra = shifted - era * DAYS_OF_400_YEARS;
  const leaps = ((dayOfEra / 1460) | 0) - ((dayOfEra / 36_524) | 0) + ((dayOfEra / 146_096) | 0);
  const yearOfEra = ((dayOfEra - leaps) / 365) | 0;
  // Years begin in March here, so that the leap day is the last one.
  const dayOfYear = dayOfEra - (365 * yearOfEra + (yearOfEra >> 2) - ((yearOfEra / 100) | 0));
  const shiftedMonth = ((5 * dayOfYear + 2) / 153) | 0;
  const dayOfMonth = dayOfYear - (((153 * shiftedMonth + 2) / 5) | 0) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return (year << 9) | (month << 5) | dayOfMonth;
}

/** The day number of a date. */
export function dayNumber(year: number, month: number, day: number): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = (shiftedYear / 400) | 0;
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) | 0) + day - 1;
  const dayOfEra = yearOfEra * 365 + (yearOfEra >> 2) - ((yearOfEra / 100) | 0) + dayOfYear;
  return era * DAYS_OF_400_YEARS + dayOfEra - DAYS_TO_1970;
}

/** 0 is Sunday. */
export function weekdayOf(day: number): number {
  // 1970-01-01 was a Thursday; the sum stays positive back to the year 1.
  return (day + DAYS_TO_1970 + 3) % 7;
}

/** Days of a month. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
