import { valuesOf } from './bits.ts';
import type { CronPattern } from './cron-parse.ts';

/** What a pattern says, as a person would: `at 02:30 on weekdays`. */
export function cronWords(pattern: CronPattern): string {
  const times = fewTimes(pattern);
  const days = dayWords(pattern);
  const isDaily = times !== undefined && days === '';
  return [times ?? timeWords(pattern), isDaily ? 'every day' : days, monthWords(pattern)]
    .filter((part) => part !== '')
    .join(' ');
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const WEEKDAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const NTH = ['', 'first', 'second', 'third', 'fourth', 'fifth'];
/** Times of a day that are listed one by one. */
const MAX_LISTED_TIMES = 6;

/** Times of the day one by one, when they are few. */
function fewTimes({ hours, minutes, seconds }: CronPattern): string | undefined {
  const [hour, minute, second] = [valuesOf(hours), valuesOf(minutes), valuesOf(seconds)];
  if (hour.length * minute.length * second.length > MAX_LISTED_TIMES) return undefined;
  const isWhole = second.length === 1 && second[0] === 0;
  const times = hour.flatMap((h) => minute.flatMap((m) => second.map((s) => clock(h, m, isWhole ? undefined : s))));
  return `at ${listed(times)}`;
}

function timeWords({ hours, minutes, seconds }: CronPattern): string {
  const [hour, minute, second] = [valuesOf(hours), valuesOf(minutes), valuesOf(seconds)];
  const isWhole = second.length === 1 && second[0] === 0;
  if (isWhole && minute.length === 1) {
    const at = minute[0] === 0 ? '' : ` at minute ${minute[0]}`;
    const step = stepOf(hour, 24);
    if (step !== undefined)
      return `every ${step} hours${at}${hour[0] === 0 ? '' : ` from ${clock(hour[0] as number, 0)}`}`;
    return `every hour${at}${hourWords(hour, 0)}`;
  }
  const ofMinute = isWhole || minute.length < 60 ? unitWords('minute', minute, 60) : '';
  const parts = [isWhole ? '' : unitWords('second', second, 60), ofMinute].filter((part) => part !== '');
  const isListed = parts.at(-1)?.startsWith('at ') && hour.length === 24;
  return `${parts.join(' of ').replace(' of at ', ' of ')}${isListed ? ' of every hour' : hourWords(hour, 59)}`;
}

/** `every 15 minutes`, `minute 5`, `minutes 5, 20 and 40`. */
function unitWords(unit: string, values: readonly number[], size: number): string {
  if (values.length === size) return `every ${unit}`;
  const step = stepOf(values, size);
  if (step !== undefined) {
    const from = values[0] === 0 ? '' : ` from ${unit} ${values[0]}`;
    return `every ${step} ${unit}s${from}`;
  }
  return `at ${unit}${values.length === 1 ? '' : 's'} ${spans(values, String)}`;
}

/** Up to which minute of the last hour, as far as one can say. */
function hourWords(hours: readonly number[], lastMinute: number): string {
  if (hours.length === 24) return '';
  const step = stepOf(hours, 24);
  if (step !== undefined) {
    return ` of every ${ordinal(step)} hour${hours[0] === 0 ? '' : ` from ${clock(hours[0] as number, 0)}`}`;
  }
  return ` from ${listed(runsOf(hours).map(([from, to]) => `${clock(from, 0)} to ${clock(to, lastMinute)}`))}`;
}

/** The distance of values that go through a field in even steps, three of them at least. */
function stepOf(values: readonly number[], size: number): number | undefined {
  const step = (values[1] ?? 0) - (values[0] ?? 0);
  const isEven =
    values.length >= 3 && step > 1 && values.every((value, i) => value === (values[0] as number) + i * step);
  return isEven && (values[0] as number) < step && (values.at(-1) as number) + step >= size ? step : undefined;
}

function dayWords(pattern: CronPattern): string {
  const ofMonth = daysOfMonth(pattern);
  const ofWeek = daysOfWeek(pattern);
  return pattern.isEitherDay && ofMonth !== '' && ofWeek !== '' ? `${ofMonth} or ${ofWeek}` : ofMonth || ofWeek;
}

function daysOfMonth({ daysOfMonth: set, lastDays, nearestWeekdays, lastWeekday }: CronPattern): string {
  const days = valuesOf(set);
  if (days.length === 31) return '';
  const parts = [
    ...runsOf(days).map(([from, to]) =>
      from === to ? `the ${ordinal(from)}` : `the ${ordinal(from)} to the ${ordinal(to)}`,
    ),
    ...nearestWeekdays.map((day) => `the weekday nearest to the ${ordinal(day)}`),
    ...(lastWeekday ? ['the last weekday'] : []),
    ...lastDays.map(lastDayWords),
  ];
  return `on ${listed(parts)} of the month`;
}

function lastDayWords(back: number): string {
  if (back === 0) return 'the last day';
  return back === 1 ? 'the last day but one' : `the day ${back} days before the last`;
}

function daysOfWeek({ daysOfWeek: set, nthWeekdays }: CronPattern): string {
  const days = valuesOf(set);
  const key = days.join(',');
  if (nthWeekdays.length === 0 && key === '1,2,3,4,5') return 'on weekdays';
  if (nthWeekdays.length === 0 && key === '0,6') return 'on weekends';
  if (days.length === 7) return '';
  // A week begins on Monday to everybody who lists its days, but not to cron.
  const monday = [...days.filter((day) => day > 0), ...days.filter((day) => day === 0)];
  const parts = [
    ...monday.map((day) => WEEKDAYS[day] as string),
    ...nthWeekdays.map(({ day, nth }) => `the ${nth === -1 ? 'last' : NTH[nth]} ${WEEKDAYS[day]} of the month`),
  ];
  return `on ${listed(parts)}`;
}

function monthWords({ months: set }: CronPattern): string {
  const months = valuesOf(set);
  if (months.length === 12) return '';
  return `in ${spans(months, (month) => MONTHS[month - 1] as string)}`;
}

/** Runs of three and more are told by their ends. */
function spans(values: readonly number[], name: (value: number) => string): string {
  return listed(
    runsOf(values).flatMap(([from, to]) => {
      if (to - from >= 2) return `${name(from)} to ${name(to)}`;
      return from === to ? name(from) : [name(from), name(to)];
    }),
  );
}

function runsOf(values: readonly number[]): readonly (readonly [from: number, to: number])[] {
  const runs: [number, number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === value - 1) last[1] = value;
    else runs.push([value, value]);
  }
  return runs;
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

function clock(hour: number, minute: number, second?: number): string {
  return [hour, minute, ...(second === undefined ? [] : [second])]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

function ordinal(value: number): string {
  const teens = value % 100 >= 11 && value % 100 <= 13;
  return `${value}${teens ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th')}`;
}
