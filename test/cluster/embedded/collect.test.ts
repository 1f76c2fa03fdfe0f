import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { COLLECT_BATCH } from '../../../src/base/index.ts';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import { createObject, deleteObject, type KubeObject } from '../../../src/cluster/index.ts';
import { openStore, temporaryFolder } from './open-store.ts';

const folder = temporaryFolder();
let store: EmbeddedStore;
beforeAll(async () => {
  store = await openStore(folder);
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

function map(namespace: string, name: string, owner?: KubeObject): KubeObject {
  const ownerReferences = owner && [
    { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid! },
  ];
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, ...(ownerReferences && { ownerReferences }) },
  };
}

/** Resolves when the namespace holds exactly these config maps. */
async function until(namespace: string, expected: readonly string[]): Promise<void> {
  const abort = new AbortController();
  const { resourceVersion, items } = await store.list('ConfigMap', { namespace });
  const names = new Set(items.map(({ metadata }) => metadata.name));
  const isDone = () => names.size === expected.length && expected.every((name) => names.has(name));
  if (isDone()) return;
  for await (const batch of store.watch('ConfigMap', { namespace, resourceVersion, signal: abort.signal })) {
    for (const event of batch) {
      if (event.type === 'DELETED') names.delete(event.object.metadata.name);
      else if (event.type === 'ADDED') names.add(event.object.metadata.name);
    }
    if (isDone()) return;
  }
}

describe('dependents of a deleted owner', () => {
  it('go, and theirs, however many there are; others stay', async () => {
    const owner = await createObject(store, map('own', 'owner'));
    const child = await createObject(store, map('own', 'child', owner));
    await createObject(store, map('own', 'stranger'));
    await store.write(Array.from({ length: 600 }, (_, i) => ({ op: 'create', object: map('own', `g${i}`, child) })));
    await deleteObject(store, { kind: 'ConfigMap', namespace: 'own', name: 'owner' });
    await until('own', ['stranger']);
  });

  it('that are created after it went, go as well', async () => {
    const owner = await createObject(store, map('late', 'owner'));
    await deleteObject(store, { kind: 'ConfigMap', namespace: 'late', name: 'owner' });
    await createObject(store, map('late', 'child', owner));
    await until('late', []);
  });

  it('are known after a restart', async () => {
    const owner = await createObject(store, map('again', 'owner'));
    await createObject(store, map('again', 'child', owner));
    await store.close();
    store = await openStore(folder);
    await deleteObject(store, { kind: 'ConfigMap', namespace: 'again', name: 'owner' });
    await until('again', []);
  });

  it('go after the next start when the store was closed before all were gone', async () => {
    const owner = await createObject(store, map('cut', 'owner'));
    const names = Array.from({ length: 4 * COLLECT_BATCH }, (_, i) => `owned-${i}`);
    await store.write(names.map((name) => ({ op: 'create', object: map('cut', name, owner) })));
    await deleteObject(store, { kind: 'ConfigMap', namespace: 'cut', name: 'owner' });
    await store.close();
    store = await openStore(folder);
    await until('cut', []);
  });
});

describe('a deleted namespace', () => {
  it('takes its objects along', async () => {
    await createObject(store, map('whole', 'a'));
    await createObject(store, map('whole', 'b'));
    await deleteObject(store, { kind: 'Namespace', name: 'whole' });
    await until('whole', []);
  });

  it('takes them along after the next start, when the store was closed before all were gone', async () => {
    const names = Array.from({ length: 4 * COLLECT_BATCH }, (_, i) => `m${i}`);
    await store.write(names.map((name) => ({ op: 'create', object: map('closed', name) })));
    await deleteObject(store, { kind: 'Namespace', name: 'closed' });
    await store.close();
    store = await openStore(folder);
    await until('closed', []);
  });
});
