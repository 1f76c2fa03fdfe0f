import { describe, expect, it } from 'vitest';
import type { Report, ScheduleReview } from '../../src/review/index.ts';
import { commitOf, NOW, project, rescheduled, reviewed, SUMS, schedule } from './reviewed.ts';

function only(report: Report): ScheduleReview {
  expect(report.schedules).toHaveLength(1);
  return report.schedules[0] as ScheduleReview;
}

const BERLIN = 'timeZone: Europe/Berlin';

describe('ticks of a changed schedule', () => {
  it('are the next ten of both sides, in its zone and in UTC', () => {
    const { before, after } = only(rescheduled(`cron: "0 2 * * *", ${BERLIN}`, `cron: "30 2 * * mon-fri", ${BERLIN}`));
    expect(before?.next).toHaveLength(10);
    expect(before?.next[0]).toEqual({
      utc: '2026-01-06T01:00:00.000Z',
      local: 'Tue 2026-01-06 02:00',
      offset: '+01:00',
      isOnly: true,
    });
    expect(after?.next.map(({ local }) => local.slice(0, 14)).slice(3, 5)).toEqual([
      'Fri 2026-01-09',
      'Mon 2026-01-12',
    ]);
    expect(after?.words).toBe('at 02:30 on weekdays');
  });

  it('say which of them only one side has', () => {
    const { before, after } = only(rescheduled('cron: "0 * * * *"', 'cron: "*/30 * * * *"'));
    expect(before?.next.map(({ isOnly }) => isOnly ?? false)).toEqual(Array(10).fill(false));
    expect(after?.next.map(({ isOnly }) => isOnly ?? false)).toEqual(
      Array.from({ length: 10 }, (_, at) => at % 2 === 0),
    );
  });

  it('that come and go are counted over seven days', () => {
    const { instants } = only(rescheduled('cron: "0 * * * *"', 'cron: "*/30 * * * *"'));
    expect(instants).toMatchObject({ addedCount: 168, removedCount: 0 });
    expect(instants?.added[0]?.utc).toBe('2026-01-05T08:30:00.000Z');
  });

  it('are not compared one by one when there are too many', () => {
    const { instants, after } = only(rescheduled('cron: "0 * * * *"', 'every: 1s'));
    expect(instants).toBeUndefined();
    expect(after?.runsPerWeek).toBe(604_800);
  });

  it('are none of a schedule that is switched off, and its interval is an average of a year', () => {
    const { before, after } = only(rescheduled('cron: "0 0 1 * *"', 'cron: "0 0 1 * *", active: false'));
    expect(before?.runsPerWeek).toBeCloseTo(12 / 52, 2);
    expect(after).toMatchObject({ next: [], runsPerWeek: 0, isActive: false });
  });

  it('follow the files of dates that it names', () => {
    const named = schedule('nightly', 'cron: "0 2 * * *", exclude: [{ calendar: off.dates }]');
    const report = reviewed(
      { ...commitOf(SUMS, named), 'off.dates': '2026-01-01\n' },
      { ...commitOf(SUMS, named), 'off.dates': '2026-01-01\n2026-01-08\n' },
    );
    expect(only(report).instants).toMatchObject({ removedCount: 1, addedCount: 0 });
    expect(only(report).instants?.removed[0]?.local).toBe('Thu 2026-01-08 02:00');
  });
});

describe('schedules', () => {
  it('that are renamed are one that changed', () => {
    const rules = 'cron: "0 2 * * *", inputs: { n: 5 }';
    const report = reviewed(commitOf(SUMS, schedule('nightly', rules)), commitOf(SUMS, schedule('night', rules)));
    expect(only(report)).toMatchObject({
      name: 'night',
      previousName: 'nightly',
      state: 'changed',
      ticksDiffer: false,
    });
  });

  it.each([
    ['added', undefined, 'cron: "0 2 * * *"', 'added'],
    ['removed', 'cron: "0 2 * * *"', undefined, 'removed'],
    ['another zone', 'cron: "0 2 * * *"', `cron: "0 2 * * *", ${BERLIN}`, 'changed'],
    ['another spread', 'cron: "0 2 * * *"', 'cron: "0 2 * * *", spread: 5m', 'changed'],
    ['another overlap', 'cron: "0 2 * * *"', 'cron: "0 2 * * *", overlap: forbid', 'changed'],
  ])('that are told: %s', (_name, before, after, state) => {
    expect(only(rescheduled(before, after))).toMatchObject({ name: 'nightly', state });
  });

  it.each([
    ['another spelling of the file', 'cron: "0 2 * * *"', "cron: '0 2 * * *'"],
    ['other inputs', 'cron: "0 2 * * *"', 'cron: "0 2 * * *", inputs: { n: 2 }'],
  ])('that are not told: %s', (_name, before, after) => {
    expect(rescheduled(before, after).schedules).toEqual([]);
  });

  it('point at the line of their rule', () => {
    const { file, line } = only(rescheduled('cron: "0 2 * * *"', 'cron: "0 3 * * *"'));
    expect({ file, line }).toEqual({ file: 'pipelines/all.yaml', line: 15 });
  });
});

describe('schedules that differ by domain', () => {
  const variants = (all: string, production: string, staging: string) => ({
    ...commitOf(
      SUMS,
      schedule('nightly', `cron: "${all}"`),
      schedule('nightly', `cron: "${production}"`).replace(
        '{ name: nightly }',
        '{ name: nightly, domains: [production] }',
      ),
      schedule('nightly', `cron: "${staging}"`).replace('{ name: nightly }', '{ name: nightly, domains: [staging] }'),
    ),
    'pipectl.yaml': project().replace(
      'production: { ref: main }',
      'production: { ref: main }, staging: { ref: staging }, test: { ref: test }',
    ),
  });
  const before = variants('0 1 * * *', '0 2 * * *', '0 3 * * *');

  it('are those of the domain that is looked at', () => {
    const { name, before: old, after } = only(reviewed(before, variants('0 1 * * *', '0 4 * * *', '0 3 * * *')));
    expect([name, old?.rule, after?.rule]).toEqual(['nightly', '0 2 * * *', '0 4 * * *']);
  });

  it('are not those of others', () => {
    expect(reviewed(before, variants('0 1 * * *', '0 2 * * *', '0 5 * * *')).schedules).toEqual([]);
    expect(reviewed(before, variants('0 6 * * *', '0 2 * * *', '0 3 * * *')).schedules).toEqual([]);
  });
});

describe('the switch from one rule to the other', () => {
  const at = (text: string) => ({ mergeAt: Date.parse(text), now: NOW });
  it.each<[string, string, string, string, string]>([
    ['later, in between: twice', '0 2 * * *', '0 3 * * *', '2026-01-06T02:30:00Z', '1 doubled on Tue 2026-01-06'],
    [
      'earlier, in between: not at all',
      '0 3 * * *',
      '0 2 * * *',
      '2026-01-06T02:30:00Z',
      '1 skipped on Tue 2026-01-06',
    ],
    ['later, before both', '0 2 * * *', '0 3 * * *', '2026-01-06T01:30:00Z', 'none'],
    ['earlier, after both', '0 3 * * *', '0 2 * * *', '2026-01-06T05:00:00Z', 'none'],
    ['at the old tick, which runs', '0 2 * * *', '0 3 * * *', '2026-01-06T02:00:00Z', '1 doubled on Tue 2026-01-06'],
    [
      'at the new tick, which does not',
      '0 3 * * *',
      '0 2 * * *',
      '2026-01-06T02:00:00Z',
      '1 skipped on Tue 2026-01-06',
    ],
    [
      'of weekly ones',
      '0 2 * * mon',
      '0 2 * * wed',
      '2026-01-06T00:00:00Z',
      '1 doubled in the week from Mon 2026-01-05',
    ],
    ['of monthly ones', '0 2 20 * *', '0 2 5 * *', '2026-01-07T00:00:00Z', '1 skipped in 2026-01'],
    ['to more often', '0 2 * * *', '0 * * * *', '2026-01-06T05:00:00Z', 'none'],
  ])('%s', (_name, before, after, merge, told) => {
    const { effect } = only(rescheduled(`cron: "${before}"`, `cron: "${after}"`, at(merge))).switchOver;
    expect(effect === undefined ? 'none' : `${effect.count} ${effect.kind} ${effect.stretch}`).toBe(told);
  });

  it('tells the last tick by the old rule and the first by the new one', () => {
    const { switchOver } = only(rescheduled('cron: "0 3 * * *"', 'cron: "0 2 * * *"', at('2026-01-06T02:30:00Z')));
    expect(switchOver.last?.utc).toBe('2026-01-05T03:00:00.000Z');
    expect(switchOver.first?.utc).toBe('2026-01-07T02:00:00.000Z');
  });

  it('is a finding when it matters', () => {
    const { findings } = rescheduled('cron: "0 3 * * *"', 'cron: "0 2 * * *"', at('2026-01-06T02:30:00Z'));
    expect(findings).toMatchObject([{ rule: 'tick-skipped', level: 'warning', file: 'pipelines/all.yaml', line: 15 }]);
  });
});

describe('clocks that change', () => {
  const untouched = 'no tick in the hour that changes';
  it.each<[string, string, readonly string[], string, string]>([
    [
      'a time in the gap',
      '30 2 * * *',
      ['02:30'],
      'does not exist: it ticks at the first instant after the gap',
      'comes twice: the first passing ticks',
    ],
    [
      'several',
      '15,45 2 * * *',
      ['02:15', '02:45'],
      'do not exist: they are one tick at the first instant after the gap',
      'come twice: the first passings tick',
    ],
    [
      'an interval',
      '*/30 2 * * *',
      ['02:00', '02:30'],
      'an interval: nothing in the gap is made up for',
      'an interval: both passings tick',
    ],
    ['another hour', '0 5 * * *', [], untouched, untouched],
    ['no Sunday', '30 2 * * mon', [], untouched, untouched],
  ])('%s', (_name, cron, times, inSpring, inAutumn) => {
    const { clockChanges } = only(rescheduled(`cron: "0 0 * * *", ${BERLIN}`, `cron: "${cron}", ${BERLIN}`));
    expect(clockChanges).toMatchObject([
      { from: 'Sun 2026-03-29 02:00', times, words: inSpring },
      { from: 'Sun 2026-10-25 03:00', times, words: inAutumn },
    ]);
  });

  it('are none in UTC', () => {
    expect(only(rescheduled('cron: "0 0 * * *"', 'cron: "30 2 * * *"')).clockChanges).toEqual([]);
  });

  it('of half an hour are told as they are', () => {
    const { clockChanges } = only(
      rescheduled('cron: "0 0 * * *"', 'cron: "15 2 * * *", timeZone: Australia/Lord_Howe'),
    );
    expect(clockChanges.map(({ kind, from, to, times }) => [kind, from, to, times])).toEqual([
      ['back', 'Sun 2026-04-05 02:00', 'Sun 2026-04-05 01:30', []],
      ['forward', 'Sun 2026-10-04 02:00', 'Sun 2026-10-04 02:30', ['02:15']],
    ]);
  });
});
