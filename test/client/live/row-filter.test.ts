import { describe, expect, it } from 'vitest';
import { type ExecutionRow, parseFilter, pulseOf, rowMaker, rowView } from '../../../src/client/index.ts';
import { execution } from '../../cli/control-plane.ts';

const NOW = Date.parse('2026-01-02T04:00:00.000Z');
const make = rowMaker(100);

function row(name: string, phase: string, minutesAgo: number, more: object = {}): ExecutionRow {
  const at = new Date(NOW - minutesAgo * 60_000).toISOString();
  const base = execution(name);
  const isOver = phase !== 'Running';
  return make({
    ...base,
    metadata: { ...base.metadata, creationTimestamp: at, labels: { team: name.slice(0, 1) } },
    status: { phase, startedAt: at, ...(isOver && { finishedAt: at }), ...more } as never,
  });
}

const ROWS = [
  row('alpha-1', 'Failed', 10, { error: { reason: 'NonZeroExit', message: 'disk full' } }),
  row('beta-2', 'Running', 90),
  row('gamma-3', 'TimedOut', 200),
];

describe('a filter of executions', () => {
  it.each([
    ['', ['alpha-1', 'beta-2', 'gamma-3']],
    ['beta', ['beta-2']],
    ['phase:failed', ['alpha-1']],
    ['phase:failed,timedout', ['alpha-1', 'gamma-3']],
    ['!phase:running', ['alpha-1', 'gamma-3']],
    ['age:<1h', ['alpha-1']],
    ['age:>1h phase:timed', ['gamma-3']],
    ['duration:>1h', ['beta-2']],
    ['-l team=b', ['beta-2']],
    ['-lteam!=b', ['alpha-1', 'gamma-3']],
    ['DISK', ['alpha-1']],
    ['workflow:dem name:a', ['alpha-1', 'beta-2', 'gamma-3']],
    ['commit:3f2c', ['alpha-1', 'beta-2', 'gamma-3']],
    ['commit:f2c', []],
  ])('%j lets %j through', (text, names) => {
    const parsed = parseFilter(text);
    if (parsed.kind === 'error') throw new Error(parsed.message);
    expect(ROWS.filter((each) => parsed.filter.matches(each, NOW)).map(({ name }) => name)).toEqual(names);
  });

  it.each([
    ['age:soon', 'age:soon is no span'],
    ['phase:', 'phase: what?'],
    ['-l =', 'is no label selector'],
  ])('%j is told to be wrong', (text, message) => {
    expect(parseFilter(text)).toMatchObject({ kind: 'error', message: expect.stringContaining(message) });
  });
});

it('a view holds what its filter lets through, in its order, as rows change', () => {
  const rows = new Map(ROWS.map((each) => [each.id, each]));
  const parsed = parseFilter('phase:running');
  if (parsed.kind === 'error') throw new Error(parsed.message);
  const view = rowView(rows, { sort: 'finished', isDescending: true, filter: parsed.filter });
  expect(view.rows(NOW).map(({ name }) => name)).toEqual(['beta-2']);
  const [alpha, beta] = ROWS as [ExecutionRow, ExecutionRow, ExecutionRow];
  const again = { ...alpha, phase: 'Running' };
  rows.set(again.id, again);
  view.change(alpha, again);
  view.change(beta, undefined);
  rows.delete(beta.id);
  expect(view.rows(NOW).map(({ name }) => name)).toEqual(['alpha-1']);
  expect(view.indexOf(again)).toBe(0);
});

it('what runs comes first, then what ended last', () => {
  const view = rowView(new Map(ROWS.map((each) => [each.id, each])), {
    sort: 'finished',
    isDescending: true,
    filter: { matches: () => true, dependsOnTime: false },
  });
  expect(view.rows(NOW).map(({ name }) => name)).toEqual(['beta-2', 'alpha-1', 'gamma-3']);
});

it('the pulse counts what runs, and what ended within the hour', () => {
  expect(pulseOf(ROWS, NOW, 30)).toMatchObject({ running: 1, queued: 0, failed: 1, succeeded: 0 });
  expect(pulseOf(ROWS, NOW, 30).perMinute.at(-11)).toBe(1);
  expect(pulseOf(ROWS, NOW, 30).failures.map(({ name }) => name)).toEqual(['alpha-1', 'gamma-3']);
});
