import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/base/index.ts';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import type { Execution, ListOptions, Write } from '../../../src/cluster/index.ts';
import { newExecution } from '../../../src/cluster/index.ts';
import { openStore, temporaryFolder } from './open-store.ts';

const NOW = Date.parse('2026-05-01T00:00:00Z');
const HOUR_MS = 3_600_000;
const NAMESPACE = 'p-d';

let folder: string;
let store: EmbeddedStore;
beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore(folder);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A running execution; `parked` as its status has it. */
function writesOf(name: string, parked?: JsonObject): Write[] {
  const object = newExecution({
    namespace: NAMESPACE,
    name,
    repository: 'r',
    commit: 'c'.repeat(40),
    workflow: 'w',
    closure: 'a'.repeat(64),
    inputs: {},
    trigger: { kind: 'manual' },
  });
  return [
    { op: 'create', object },
    { op: 'patchStatus', key: key(name), patch: { phase: 'Running', ...(parked && { parked }) } },
  ];
}

const key = (name: string) => ({ kind: 'Execution', namespace: NAMESPACE, name });
const until = (ms: number): string => new Date(NOW + ms).toISOString();

async function listed(options: ListOptions): Promise<string[]> {
  const names: string[] = [];
  for (let token: string | undefined; ; ) {
    const page = await store.list<Execution>('Execution', {
      ...options,
      limit: 2,
      ...(token !== undefined && { continueToken: token }),
    });
    names.push(...page.items.map(({ metadata }) => metadata.name));
    expect(page.leavesOutParked).toBe(options.due === undefined ? undefined : true);
    token = page.continueToken;
    if (token === undefined) return names;
  }
}

const soon = { before: NOW + HOUR_MS };

describe('lists of what is due', () => {
  beforeEach(async () => {
    await store.write([
      ...writesOf('e-plain'),
      ...writesOf('d-soon', { generation: 1, until: until(60_000) }),
      ...writesOf('c-later', { generation: 1, until: until(2 * HOUR_MS) }),
      ...writesOf('b-for-good', { generation: 1 }),
      ...writesOf('a-other-generation', { generation: 2, until: until(2 * HOUR_MS) }),
      ...writesOf('f-unreadable', { generation: 1, until: 'tomorrow' }),
    ]);
  });

  const plain = ['a-other-generation', 'd-soon', 'e-plain', 'f-unreadable'];

  it('leave out what is parked until later or for good, and nothing of which that is not certain', async () => {
    expect(await listed({ due: soon })).toEqual(plain);
    expect(await listed({})).toHaveLength(6);
  });

  it('select by phase as well', async () => {
    await store.write([{ op: 'patchStatus', key: key('d-soon'), patch: { phase: 'Succeeded' } }]);
    expect(await listed({ due: soon, fieldSelector: 'status.phase!=Succeeded' })).toEqual(
      plain.filter((name) => name !== 'd-soon'),
    );
  });

  it('give, with a beginning, only what is parked and due between the two', async () => {
    expect(await listed({ due: { from: NOW + HOUR_MS, before: NOW + 3 * HOUR_MS } })).toEqual(['c-later']);
    expect(await listed({ due: { from: NOW, before: NOW + HOUR_MS } })).toEqual(['d-soon']);
  });

  it('miss nothing between two windows that meet', async () => {
    const at = NOW + 2 * HOUR_MS;
    const before = await listed({ due: { from: NOW + HOUR_MS, before: at } });
    const after = await listed({ due: { from: at, before: at + HOUR_MS } });
    expect([...before, ...after]).toContain('c-later');
  });

  it('tell of it again when its spec has changed, or its status says nothing of it any more', async () => {
    await store.write([
      { op: 'patch', key: key('c-later'), patch: { spec: { desired: 'Paused' } } },
      { op: 'patchStatus', key: key('b-for-good'), patch: { parked: null } },
    ]);
    expect(await listed({ due: soon })).toEqual([plain[0], 'b-for-good', 'c-later', ...plain.slice(1)]);
    await store.write([{ op: 'patchStatus', key: key('c-later'), patch: { parked: { generation: 2 } } }]);
    expect(await listed({ due: soon })).not.toContain('c-later');
  });

  it('keep what is parked when only its metadata change', async () => {
    await store.write([{ op: 'patch', key: key('c-later'), patch: { metadata: { labels: { a: 'b' } } } }]);
    expect(await listed({ due: soon })).toEqual(plain);
  });

  it('are the same after a start from the database file, and from the log of a store that was not closed', async () => {
    const copy = temporaryFolder();
    cpSync(folder, copy, { recursive: true });
    await store.close();
    for (const each of [copy, folder]) {
      store = await openStore(each);
      expect(await listed({ due: soon })).toEqual(plain);
      if (each === folder) return;
      await store.close();
      rmSync(copy, { recursive: true });
    }
  });

  it('take a store of format 1 as one in which nothing is parked', async () => {
    await store.close();
    const db = new DatabaseSync(join(folder, 'objects.sqlite'));
    db.exec('ALTER TABLE entries DROP COLUMN parked_until; PRAGMA user_version = 1');
    db.close();
    store = await openStore(folder);
    expect(await listed({ due: soon })).toHaveLength(6);
    await store.close();
    store = await openStore(folder);
    expect(await listed({ due: soon })).toHaveLength(6);
  });
});
