import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCron, ticksBetween } from '../../src/calendar/index.ts';

function ours(expression: string, timeZone: string, after: number, count: number): string[] {
  const result = parseCron(expression);
  if (result.kind !== 'ok') throw new Error(result.message);
  return ticksBetween({ kind: 'cron', pattern: result.pattern, timeZone }, after, Infinity, count).map(text);
}

function theirs(expression: string, timeZone: string, after: number, count: number): string[] {
  const runs = new Cron(expression, { timezone: timeZone }).nextRuns(count, new Date(after));
  return runs.map((run) => text(run.getTime()));
}

function text(at: number): string {
  return new Date(at).toISOString().slice(0, 19);
}

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Africa/Casablanca',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Antarctica/Troll',
] as const;

const one = (max: number, min = 0) => fc.integer({ min, max }).map(String);
const some = (max: number, min = 0) =>
  fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 }).map((values) => values.join(','));
const range = (max: number, min = 0) =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }), fc.integer({ min: 1, max: 4 })).map(([a, b, step]) => {
    return `${Math.min(a, b)}-${Math.max(a, b)}/${step}`;
  });
const any = fc.constantFrom('*', '*/2', '*/3', '*/7');
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const dayOfMonth = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('*', '?', 'L', 'LW') },
  { weight: 3, arbitrary: fc.oneof(some(31, 1), range(28, 1), fc.constantFrom('*/2', '*/5')) },
  { weight: 1, arbitrary: one(31, 1).map((day) => `${day}W`) },
);
const month = fc.oneof(
  { weight: 3, arbitrary: fc.constant('*') },
  some(12, 1),
  fc.constantFrom('*/3', 'jan-jun', 'feb'),
);
const dayOfWeek = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('*', '?') },
  some(7),
  fc.constantFrom('mon-fri', '*/2', 'sat,sun'),
  fc.tuple(fc.constantFrom(...WEEKDAYS), fc.integer({ min: 1, max: 5 })).map(([day, nth]) => `${day}#${nth}`),
  fc.constantFrom(...WEEKDAYS).map((day) => `${day}L`),
);
const days = fc.tuple(dayOfMonth, month, dayOfWeek).map((fields) => fields.join(' '));
const times = {
  fixed: fc.tuple(one(59), one(23)),
  interval: fc.oneof(
    fc.tuple(any, fc.oneof(any, some(23), range(23))),
    fc.tuple(fc.oneof(one(59), some(59), range(59)), any),
  ),
  anything: fc.tuple(fc.oneof(one(59), some(59), range(59)), fc.oneof(one(23), some(23), range(23))),
};
const expressions = (of: keyof typeof times) =>
  fc.tuple(times[of], days).map(([time, day]) => `${time.join(' ')} ${day}`);
const starts = fc.integer({ min: Date.UTC(2012, 0) / 1000, max: Date.UTC(2036, 0) / 1000 }).map((at) => at * 1000);
/** Near the changes of most of the zones: every search begins within some hours of one. */
const changes = fc
  .tuple(
    fc.constantFrom(Date.UTC(2026, 2, 8), Date.UTC(2026, 2, 29), Date.UTC(2026, 3, 4), Date.UTC(2026, 9, 3)),
    fc.constantFrom(Date.UTC(2026, 9, 25), Date.UTC(2026, 10, 1), Date.UTC(2026, 1, 15), Date.UTC(2026, 2, 22)),
    fc.boolean(),
    fc.integer({ min: -36 * 60, max: 12 * 60 }),
  )
  .map(([a, b, isFirst, minutes]) => (isFirst ? a : b) + minutes * 60_000);

describe('as croner says', () => {
  it('at one time of the day, and at intervals, whether or not clocks change', () => {
    const expression = fc.oneof(expressions('fixed'), expressions('interval'));
    fc.assert(
      fc.property(expression, fc.constantFrom(...ZONES), fc.oneof(changes, starts), (cron, zone, after) => {
        expect(ours(cron, zone, after, 5)).toEqual(theirs(cron, zone, after, 5));
      }),
      { numRuns: 1_000 },
    );
  });

  it('at any times, where no clock changes', () => {
    fc.assert(
      fc.property(expressions('anything'), starts, (cron, after) => {
        expect(ours(cron, 'UTC', after, 5)).toEqual(theirs(cron, 'UTC', after, 5));
      }),
      { numRuns: 300 },
    );
  });
});

/** Where croner decides otherwise: both answers stand here, so that a change of either is seen. */
describe('unlike croner', () => {
  const spring = Date.UTC(2026, 2, 28, 12);
  const autumn = Date.UTC(2026, 9, 24, 12);
  const rows: readonly [why: string, cron: string, zone: string, after: number, own: string[], its: string[]][] = [
    [
      'several fixed times in a gap tick once after it: what was to run that night does run',
      '15,45 2 * * *',
      'Europe/Berlin',
      spring,
      ['2026-03-29T01:00:00', '2026-03-30T00:15:00'],
      ['2026-03-30T00:15:00', '2026-03-30T00:45:00'],
    ],
    [
      'several fixed times of an hour that comes twice tick at its first passing only',
      '15,45 2 * * *',
      'Europe/Berlin',
      autumn,
      ['2026-10-25T00:15:00', '2026-10-25T00:45:00', '2026-10-26T01:15:00'],
      ['2026-10-25T00:15:00', '2026-10-25T00:45:00', '2026-10-25T01:15:00'],
    ],
    [
      'several hours are fixed times, too',
      '0 2,3 * * *',
      'Europe/Berlin',
      autumn,
      ['2026-10-25T00:00:00', '2026-10-25T02:00:00'],
      ['2026-10-25T00:00:00', '2026-10-25T01:00:00'],
    ],
    [
      'a step in the seconds alone leaves minute and hour fixed',
      '*/20 30 2 * * *',
      'Europe/Berlin',
      spring,
      ['2026-03-29T01:00:00', '2026-03-30T00:30:00'],
      ['2026-03-30T00:30:00', '2026-03-30T00:30:20'],
    ],
    [
      'a day that a zone left out is made up for, once',
      '30 2 * * *',
      'Pacific/Apia',
      Date.UTC(2011, 11, 29, 12),
      ['2011-12-29T12:30:00', '2011-12-30T10:00:00', '2011-12-30T12:30:00'],
      ['2011-12-29T12:30:00', '2011-12-30T12:30:00', '2011-12-31T12:30:00'],
    ],
  ];
  it.each(rows)('%s', (_why, cron, zone, after, own, its) => {
    expect(ours(cron, zone, after, own.length)).toEqual(own);
    expect(theirs(cron, zone, after, its.length)).toEqual(its);
  });

  it.each(['5/15 * * * *', '0 22-2 * * *', '0 0 L-2 * *'])('takes %s', (cron) => {
    expect(() => new Cron(cron)).toThrow(/CronPattern/);
    expect(parseCron(cron).kind).toBe('ok');
  });
});
