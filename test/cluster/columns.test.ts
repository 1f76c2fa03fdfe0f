import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { age, columnsOf, humanDuration, KINDS, type KubeObject, rowOf } from '../../src/cluster/index.ts';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');

function shown(object: KubeObject, isWide = false): Record<string, unknown> {
  const columns = columnsOf(object.kind).filter((column) => isWide || column.wide !== true);
  const cells = rowOf(columns, object, NOW);
  return Object.fromEntries(columns.map((column, index) => [column.name, cells[index]]));
}

function object(kind: string, fields: object): KubeObject {
  const metadata = { name: 'it', namespace: 'ticketing-production', creationTimestamp: '2026-03-01T11:57:30.000Z' };
  return { apiVersion: 'v1', kind, metadata, ...fields };
}

describe('ages read like kubectl writes them', () => {
  // The rows are those of k8s.io/apimachinery/pkg/util/duration/duration_test.go and their edges.
  const rows: readonly [number, string][] = [
    [-2_000, '<invalid>'],
    [-500, '0s'],
    [0, '0s'],
    [119_999, '119s'],
    [120_000, '2m'],
    [200_000, '3m20s'],
    [600_000, '10m'],
    [10_799_000, '179m'],
    [10_800_000, '3h'],
    [18_720_000, '5h12m'],
    [28_800_000, '8h'],
    [172_800_000, '2d'],
    [273_600_000, '3d4h'],
    [691_200_000, '8d'],
    [63_072_000_000, '2y'],
    [65_750_400_000, '2y31d'],
    [252_288_000_000, '8y'],
  ];
  it.each(rows)('%d ms is %s', (ms, expected) => {
    expect(humanDuration(ms)).toBe(expected);
  });

  it('says so when there is no readable time', () => {
    expect([age(undefined, NOW), age('yesterday', NOW)]).toEqual(['<unknown>', '<unknown>']);
  });
});

describe('columns of our kinds', () => {
  const spec = {
    repository: 'ticketing',
    commit: '0123456789abcdef0123456789abcdef01234567',
    workflow: 'forecast',
    closure: 'ab'.repeat(32),
    launchPlan: 'nightly',
    inputs: {},
    trigger: { kind: 'schedule', schedule: 'nightly', tick: '2026-03-01T02:00:00.000Z' },
  };

  it('show where an execution stands', () => {
    const status = {
      phase: 'Running',
      startedAt: '2026-03-01T11:58:00.000Z',
      nodeCount: 5,
      nodes: { a: { phase: 'Succeeded' }, b: { phase: 'Skipped' }, c: { phase: 'Running' } },
    };
    expect(shown(object('Execution', { spec, status }), true)).toEqual({
      Name: 'it',
      Workflow: 'forecast',
      Commit: '0123456',
      Phase: 'Running',
      Nodes: '2/5',
      Age: '2m30s',
      'Launch-Plan': 'nightly',
      Trigger: 'schedule nightly',
      Duration: '2m',
      'Attempt-Time': '<none>',
      'CPU-Time': '<none>',
      Message: '<none>',
    });
  });

  it('show a wish that is not yet met, and only until the end', () => {
    const wish = (desired: string, status: object) =>
      shown(object('Execution', { spec: { ...spec, desired }, status })).Phase;
    expect(wish('Paused', { phase: 'Running' })).toBe('Running (paused)');
    expect(wish('Aborted', { phase: 'Running' })).toBe('Aborting');
    expect(wish('Aborted', { phase: 'Aborted', finishedAt: '2026-03-01T11:59:00.000Z' })).toBe('Aborted');
  });

  it('show an execution that nothing has touched yet', () => {
    expect(shown(object('Execution', { spec }))).toMatchObject({ Phase: 'Pending', Nodes: '0' });
  });

  it('show a pod as kubectl does', () => {
    const pod = (state: object, phase = 'Running') =>
      object('Pod', {
        spec: { containers: [{ name: 'main' }] },
        status: { phase, containerStatuses: [{ name: 'main', ready: 'running' in state, restartCount: 0, state }] },
      });
    const word = (state: object) => shown(pod(state)).Status;
    expect(word({ running: {} })).toBe('Running');
    expect(word({ terminated: { reason: 'OOMKilled' } })).toBe('OOMKilled');
    expect(word({ waiting: { reason: 'ContainerCreating' } })).toBe('ContainerCreating');
    expect(shown(pod({ running: {} }))).toMatchObject({ Ready: '1/1', Restarts: 0 });
  });

  it('count the errors of a rejected commit', () => {
    const revision = object('Revision', {
      spec: {
        commit: 'f'.repeat(40),
        author: 'Ada <ada@example.org>',
        subject: 'Break it',
        rejected: true,
        refs: [],
        diagnostics: [{ severity: 'error' }, { severity: 'warning' }],
      },
    });
    expect(shown(revision)).toMatchObject({ Commit: 'fffffff', Author: 'Ada', Status: 'Rejected (1 error)' });
  });

  it('let no control character of a user into a terminal', () => {
    const revision = object('Revision', {
      spec: { commit: 'a', author: 'x', subject: '\u001b[31mred\u001b[0m\nnext \u202Egnp', refs: [] },
    });
    expect(shown(revision).Subject).toBe(' [31mred [0m next  gnp');
  });
});

describe('columns of any kind', () => {
  it.each(KINDS.map(({ kind }) => [kind]))('%s never throws, whatever the object holds', (kind) => {
    fc.assert(
      fc.property(fc.object(), fc.object(), (spec, status) => {
        const columns = columnsOf(kind);
        expect(rowOf(columns, object(kind, { spec, status }), NOW)).toHaveLength(columns.length);
      }),
      { numRuns: 25 },
    );
  });
});
