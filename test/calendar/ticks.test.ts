import { describe, expect, it } from 'vitest';
import {
  countBetween,
  isTimeZone,
  nextTick,
  parseCron,
  previousTick,
  type TickRule,
  ticksBetween,
} from '../../src/calendar/index.ts';

function cron(expression: string, timeZone = 'UTC'): TickRule {
  const result = parseCron(expression);
  if (result.kind !== 'ok') throw new Error(result.message);
  return { kind: 'cron', pattern: result.pattern, timeZone };
}

function iso(instants: readonly number[]): string[] {
  return instants.map((at) => new Date(at).toISOString().slice(0, 16));
}

function nextTicks(rule: TickRule, from: string, count: number): string[] {
  return iso(ticksBetween(rule, Date.parse(from), Infinity, count));
}

describe('when clocks change', () => {
  const rows: readonly [what: string, expression: string, zone: string, from: string, ticks: string[]][] = [
    [
      'a time in the gap ticks at its end',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00Z',
      ['2026-03-29T01:00', '2026-03-30T00:30'],
    ],
    [
      'two times in the gap tick once',
      '15,45 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00Z',
      ['2026-03-29T01:00', '2026-03-30T00:15'],
    ],
    [
      'gap and its end tick once',
      '0 2,3 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00Z',
      ['2026-03-29T01:00', '2026-03-30T00:00'],
    ],
    [
      'a time that comes twice ticks once',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-10-24T12:00Z',
      ['2026-10-25T00:30', '2026-10-26T01:30'],
    ],
    [
      'hourly runs through the fold',
      '0 * * * *',
      'Europe/Berlin',
      '2026-10-24T23:30Z',
      ['2026-10-25T00:00', '2026-10-25T01:00', '2026-10-25T02:00'],
    ],
    [
      'hourly runs through the gap',
      '30 * * * *',
      'Europe/Berlin',
      '2026-03-29T00:00Z',
      ['2026-03-29T00:30', '2026-03-29T01:30'],
    ],
    [
      'half-hour changes',
      '15 2 * * *',
      'Australia/Lord_Howe',
      '2026-10-03T00:00Z',
      ['2026-10-03T15:30', '2026-10-04T15:15'],
    ],
    [
      'a whole day that a zone skipped',
      '0 12 30 12 *',
      'Pacific/Apia',
      '2011-12-01T00:00Z',
      ['2011-12-30T10:00', '2012-12-29T22:00'],
    ],
  ];
  it.each(rows)('%s, wherever one asks from', (_what, expression, zone, _from, ticks) => {
    const rule = cron(expression, zone);
    for (const tick of ticks.map((text) => Date.parse(`${text}Z`))) expect(nextTick(rule, tick - 1)).toBe(tick);
  });

  it.each(rows)('%s', (_what, expression, zone, from, ticks) => {
    expect(nextTicks(cron(expression, zone), from, ticks.length)).toEqual(ticks);
  });
});

describe('days', () => {
  const rows: readonly [expression: string, ticks: string[]][] = [
    ['0 0 L * *', ['2026-01-31T00:00', '2026-02-28T00:00', '2026-03-31T00:00']],
    ['0 0 L-2 * *', ['2026-01-29T00:00', '2026-02-26T00:00', '2026-03-29T00:00']],
    ['0 0 LW * *', ['2026-01-30T00:00', '2026-02-27T00:00', '2026-03-31T00:00']],
    ['0 0 1W * *', ['2026-02-02T00:00', '2026-03-02T00:00', '2026-04-01T00:00']],
    ['0 0 * * fri#2', ['2026-01-09T00:00', '2026-02-13T00:00', '2026-03-13T00:00']],
    ['0 0 * * monL', ['2026-01-26T00:00', '2026-02-23T00:00', '2026-03-30T00:00']],
    ['0 0 13 * fri', ['2026-01-02T00:00', '2026-01-09T00:00', '2026-01-13T00:00']],
    ['0 0 29 2 *', ['2028-02-29T00:00', '2032-02-29T00:00', '2036-02-29T00:00']],
  ];
  it.each(rows)('%s', (expression, ticks) => {
    expect(nextTicks(cron(expression), '2026-01-01T12:00Z', ticks.length)).toEqual(ticks);
  });

  it('never end the search on a date that does not exist', () => {
    expect(nextTick(cron('0 0 30 2 *'), 0)).toBeUndefined();
    expect(nextTick(cron('0 0 31 4,6,9,11 *', 'Europe/Berlin'), 0)).toBeUndefined();
  });
});

describe('rates, start and end', () => {
  it('ticks at the anchor plus whole intervals, wherever one asks from', () => {
    const rule: TickRule = { kind: 'rate', everyMs: 900_000, anchor: Date.parse('2026-01-01T00:05Z') };
    expect(nextTicks(rule, '2026-03-01T07:00Z', 2)).toEqual(['2026-03-01T07:05', '2026-03-01T07:20']);
  });
  it('ticks neither before start nor from end on', () => {
    const rule = { ...cron('0 0 * * *'), start: Date.parse('2026-01-03T00:00Z'), end: Date.parse('2026-01-05T00:00Z') };
    expect(nextTicks(rule, '2026-01-01T00:00Z', 9)).toEqual(['2026-01-03T00:00', '2026-01-04T00:00']);
  });
  it.each(['UTC', 'Europe/Berlin', 'Pacific/Chatham'])('stops at year 9999 in %s', (zone) => {
    expect(nextTick(cron('0 1 1 1 *', zone), Date.UTC(9999, 11, 31, 23, 59))).toBeUndefined();
    expect(iso([nextTick(cron('0 12 1 7 *', zone), Date.UTC(9998, 8)) as number])[0]).toMatch(/^9999-0[67]/);
    expect(nextTick({ kind: 'rate', everyMs: 3_600_000, anchor: 0 }, Date.UTC(9999, 11, 31, 23))).toBeUndefined();
    expect(nextTick(cron('* * * * *', zone), Number.MAX_SAFE_INTEGER)).toBeUndefined();
  });
  it('ticks at most once in a rate of centuries, and as often as the clock counts at most', () => {
    const centuries: TickRule = { kind: 'rate', everyMs: 100 * 365 * 86_400_000, anchor: 0 };
    expect(ticksBetween(centuries, 1, Date.UTC(2100, 0), 10)).toEqual([centuries.everyMs]);
    expect(ticksBetween({ kind: 'rate', everyMs: 1, anchor: 0 }, 5, 8, 10)).toEqual([6, 7, 8]);
  });
  it('never ticks when the end is not after the start', () => {
    const rule = { ...cron('* * * * *'), start: Date.parse('2026-01-05T00:00Z'), end: Date.parse('2026-01-03T00:00Z') };
    expect(nextTick(rule, 0)).toBeUndefined();
    expect(previousTick(rule, Infinity)).toBeUndefined();
    expect(countBetween(rule, 0, Infinity, 10)).toBe(0);
  });
  it('ticks in a zone by its old name, which is a link to the new one', () => {
    const from = Date.parse('2026-03-28T12:00Z');
    for (const [old, name] of [
      ['US/Pacific', 'America/Los_Angeles'],
      ['Asia/Calcutta', 'Asia/Kolkata'],
      ['Europe/Kiev', 'Europe/Kyiv'],
    ] as const) {
      expect(ticksBetween(cron('30 2 * * *', old), from, Infinity, 400)).toEqual(
        ticksBetween(cron('30 2 * * *', name), from, Infinity, 400),
      );
    }
  });
});

it('knows zones of the database, not offsets or invented ones', () => {
  expect(['UTC', 'Europe/Berlin', 'Etc/GMT+5'].every(isTimeZone)).toBe(true);
  expect(['', '+01:00', 'Mars/Olympus', 'US/Pacific-New', 'PST', 'x'.repeat(100)].some(isTimeZone)).toBe(false);
});
