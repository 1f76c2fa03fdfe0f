import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import { createVault } from '../../../src/cluster/adapters/secrets/index.ts';
import { FieldConflictError, type KubeObject, managersOf } from '../../../src/cluster/index.ts';
import { hostClock } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from './open-store.ts';

const folder = temporaryFolder();
let aheadMs = 0;
let store: EmbeddedStore;
beforeAll(async () => {
  const clock = { ...hostClock, now: () => hostClock.now() + aheadMs };
  store = await openStore(folder, { clock, seal: createVault(randomBytes(32)).seal });
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function apply(object: KubeObject, fieldManager = 'git', force = false): Promise<KubeObject> {
  // Times of owners are whole seconds.
  aheadMs += 10_000;
  return (await store.write([{ op: 'apply', object, fieldManager, force }]))[0] as KubeObject;
}

describe('an apply at another time', () => {
  it('that changes nothing else is no change', async () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'n' }, data: { a: '1' } };
    const first = await apply(object);
    expect(await apply(object)).toEqual(first);
    const changed = await apply({ ...object, data: { a: '2' } });
    expect(managersOf(changed)[0]?.time).not.toBe(managersOf(first)[0]?.time);
  });

  it('of a secret is compared with what is sealed, and seals it once', async () => {
    const metadata = { name: 'a', namespace: 'n' };
    const object = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { key: 'hunter2' } };
    const first = await apply(object);
    expect(JSON.stringify(first)).not.toContain('hunter2');
    expect(await apply(object)).toEqual(first);
    await expect(apply({ ...object, stringData: { key: 'other' } }, 'hand')).rejects.toThrow(FieldConflictError);
    expect(managersOf(await apply(object, 'hand')).map(({ manager }) => manager)).toEqual(['git', 'hand']);
  });

  it('survives a restart with all owners', async () => {
    const before = await store.get({ kind: 'Secret', namespace: 'n', name: 'a' });
    await store.close();
    store = await openStore(folder);
    expect(await store.get({ kind: 'Secret', namespace: 'n', name: 'a' })).toEqual(before);
  });
});
