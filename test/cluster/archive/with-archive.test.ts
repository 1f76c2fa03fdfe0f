import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import {
  AlreadyExistsError,
  type Cluster,
  createObject,
  deleteObject,
  type Execution,
  NotFoundError,
  withArchive,
} from '../../../src/cluster/index.ts';
import { execution, pod } from '../api-fixture.ts';
import { openStore, temporaryFolder } from '../embedded/open-store.ts';
import { type ArchiveFixture, finished, NAMESPACE, openArchiveFixture } from './finished.ts';

let fixture: ArchiveFixture;
let store: EmbeddedStore;
let cluster: Cluster;
let folder: string;
beforeEach(async () => {
  folder = temporaryFolder();
  fixture = openArchiveFixture();
  store = await openStore(folder);
  cluster = withArchive(store, fixture.archive);
  const attempts = [{ ...pod('old-load-1'), status: { phase: 'Succeeded' as const } }];
  await fixture.archive.put([{ execution: finished('old', 0, 5), attempts, results: [] }]);
});
afterEach(async () => {
  await store.close();
  await fixture.close();
  await rm(folder, { recursive: true, force: true });
});

const key = (name: string, kind = 'Execution') => ({ kind, namespace: NAMESPACE, name });

describe('an archived execution', () => {
  it('is read by its name', async () => {
    expect((await cluster.get<Execution>(key('old'))).status?.phase).toBe('Succeeded');
    expect((await cluster.get(key('old-load-1', 'Pod'))).kind).toBe('Pod');
    await expect(cluster.get(key('none'))).rejects.toThrow(NotFoundError);
    await expect(cluster.get(key('old', 'Workflow'))).rejects.toThrow(NotFoundError);
  });

  it('is listed when the archive is asked, and only then', async () => {
    await createObject(store, execution('new'));
    const live = await cluster.list('Execution');
    expect(live.items.map(({ metadata }) => metadata.name)).toEqual(['new']);
    const archived = await cluster.list('Execution', { archived: {} });
    expect(archived.items.map(({ metadata }) => metadata.name)).toEqual(['old']);
    const attempts = await cluster.list('Pod', { namespace: NAMESPACE, archived: { execution: 'old' } });
    expect(attempts.items.map(({ metadata }) => metadata.name)).toEqual(['old-load-1']);
  });

  it('keeps its name', async () => {
    await expect(createObject(cluster, execution('old'))).rejects.toThrow(AlreadyExistsError);
    await createObject(cluster, execution('new'));
  });

  it('keeps its name in a batch, of which nothing is written then', async () => {
    const batch = ['first', 'old', 'last'].map((name) => ({ op: 'create' as const, object: execution(name) }));
    await expect(cluster.write(batch)).rejects.toThrow(/"?old"?/);
    expect((await cluster.list('Execution')).items).toEqual([]);
  });

  it('can be deleted', async () => {
    await deleteObject(cluster, key('old'));
    await expect(cluster.get(key('old'))).rejects.toThrow(NotFoundError);
    await expect(deleteObject(cluster, key('old'))).rejects.toThrow(NotFoundError);
  });

  it('that a crash left among the live objects too is deleted in both', async () => {
    await createObject(store, execution('old'));
    await deleteObject(cluster, key('old'));
    await expect(cluster.get(key('old'))).rejects.toThrow(NotFoundError);
  });
});
