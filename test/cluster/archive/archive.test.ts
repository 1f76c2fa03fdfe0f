import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ANNOTATION,
  compareHistory,
  type Execution,
  type HistoryQuery,
  InvalidError,
  LABEL,
  matchesHistory,
  type Pod,
} from '../../../src/cluster/index.ts';
import { smallDisk } from '../../daemon/fixtures/small-disk.ts';
import { pod } from '../api-fixture.ts';
import { type ArchiveFixture, EPOCH, finished, MINUTE, NAMESPACE, openArchiveFixture } from './finished.ts';

let fixture: ArchiveFixture;
beforeEach(() => {
  fixture = openArchiveFixture();
});
afterEach(() => fixture.close());

const put = (...executions: Execution[]) =>
  fixture.archive.put(executions.map((execution) => ({ execution, attempts: [], results: [] })));
const namesOf = async (query: HistoryQuery, options = {}) =>
  (await fixture.archive.list(query, options)).items.map(({ metadata }) => metadata.name);

describe('an execution in the archive', () => {
  it('is found as it was put in, also after a restart', async () => {
    const execution = finished('a', 0, 5);
    await put(execution);
    expect(fixture.archive.find(NAMESPACE, 'a')).toEqual(execution);
    await fixture.reopen();
    expect(fixture.archive.find(NAMESPACE, 'a')).toEqual(execution);
    expect(fixture.archive.find(NAMESPACE, 'b')).toBeUndefined();
    expect(fixture.archive.find('other', 'a')).toBeUndefined();
  });

  it('is found among many names, of its namespace only', async () => {
    const names = Array.from({ length: 2_000 }, (_, at) => `none-${at}`);
    expect(fixture.archive.taken(NAMESPACE, names).size).toBe(0);
    await put(finished('a', 0, 5), finished('b', 0, 5), finished('c', 0, 5));
    const asked = [...names, 'c', `it's "d"`, 'a', 'a'];
    expect([...fixture.archive.taken(NAMESPACE, asked)].sort()).toEqual(['a', 'c']);
    expect(fixture.archive.taken('other', asked).size).toBe(0);
    expect(fixture.archive.taken(NAMESPACE, []).size).toBe(0);
  });

  it('is there once, however often it is put in', async () => {
    await put(finished('a', 0, 5));
    await put(finished('a', 0, 6));
    expect(await fixture.archive.count()).toBe(1);
    expect(fixture.archive.find(NAMESPACE, 'a')?.status?.finishedAt).toBe('2026-01-02T00:06:00.000Z');
  });

  it('is gone once it is removed', async () => {
    await put(finished('a', 0, 5));
    expect(await fixture.archive.remove(NAMESPACE, 'a')).toBe(true);
    expect(await fixture.archive.remove(NAMESPACE, 'a')).toBe(false);
    expect(fixture.archive.find(NAMESPACE, 'a')).toBeUndefined();
  });

  it('is refused with the reason while the disk is full, and taken when there is room', async () => {
    const disk = smallDisk(4);
    await fixture.close();
    fixture = openArchiveFixture(disk.data);
    await put(finished('a', 0, 5));
    disk.fill(process.pid);
    const large = finished('b', 0, 5, { spec: { inputs: { text: randomBytes(300_000).toString('hex') } } });
    try {
      await expect(put(large)).rejects.toThrow(/^no space left for the archive \S+: free some/);
      expect((await fixture.archive.list({}, {})).items).toHaveLength(1);
    } finally {
      disk.free(process.pid);
    }
    await put(large);
    expect(fixture.archive.find(NAMESPACE, 'b')).toEqual(large);
  });

  it('is not found while a full disk has no room to open it, with the reason, and found when there is', async () => {
    const disk = smallDisk(4);
    await fixture.close();
    fixture = openArchiveFixture(disk.data);
    await put(finished('a', 0, 5));
    await fixture.reopen();
    disk.fill(process.pid);
    try {
      await expect(fixture.archive.list({}, {})).rejects.toThrow(/^no space left for the archive \S+: free some/);
      expect(() => fixture.archive.find(NAMESPACE, 'a')).toThrow(/^no space left for the archive \S+: free some/);
    } finally {
      disk.free(process.pid);
    }
    expect((await fixture.archive.list({}, {})).items).toHaveLength(1);
    expect(fixture.archive.find(NAMESPACE, 'a')).toEqual(finished('a', 0, 5));
  });

  it('brings its attempts, without what went in and came out', async () => {
    const attempt = podOf('a-load-1');
    await fixture.archive.put([{ execution: finished('a', 0, 5), attempts: [attempt], results: [] }]);
    const [kept] = fixture.archive.attempts(NAMESPACE, 'a');
    expect(kept?.metadata.name).toBe('a-load-1');
    expect(kept?.status?.containerStatuses?.[0]?.state.terminated).toMatchObject({ exitCode: 3, reason: 'Error' });
    expect(JSON.stringify(kept)).not.toContain('secret');
    expect(fixture.archive.findAttempt(NAMESPACE, 'a-load-1')).toEqual(kept);
    expect(fixture.archive.findAttempt(NAMESPACE, 'a-load-2')).toBeUndefined();
  });

  it('may carry any text', async () => {
    const execution = finished('a', 0, 5, { spec: { inputs: { text: '"\u0000\u{1f600}\ud800' } } });
    await put(execution);
    expect(fixture.archive.find(NAMESPACE, 'a')).toEqual(execution);
  });
});

it.each([0, 10_000, 200_000])('holds an execution with %i characters of outputs', async (length) => {
  const execution = finished('a', 0, 5, {
    spec: { inputs: { text: 'pipectl.dev/'.repeat(length / 10).slice(0, length) } },
  });
  await put(execution);
  expect(fixture.archive.find(NAMESPACE, 'a')).toEqual(execution);
});

it('makes no file before something is put in', async () => {
  expect(fixture.archive.find(NAMESPACE, 'a')).toBeUndefined();
  expect(existsSync(fixture.path)).toBe(false);
});

it('refuses a file of another version', async () => {
  await put(finished('a', 0, 5));
  await fixture.archive.close();
  const db = new DatabaseSync(fixture.path);
  db.exec('PRAGMA user_version = 99');
  db.close();
  await fixture.reopen();
  expect(() => fixture.archive.find(NAMESPACE, 'a')).toThrow(/format 99/);
  await expect(fixture.archive.count()).rejects.toThrow(/format 99/);
});

describe('a search', () => {
  beforeEach(async () => {
    await put(
      finished('a', 0, 5),
      finished('b', 1, 3, { phase: 'Failed', spec: { workflow: 'other', launchPlan: 'nightly' } }),
      finished('c', 2, 20, { labels: { team: 'x' } }),
      finished('d', 3, 4, {
        phase: 'TimedOut',
        spec: { trigger: { kind: 'schedule', schedule: 'hourly', tick: '2026-01-02T00:00:00.000Z' } },
      }),
    );
  });

  it.each<[string, HistoryQuery, object, string[]]>([
    ['gives the last to end first', {}, {}, ['c', 'a', 'd', 'b']],
    ['by start', { sort: 'started' }, {}, ['a', 'b', 'c', 'd']],
    ['by duration, longest first', { sort: '-duration' }, {}, ['c', 'a', 'b', 'd']],
    ['by name', { sort: '-name' }, {}, ['d', 'c', 'b', 'a']],
    ['since and until', { since: EPOCH + 4 * MINUTE, until: EPOCH + 20 * MINUTE }, {}, ['a', 'd']],
    ['by phases', { phases: ['Failed', 'TimedOut'] }, {}, ['d', 'b']],
    ['by workflow', { workflow: 'other' }, {}, ['b']],
    ['by launch plan', { launchPlan: 'nightly' }, {}, ['b']],
    ['by schedule', { schedule: 'hourly' }, {}, ['d']],
    ['for a word that nothing has', { workflow: 'none' }, {}, []],
    ['in another namespace', {}, { namespace: 'other' }, []],
    ['by label', {}, { labelSelector: 'team=x' }, ['c']],
    ['by field', {}, { fieldSelector: 'status.phase!=Succeeded' }, ['d', 'b']],
  ])('%s', async (_, query, options, names) => {
    expect(await namesOf(query, options)).toEqual(names);
  });

  it('comes in pages', async () => {
    const first = await fixture.archive.list({ sort: '-duration' }, { limit: 3 });
    expect(first.items).toHaveLength(3);
    const rest = await namesOf({ sort: '-duration' }, { limit: 3, continueToken: first.continueToken });
    expect(rest).toEqual(['d']);
  });

  it.each(['%', 'W10', Buffer.from('[1]').toString('base64url')])('refuses the token %s', async (continueToken) => {
    await expect(fixture.archive.list({}, { continueToken })).rejects.toThrow(InvalidError);
  });

  it('refuses a selector that is none, and goes on', async () => {
    await expect(fixture.archive.list({}, { labelSelector: 'a in' })).rejects.toThrow(InvalidError);
    expect(await namesOf({})).toHaveLength(4);
  });
});

describe('expiry', () => {
  it('takes the old ones and those beyond the count, oldest first', async () => {
    await put(...[1, 2, 3, 4, 5].map((end) => finished(`e${end}`, 0, end)));
    const limits = { before: EPOCH + 2 * MINUTE, maxCount: 3 };
    expect(await fixture.archive.expire(limits)).toBe(2);
    expect(await fixture.archive.expire(limits)).toBe(0);
    expect(await namesOf({})).toEqual(['e5', 'e4', 'e3']);
    expect(fixture.archive.find(NAMESPACE, 'e1')).toBeUndefined();
  });
});

it('finds, in whatever order and pages, what a plain filter finds', async () => {
  const executions = fc.sample(
    fc.record({
      start: fc.nat(20),
      minutes: fc.nat(20),
      workflow: fc.constantFrom('x', 'y'),
    }),
    { numRuns: 40, seed: 7 },
  );
  const all = executions.map(({ start, minutes, workflow }, at) =>
    finished(`e-${at}`, start, start + minutes, { phase: at % 3 === 0 ? 'Failed' : 'Succeeded', spec: { workflow } }),
  );
  await put(...all);
  const queries = fc.record(
    {
      since: fc.integer({ min: EPOCH, max: EPOCH + 40 * MINUTE }),
      until: fc.integer({ min: EPOCH, max: EPOCH + 40 * MINUTE }),
      phases: fc.constant(['Failed'] as const),
      workflow: fc.constantFrom('x', 'y'),
      sort: fc.constantFrom('finished', '-started', 'duration', '-name', '-finished'),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(queries, fc.integer({ min: 1, max: 15 }), async (query: HistoryQuery, limit) => {
      const found: string[] = [];
      for (let continueToken: string | undefined, more = true; more; ) {
        const page = await fixture.archive.list(query, { limit, ...(continueToken && { continueToken }) });
        found.push(...page.items.map(({ metadata }) => metadata.name));
        continueToken = page.continueToken;
        more = continueToken !== undefined;
      }
      const wanted = all.filter((execution) => matchesHistory(execution, query, 0));
      expect([...found].sort()).toEqual(wanted.map(({ metadata }) => metadata.name).sort());
      // Ties may come in any order.
      const compare = compareHistory(query.sort ?? '-finished');
      const byName = new Map(all.map((execution) => [execution.metadata.name, execution]));
      const keys = found.map((name) => byName.get(name) as Execution);
      for (let at = 1; at < keys.length; at++) {
        const [a, b] = [keys[at - 1] as Execution, keys[at] as Execution];
        const sameKey = compare(
          { ...a, metadata: { ...a.metadata, name: 'same' } },
          { ...b, metadata: { ...b.metadata, name: 'same' } },
        );
        expect(sameKey).toBeLessThanOrEqual(0);
      }
    }),
    { numRuns: 60 },
  );
});

function podOf(name: string): Pod {
  const made = pod(name);
  const terminated = {
    exitCode: 3,
    reason: 'Error',
    message: 'secret=1',
    startedAt: '2026-01-02T00:00:01.000Z',
    finishedAt: '2026-01-02T00:00:02.000Z',
  };
  return {
    ...made,
    metadata: {
      ...made.metadata,
      labels: { [LABEL.node]: 'load', [LABEL.attempt]: '1' },
      annotations: { [ANNOTATION.inputs]: '{"a":"secret"}', [ANNOTATION.execution]: 'a' },
    },
    status: {
      phase: 'Failed',
      containerStatuses: [{ name: 'main', ready: false, restartCount: 0, image: '', state: { terminated } }],
    },
  };
}
