import { describe, expect, it } from 'vitest';
import { spreadOffsetMs } from '../../src/calendar/index.ts';
import { heatRows, type PlanDurations, type Report } from '../../src/review/index.ts';
import { commitOf, DOMAIN, reviewed, SUMS, schedule } from './reviewed.ts';

/** Twenty reports that tick at their own minutes of one hour, or all at once. */
function reports(minuteOf: (at: number) => number, more = '', count = 20): readonly string[] {
  return Array.from({ length: count }, (_, at) => schedule(`report-${at}`, `cron: "${minuteOf(at)} 6 * * *"${more}`));
}

function platform(spec: string): string {
  return `kind: Platform\nmetadata: { name: default }\nspec: { ${spec} }\n`;
}

const apart = (more: readonly string[] = []) => commitOf(SUMS, ...reports((at) => at), ...more);
const together = (more: readonly string[] = []) => commitOf(SUMS, ...reports(() => 0), ...more);

function durations(p50Ms: number, p95Ms: number): ReadonlyMap<string, PlanDurations> {
  return new Map([['sums', { p50Ms, p95Ms, runs: 40 }]]);
}

const rulesOf = ({ findings }: Report) => findings.map(({ rule }) => rule);

describe('the load of a week', () => {
  it('is counted by the hour from the merge on, on both sides', () => {
    const { load } = reviewed(commitOf(SUMS), commitOf(SUMS, schedule('nightly', 'cron: "0,30 2 * * *"')));
    expect(load?.from).toBe('2026-01-05T08:00:00.000Z');
    expect(load?.before).toEqual(Array(168).fill(0));
    expect(load?.after.flatMap((count, hour) => (count === 0 ? [] : [[hour, count]]))).toEqual(
      Array.from({ length: 7 }, (_, day) => [18 + day * 24, 2]),
    );
    expect(load).toMatchObject({ totalBefore: 0, totalAfter: 14, runsPerWeekBefore: 0, runsPerWeekAfter: 14 });
    expect(load?.peakAfter).toEqual({ count: 2, utc: '2026-01-06T02:00:00.000Z' });
  });

  it('has in each minute all ticks of a rule by the second', () => {
    const { load } = reviewed(commitOf(SUMS), commitOf(SUMS, schedule('beat', 'cron: "*/10 * 3 * * *"')));
    expect(load?.minuteAfter).toEqual({ count: 6, utc: '2026-01-06T03:00:00.000Z' });
    expect(load?.peakAfter.count).toBe(360);
  });

  it('knows the busiest minute and what starts in it', () => {
    const { load, verdict } = reviewed(apart(), together());
    expect(load?.minuteBefore.count).toBe(1);
    expect(load?.minuteAfter).toEqual({ count: 20, utc: '2026-01-06T06:00:00.000Z' });
    expect(load?.busiest.map(({ name }) => name)).toEqual([
      'report-0',
      'report-1',
      'report-10',
      'report-11',
      'report-12',
    ]);
    expect(verdict.line).toBe('19 schedules changed');
  });

  it('is put where a spread puts it', () => {
    const { load } = reviewed(commitOf(SUMS), commitOf(SUMS, schedule('nightly', 'cron: "0 2 * * *", spread: 3h')));
    const due = Date.parse('2026-01-06T02:00:00Z') + spreadOffsetMs(DOMAIN.namespace, 'nightly', 3 * 3_600_000);
    expect(load?.minuteAfter.utc).toBe(new Date(Math.floor(due / 60_000) * 60_000).toISOString());
  });

  it('leaves out what is switched off', () => {
    const { load } = reviewed(commitOf(SUMS), commitOf(SUMS, schedule('nightly', 'cron: "0 2 * * *", active: false')));
    expect(load?.totalAfter).toBe(0);
  });

  it('is drawn as bars by day, blank where the week does not reach', () => {
    const { load } = reviewed(commitOf(SUMS), commitOf(SUMS, schedule('nightly', 'cron: "0 2 * * *"')));
    const rows = heatRows(load!);
    expect(rows).toHaveLength(8);
    expect(rows[0]).toEqual({
      day: 'Mon 01-05',
      before: `${' '.repeat(8)}${'·'.repeat(16)}`,
      after: `${' '.repeat(8)}${'·'.repeat(16)}`,
    });
    expect(rows[1]?.after).toBe(`··█${'·'.repeat(21)}`);
  });
});

describe('a spread', () => {
  it('is suggested when a change makes a minute busy: the shortest that helps', () => {
    const { load } = reviewed(apart(), together());
    expect(load?.suggestion?.schedules).toHaveLength(19);
    expect(load?.suggestion?.spread).toBe('10m');
    expect(load?.suggestion?.peakBefore).toBe(20);
    expect(load!.suggestion!.peakAfter).toBeLessThanOrEqual(5);
  });

  it('does what was promised when it is written', () => {
    const { suggestion } = reviewed(apart(), together()).load!;
    const spread = commitOf(
      SUMS,
      ...reports(() => 0).map((text, at) =>
        at === 0 ? text : text.replace(' }\n', ' }\n').replace('* * *"', `* * *", spread: ${suggestion?.spread}`),
      ),
    );
    expect(reviewed(apart(), spread).load?.minuteAfter.count).toBe(suggestion?.peakAfter);
  });

  it.each([
    ['few start together', commitOf(SUMS, ...reports((at) => at, '', 4)), commitOf(SUMS, ...reports(() => 0, '', 4))],
    ['they are spread already', apart(), commitOf(SUMS, ...reports(() => 0, ', spread: 2m'))],
    ['it was as busy before', together(), together([schedule('other', 'cron: "0 7 * * *"')])],
    [
      'a second of a rule is a tick',
      commitOf(SUMS),
      commitOf(SUMS, ...reports(() => 0).map((text) => text.replace(/cron: ".*"/, 'every: 1s'))),
    ],
  ])('is not suggested when %s', (_name, before, after) => {
    expect(reviewed(before, after).load?.suggestion).toBeUndefined();
  });
});

describe('collisions', () => {
  it.each([
    ['workers', 'propeller: { workers: 10 }', 'workers', 10],
    [
      'executions of the quota',
      'propeller: {}, quotas: [{ domain: production, maxExecutions: 8 }]',
      'maxExecutions',
      8,
    ],
    ['tasks of the quota', 'propeller: {}, quotas: [{ project: shop, maxTasks: 8 }]', 'maxTasks', 8],
  ])('are told of %s', (_name, spec, limit, allowed) => {
    const settings = [platform(spec)];
    const report = reviewed(apart(settings), together(settings));
    expect(report.load?.collisions).toMatchObject([
      { limit, allowed, before: 1, after: 20, utc: '2026-01-06T06:00:00.000Z' },
    ]);
    expect(rulesOf(report)).toEqual(['load-limit']);
  });

  it.each([
    ['the quota is of another domain', 'propeller: {}, quotas: [{ domain: staging, maxExecutions: 8 }]'],
    ['there is room', 'propeller: { workers: 20 }'],
  ])('are none when %s', (_name, spec) => {
    const settings = [platform(spec)];
    expect(reviewed(apart(settings), together(settings)).load?.collisions).toEqual([]);
  });

  it('are no news when it was too much before', () => {
    const settings = [platform('propeller: { workers: 10 }')];
    const report = reviewed(together(settings), together([...settings, schedule('other', 'cron: "0 7 * * *"')]));
    expect(report.load?.collisions).toEqual([]);
  });

  it('count what is still running where that is known', () => {
    const settings = [platform('propeller: {}, quotas: [{ maxExecutions: 4 }]')];
    const before = commitOf(SUMS, ...settings);
    const after = commitOf(SUMS, schedule('often', 'cron: "*/10 * * * *"'), ...settings);
    expect(reviewed(before, after).load?.collisions).toEqual([]);
    const { load } = reviewed(before, after, { history: durations(30 * 60_000, 55 * 60_000) });
    expect(load?.collisions).toMatchObject([{ limit: 'maxExecutions', allowed: 4, after: 6 }]);
  });
});

describe('with a history', () => {
  it.each([
    ['allow', '', 'up to 3 run at once'],
    ['forbid', ', overlap: forbid', 'ticks that come meanwhile are left out'],
    ['replace', ', overlap: replace', 'each tick aborts the execution before it'],
    ['queue', ', overlap: queue, maxQueued: 4', 'ticks wait in line, 4 at most, and are left out when it is full'],
  ])('overlap is told: %s', (_name, more, words) => {
    const after = commitOf(SUMS, schedule('often', `cron: "*/10 * * * *"${more}`));
    const report = reviewed(commitOf(SUMS), after, { history: durations(9 * 60_000, 25 * 60_000) });
    expect(report.schedules[0]?.overlap).toEqual({ p95Ms: 1_500_000, intervalMs: 600_000, words });
    expect(rulesOf(report)).toEqual(['overlapping-runs']);
  });

  it('cost is runs times duration, on both sides', () => {
    const report = reviewed(
      commitOf(SUMS, schedule('nightly', 'cron: "0 2 * * *"')),
      commitOf(SUMS, schedule('nightly', 'cron: "0 2,14 * * *"')),
      { history: durations(3_600_000, 7_200_000) },
    );
    expect(report.schedules[0]?.cost).toEqual({
      runs: 40,
      before: { hoursP50: 7, hoursP95: 14 },
      after: { hoursP50: 14, hoursP95: 28 },
    });
  });

  it('cost has cores and memory when tasks ask for them', () => {
    const task = `kind: Task\nmetadata: { name: work }\nspec: { run: { command: [make] }, resources: { requests: { cpu: 500m, memory: 2Gi } } }\n`;
    const flow = `kind: Workflow\nmetadata: { name: sums }\nspec: { inputs: { n: { type: integer, default: 1 } }, nodes: { a: { task: work }, b: { task: work } } }\n`;
    const plan = (atOnce: string) => `kind: LaunchPlan\nmetadata: { name: sums }\nspec: { workflow: sums${atOnce} }\n`;
    const commit = (cron: string, atOnce = '') =>
      commitOf(task, flow, plan(atOnce), schedule('nightly', `cron: "${cron}"`));
    const history = durations(3_600_000, 3_600_000);
    const both = reviewed(commit('0 2 * * *'), commit('0 3 * * *'), { history }).schedules[0]?.cost;
    expect(both?.after).toMatchObject({ coreHours: 7, gibHours: 28 });
    const one = reviewed(commit('0 2 * * *'), commit('0 3 * * *', ', maxParallelism: 1'), { history });
    expect(one.schedules[0]?.cost?.after).toMatchObject({ coreHours: 3.5, gibHours: 14 });
  });

  it('of other plans there is none', () => {
    const history = new Map([['others', { p50Ms: 1, p95Ms: 1, runs: 1 }]]);
    const report = reviewed(commitOf(SUMS), commitOf(SUMS, schedule('nightly', 'cron: "0 2 * * *"')), { history });
    expect(report.schedules[0]?.cost).toBeUndefined();
    expect(report.load?.unknownDurations).toBe(1);
  });
});
