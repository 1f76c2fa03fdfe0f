import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import { API_VERSION, createObject, deleteObject, patchObject, type Sharding } from '../../../src/cluster/index.ts';
import { followPlatform } from '../../../src/control/propeller/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';

let folder: string;
let store: EmbeddedStore;
let stop: () => Promise<void>;
let quotas: readonly object[] = [];
let divided: Sharding | undefined;
let applied: { workers: number; maxParallelism: number };
let stores: boolean | undefined;

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore(folder);
  applied = { workers: 500, maxParallelism: 25 };
  stores = undefined;
});

afterEach(async () => {
  await stop();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

function follow(): void {
  const propeller = {
    setWorkers: (workers: number) => {
      applied.workers = workers;
    },
    setMaxParallelism: (maxParallelism: number) => {
      applied.maxParallelism = maxParallelism;
    },
    setStoresOutputs: (storesOutputs: boolean) => {
      stores = storesOutputs;
    },
    setQuotas: (next: readonly object[]) => {
      quotas = next;
    },
    setSharding: (sharding: Sharding | undefined) => {
      divided = sharding;
    },
  };
  const log = { write: () => undefined };
  ({ stop } = followPlatform({ cluster: store, clock: hostClock, random: hostRandom, log, propeller }));
}

function shown(settings: typeof applied): Promise<void> {
  return expect.poll(() => applied, { timeout: 10_000, interval: 5 }).toEqual(settings);
}

function platform(namespace: string, workers: number, maxParallelism: number) {
  const source = { repository: 'shop', commit: 'c'.repeat(40), closure: 'd'.repeat(64), file: 'platform.yaml' };
  const spec = { ...source, propeller: { workers, maxParallelism } };
  return { apiVersion: API_VERSION, kind: 'Platform', metadata: { namespace, name: 'default' }, spec };
}

const key = (namespace: string) => ({ kind: 'Platform', namespace, name: 'default' });

describe('the active platform', () => {
  it('is applied, live, and no more when it is gone', async () => {
    await createObject(store, platform('shop-production', 8, 3));
    follow();
    await shown({ workers: 8, maxParallelism: 3 });
    const sharding = { strategy: 'hash', shards: 3 } as const;
    await patchObject(store, key('shop-production'), { spec: { propeller: { workers: 9, sharding } } });
    await shown({ workers: 9, maxParallelism: 3 });
    expect(divided).toEqual(sharding);
    await patchObject(store, key('shop-production'), { spec: { quotas: [{ maxTasks: 2 }] } });
    await expect.poll(() => quotas, { interval: 5 }).toEqual([{ maxTasks: 2 }]);
    await patchObject(store, key('shop-production'), { spec: { objectStore: { folder: { path: '/blobs' } } } });
    await expect.poll(() => stores, { interval: 5 }).toBe(true);
    await deleteObject(store, key('shop-production'));
    await shown({ workers: 500, maxParallelism: 25 });
    expect(stores).toBe(false);
    expect(divided).toBeUndefined();
    expect(quotas).toEqual([]);
  });

  it('is the first by namespace and name, when there are several', async () => {
    await createObject(store, platform('shop-production', 8, 3));
    follow();
    await shown({ workers: 8, maxParallelism: 3 });
    await createObject(store, platform('zoo-production', 7, 2));
    await createObject(store, platform('ads-production', 6, 1));
    await shown({ workers: 6, maxParallelism: 1 });
    await deleteObject(store, key('ads-production'));
    await shown({ workers: 8, maxParallelism: 3 });
  });
});
