import { type Json, MAX_DURATION_MS } from '../../base/index.ts';
import { parseDuration, printDuration } from '../duration.ts';
import { normalInstant } from '../instant.ts';
import { INTEGER } from '../type.ts';
import type { Overload } from './functions.ts';
import { fail, type Run } from './run.ts';

/** Whether a string is an instant in its one normal form. */
export function isInstant(value: string): boolean {
  return value.length === 24 && normalInstant(value) === value;
}

/** An instant as Unix milliseconds. */
export function instantMs(value: Json): number {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? fail('expected a date and time, found another value') : ms;
}

/** Unix milliseconds as an instant in normal form. */
export function printInstant(ms: number): string {
  // Beyond 8.64e15 a Date is invalid: https://tc39.es/ecma262/#sec-time-values-and-time-range
  const text = Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : '';
  return text.length === 24 ? text : fail('the result leaves the years 0000 to 9999');
}

/** A duration as milliseconds. */
export function durationMs(value: Json): number {
  const parsed = typeof value === 'string' ? parseDuration(value) : undefined;
  return parsed?.kind === 'ok' ? parsed.ms : fail('expected a duration, found another value');
}

/** Milliseconds as a duration in normal form. */
export function printSpan(ms: number): string {
  return Math.abs(ms) <= MAX_DURATION_MS ? printDuration(ms) : fail('the result is longer than a duration may be');
}

export function addDurations(left: Json, right: Json, sign: 1 | -1): string {
  return printSpan(durationMs(left) + sign * durationMs(right));
}

/** `datetime(text)`: RFC 3339. */
export function parseInstantText(_run: Run, value: Json): string {
  const instant = typeof value === 'string' ? normalInstant(value) : undefined;
  return instant ?? fail('datetime() takes RFC 3339 text, for example "2026-01-02T03:04:05Z"');
}

/** `duration(text)`: `1h30m`, `PT5M`. */
export function parseSpanText(_run: Run, value: Json): string {
  const parsed = typeof value === 'string' ? parseDuration(value) : undefined;
  if (parsed?.kind === 'ok') return printDuration(parsed.ms);
  return fail(`duration(): ${parsed?.message ?? 'it takes a text such as "1h30m"'}`);
}

function instantPart(read: (instant: Date) => number): readonly Overload[] {
  return [
    { parameters: ['datetime'], result: INTEGER, apply: (_run, value) => read(new Date(instantMs(value as Json))) },
  ];
}

function spanPart(unitMs: number): readonly Overload[] {
  return [
    {
      parameters: ['duration'],
      result: INTEGER,
      apply: (_run, value) => Math.trunc(durationMs(value as Json) / unitMs) + 0,
    },
  ];
}

/** First day of the UTC year, for the day of the year. */
function yearStart(instant: Date): number {
  const start = new Date(0);
  start.setUTCFullYear(instant.getUTCFullYear(), 0, 1);
  return start.getTime();
}

/** Parts of an instant, in UTC. Months and days of the month, week and year count from 0, as CEL defines them; `getDate` from 1. */
export const INSTANT_FUNCTIONS: readonly (readonly [string, readonly Overload[]])[] = [
  ['getFullYear', instantPart((instant) => instant.getUTCFullYear())],
  ['getMonth', instantPart((instant) => instant.getUTCMonth())],
  ['getDate', instantPart((instant) => instant.getUTCDate())],
  ['getDayOfMonth', instantPart((instant) => instant.getUTCDate() - 1)],
  ['getDayOfWeek', instantPart((instant) => instant.getUTCDay())],
  ['getDayOfYear', instantPart((instant) => Math.floor((instant.getTime() - yearStart(instant)) / 86_400_000))],
];

const SPAN_MS = { getHours: 3_600_000, getMinutes: 60_000, getSeconds: 1000, getMilliseconds: 1 } as const;

/** Hours, minutes, … are parts of an instant and totals of a duration, as CEL defines them. */
export const DURATION_FUNCTIONS: readonly (readonly [string, readonly Overload[]])[] = [
  ['getHours', [...instantPart((instant) => instant.getUTCHours()), ...spanPart(SPAN_MS.getHours)]],
  ['getMinutes', [...instantPart((instant) => instant.getUTCMinutes()), ...spanPart(SPAN_MS.getMinutes)]],
  ['getSeconds', [...instantPart((instant) => instant.getUTCSeconds()), ...spanPart(SPAN_MS.getSeconds)]],
  [
    'getMilliseconds',
    [...instantPart((instant) => instant.getUTCMilliseconds()), ...spanPart(SPAN_MS.getMilliseconds)],
  ],
];
