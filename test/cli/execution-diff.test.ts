import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Execution } from '../../src/cluster/index.ts';
import { type ControlPlane, execution, OTHER_COMMIT, openControlPlane } from './control-plane.ts';

let plane: ControlPlane;
let folder: string;

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 2, 3, 4, seconds)).toISOString();

function other(name: string, changes: Partial<Execution['spec']>): Execution {
  const made = execution(name);
  return { ...made, spec: { ...made.spec, ...changes } };
}

beforeAll(async () => {
  plane = await openControlPlane();
  folder = mkdtempSync(join(tmpdir(), 'pipectl-execution-diff-'));
  execFileSync('git', ['init', '-q', '-b', 'main', folder]);
  await plane.create(
    execution('nightly-one'),
    other('nightly-two', { commit: OTHER_COMMIT, closure: 'c'.repeat(64), inputs: { days: 8, file: 'sales.csv' } }),
  );
  const times = { startedAt: at(0), finishedAt: at(4) };
  await plane.setStatus('nightly-one', {
    phase: 'Failed',
    ...times,
    nodes: {
      ingest: { phase: 'Succeeded', ...times, attempt: 1, outputs: { rows: 3 } },
      forecast: { phase: 'Failed', ...times, error: { reason: 'TooManyFailures', message: 'no' } },
    },
    error: { reason: 'TooManyFailures', message: 'no', node: 'forecast' },
  });
  await plane.setStatus('nightly-two', {
    phase: 'Succeeded',
    startedAt: at(0),
    finishedAt: at(9),
    nodes: {
      ingest: { phase: 'Succeeded', ...times, attempt: 1, outputs: { rows: 3 } },
      forecast: { phase: 'Succeeded', ...times, outputs: { text: ['a'] } },
      report: { phase: 'Succeeded', finishedAt: at(9) },
    },
    outputs: { rows: 3 },
  });
});
afterAll(async () => {
  await plane.close();
  rmSync(folder, { recursive: true });
});

describe('pipectl diff of two executions', () => {
  it('tells inputs, versions, nodes and outputs', async () => {
    const { code, out, err } = await plane.run('diff', 'nightly-one', 'nightly-two');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const lines = out.split('\n').map((line) => line.replace(/ {2,}/g, '  ').trimEnd());
    for (const line of [
      'nightly-one → nightly-two',
      'Phase:  Failed → Succeeded',
      'Duration:  4.0s → 9.0s',
      'Commit:  3f2c1ab → 3f2cfff',
      'Workflow:  demand',
      '  days:  7 → 8',
      '  forecast  Failed in 4.0s, TooManyFailures  Succeeded in 4.0s  text',
      '  report  never started  Succeeded',
      '  1 node is the same',
      '  rows:  none → 3',
    ]) {
      expect(lines).toContain(line);
    }
    expect(out).not.toContain('sales.csv');
  });

  it('is the same in JSON', async () => {
    const { out } = await plane.run('diff', 'execution/nightly-one', 'exec/nightly-two', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({
      before: { execution: 'nightly-one' },
      isSame: false,
      inputs: [{ name: 'days', before: 7, after: 8 }],
      phase: { before: 'Failed', after: 'Succeeded' },
      durationMs: { before: 4_000, after: 9_000 },
      nodes: [{ node: 'forecast' }, { node: 'report', after: { phase: 'Succeeded' } }],
      sameNodes: 1,
      outputs: [{ name: 'rows', after: 3 }],
    });
  });

  it('finds no difference of one to itself', async () => {
    const { out } = await plane.run('diff', 'nightly-two', 'nightly-two');
    expect(out).toContain('no difference but in time');
  });

  it('takes names for executions only when git does not know the first', async () => {
    const there = await plane.runIn({ cwd: folder }, 'diff', 'nightly-one', 'nightly-two');
    expect(there).toMatchObject({ code: 0, err: '' });
    const neither = await plane.runIn({ cwd: folder }, 'diff', 'nightly-one', 'nightly-zzz');
    expect(neither.code).toBe(1);
    expect(neither.err).toContain('nightly-zzz');
    expect(neither.err).toMatch(/did you mean|nor does this checkout know/);
    const one = await plane.run('diff', 'execution/nightly-one');
    expect(one).toMatchObject({ code: 2, err: expect.stringContaining('name two') });
  });
});
