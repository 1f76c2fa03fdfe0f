import { describe, expect, it } from 'vitest';
import type { ScheduleClosure } from '../../src/compiler/index.ts';
import { parseDatesFile } from '../../src/language/index.ts';
import { type Answer, type Commit, commitOf, compileAll, compileChange, entriesOf } from './commit.ts';

const WORKFLOW = 'kind: Workflow\nmetadata: { name: sums }\nspec: { nodes: { one: { compute: { x: 1 } } } }';
const PLAN = 'kind: LaunchPlan\nmetadata: { name: nightly }\nspec: { workflow: sums }';

function schedule(spec: string, name = 'nightly'): string {
  return `kind: Schedule\nmetadata: { name: ${name} }\nspec: { launchPlan: nightly, cron: "0 2 * * *", ${spec} }`;
}

function commit(schedules: readonly string[], files: Readonly<Record<string, string>> = {}): Commit {
  const { files: definitions, folders } = commitOf(WORKFLOW, PLAN, ...schedules);
  return { files: new Map([...definitions, ...Object.entries(files)]), folders };
}

function closureOf(answer: Answer, name = 'nightly'): ScheduleClosure | undefined {
  const found =
    answer.kind === 'compiled'
      ? answer.changed.find((entity) => entity.name === name && entity.kind === 'Schedule')
      : undefined;
  return found?.closure as ScheduleClosure | undefined;
}

describe('a schedule', () => {
  it('keeps its digest when it says nothing of what it may exclude', () => {
    const closure = closureOf(compileAll(commit([schedule('active: true')])));
    expect(Object.keys(closure ?? {}).sort()).toEqual([
      'active',
      'catchUp',
      'cron',
      'kind',
      'launchPlan',
      'name',
      'timeZone',
    ]);
  });

  it('has its settings in its closure', () => {
    const spec = 'overlap: queue, maxQueued: 3, priority: -5, rateLimit: { ticks: 2, per: 1m }';
    expect(closureOf(compileAll(commit([schedule(spec)])))).toMatchObject({
      overlap: 'queue',
      maxQueued: 3,
      priority: -5,
      rateLimit: { ticks: 2, perMs: 60_000 },
    });
  });

  it.each([
    [
      'a day is excluded to its end',
      '{ from: 2026-12-24, to: 2026-12-26 }',
      { from: '2026-12-24T00:00:00', to: '2026-12-27T00:00:00' },
    ],
    [
      'a time ends before itself',
      '{ from: 2026-12-24T18:00, to: 2026-12-26T06:30 }',
      { from: '2026-12-24T18:00:00', to: '2026-12-26T06:30:00' },
    ],
    [
      'one day alone',
      '{ from: 2026-12-24, to: 2026-12-24 }',
      { from: '2026-12-24T00:00:00', to: '2026-12-25T00:00:00' },
    ],
    [
      'days are sorted, each once',
      '{ dates: [2026-12-26, 2026-12-25, 2026-12-26] }',
      { dates: ['2026-12-25', '2026-12-26'] },
    ],
  ])('excludes: %s', (_name, item, rule) => {
    expect(closureOf(compileAll(commit([schedule(`exclude: [${item}]`)])))?.exclude).toEqual([rule]);
  });

  it.each([
    ['a span without an end', '{ from: 2026-12-24 }'],
    ['a span that ends where it begins', '{ from: 2026-12-24T01:00, to: 2026-12-24T01:00 }'],
    ['a day that there is not', '{ dates: [2026-02-30] }'],
    ['an hour that there is not', '{ from: 2026-02-01T24:30, to: 2026-02-03 }'],
  ])('does not take %s', (_name, item) => {
    const { kind, diagnostics } = compileAll(commit([schedule(`exclude: [${item}]`)]));
    expect([kind, ...diagnostics.map(({ code }) => code)]).toEqual(['rejected', 'PIPE-SCHED-001']);
  });
});

describe('a file of dates', () => {
  const using = schedule('exclude: [{ calendar: ./calendars/holidays.dates }]');
  const other = schedule('active: false', 'other');
  const holidays = '# Public holidays\n2026-12-26\n\n2026-12-25 Christmas Day\n';
  const before = commit([using, other], { 'calendars/holidays.dates': holidays });

  it('is read at the commit, and stands in the closure', () => {
    const answer = compileAll(before);
    expect(answer.filesRead).toContain('calendars/holidays.dates');
    expect(closureOf(answer)?.exclude).toEqual([
      { calendar: 'calendars/holidays.dates', dates: ['2026-12-25', '2026-12-26'] },
    ]);
  });

  it('recompiles the schedules that name it when it changes, and no other', () => {
    const base = compileAll(before);
    if (base.kind !== 'compiled') throw new Error('it compiles');
    const after = commit([using, other], { 'calendars/holidays.dates': `${holidays}2027-01-01\n` });
    const answer = compileChange(before, base.index, after);
    expect(closureOf(answer)?.exclude).toMatchObject([{ dates: ['2026-12-25', '2026-12-26', '2027-01-01'] }]);
    expect(closureOf(answer, 'other')).toBeUndefined();
    const whole = compileAll(after);
    if (answer.kind !== 'compiled' || whole.kind !== 'compiled') throw new Error('both compile');
    expect(entriesOf(answer.index)).toEqual(entriesOf(whole.index));
  });

  it('is missed when it goes', () => {
    const base = compileAll(before);
    if (base.kind !== 'compiled') throw new Error('it compiles');
    const { diagnostics } = compileChange(before, base.index, commit([using, other]));
    expect(diagnostics.map(({ code }) => code)).toEqual(['PIPE-SCHED-002']);
  });

  it.each([
    ['a word', '2026-12-25\nEaster\n', 'line 2 of a.dates is no day: "Easter"'],
    ['30 February', '2026-02-30', 'line 1 of a.dates is no day: "2026-02-30"'],
    ['text behind a day without a space', '2026-12-25x', 'line 1 of a.dates is no day: "2026-12-25x"'],
    ['nothing', '# none\n', 'a.dates has no day in it'],
    ['too much', 'x'.repeat(300_000), 'a.dates has more than 262144 bytes'],
  ])('with %s is refused', (_name, text, message) => {
    expect(parseDatesFile('a.dates', new TextEncoder().encode(text))).toMatchObject({ kind: 'error', message });
  });

  it('takes leap days, names, comments and Windows line ends', () => {
    const text = '2028-02-29 Leap day\r\n# comment\r\n2026-01-01\t# New Year\r\n';
    expect(parseDatesFile('a.dates', new TextEncoder().encode(text))).toEqual({
      kind: 'dates',
      dates: ['2026-01-01', '2028-02-29'],
    });
  });

  it('has a bound on its days', () => {
    const days = Array.from({ length: 3_661 }, (_, index) =>
      new Date(index * 86_400_000 + Date.UTC(2026, 0, 1)).toISOString().slice(0, 10),
    );
    expect(parseDatesFile('a.dates', new TextEncoder().encode(days.join('\n')))).toMatchObject({
      kind: 'error',
      message: 'a.dates has more than 3660 days',
    });
    expect(parseDatesFile('a.dates', new TextEncoder().encode(days.slice(1).join('\n')))).toMatchObject({
      kind: 'dates',
    });
  });
});
