import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import { API_VERSION, type CacheEntry, createObject, newExecution } from '../../../src/cluster/index.ts';
import { staleCacheEntries } from '../../../src/control/retention/index.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';

const NAMESPACE = 'shop-production';
const NOW = Date.parse('2026-01-02T00:00:00Z');
const LIMITS = { maxEntries: 100, maxBytes: 1_000, staleReservationMs: 3_600_000 };
const hoursAgo = (hours: number) => new Date(NOW - hours * 3_600_000).toISOString();

let folder: string;
let store: EmbeddedStore;

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore(folder);
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function keep(name: string, spec: Partial<CacheEntry['spec']>): Promise<void> {
  const base = { task: 'work', workflow: 'flow', commit: 'a'.repeat(40) };
  const metadata = { namespace: NAMESPACE, name };
  const entry: CacheEntry = { apiVersion: API_VERSION, kind: 'CacheEntry', metadata, spec: { ...base, ...spec } };
  await createObject(store, entry);
}

const stale = async (limits = LIMITS) => (await staleCacheEntries(store, NOW, limits)).map(({ name }) => name).sort();

describe('cache entries', () => {
  it('go when they expire, and stay for ever without an end', async () => {
    await keep('for-ever', { outputs: '{}', madeAt: hoursAgo(100_000) });
    await keep('good', { outputs: '{}', madeAt: hoursAgo(1), expiresAt: hoursAgo(-1) });
    await keep('over', { outputs: '{}', madeAt: hoursAgo(2), expiresAt: hoursAgo(1) });
    expect(await stale()).toEqual(['over']);
  });

  it('go oldest first past the bounds of number and bytes', async () => {
    for (let age = 1; age <= 4; age++) await keep(`age-${age}`, { outputs: 'x'.repeat(300), madeAt: hoursAgo(age) });
    expect(await stale()).toEqual(['age-4']);
    expect(await stale({ ...LIMITS, maxEntries: 2 })).toEqual(['age-3', 'age-4']);
  });

  it('that are reserved go when nobody holds them any more', async () => {
    const request = {
      repository: 'shop',
      commit: 'a'.repeat(40),
      workflow: 'flow',
      closure: 'c'.repeat(64),
      inputs: {},
    };
    const made = newExecution({ ...request, namespace: NAMESPACE, name: 'holder', trigger: { kind: 'manual' } });
    const { metadata } = await createObject(store, made);
    const by = (uid: string | undefined, execution: string, hours: number) => {
      return { reservation: { execution, uid: uid ?? '', node: 'one', since: hoursAgo(hours) } };
    };
    await keep('held', by(metadata.uid, 'holder', 50));
    await keep('young', by('u', 'gone', 0.5));
    await keep('left', by('u', 'gone', 2));
    await keep('other', by('another', 'holder', 2));
    expect(await stale()).toEqual(['left', 'other']);
  });
});
