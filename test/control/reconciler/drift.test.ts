import { describe, expect, it } from 'vitest';
import { WaitError } from '../../../src/base/index.ts';
import {
  ANNOTATION,
  deleteObject,
  type KubeObject,
  LABEL,
  patchObject,
  type Task,
} from '../../../src/cluster/index.ts';
import { temporaryFolder } from '../../git/fixtures/real-git.ts';
import { filesOf, type QuickWorld, quickWorld, REPOSITORY_KEY } from '../fixtures/quick-world.ts';
import { until } from '../fixtures/world.ts';

const T0 = { kind: 'Task', namespace: 'shop-production', name: 't0' };
const T1 = { ...T0, name: 't1' };

/** As somebody who uses the API: what they change carries their name. */
async function edit(world: QuickWorld, key: typeof T0, image: string): Promise<void> {
  const annotations = { [ANNOTATION.changedBy]: JSON.stringify({ by: 'mallory', at: '2026-01-02T03:04:05.000Z' }) };
  await patchObject(world.store, key, { metadata: { annotations }, spec: { image } });
}

async function imageOf(world: QuickWorld, key: typeof T0): Promise<string | undefined> {
  return (await world.store.get<Task>(key)).spec.image;
}

async function suspend(world: QuickWorld, suspended: boolean | null): Promise<void> {
  await patchObject(world.store, REPOSITORY_KEY, { spec: { suspended } });
}

async function eventsOf(world: QuickWorld): Promise<readonly string[]> {
  const { items } = await world.store.list<KubeObject & { involvedObject: { kind: string; name: string } }>('Event');
  return items.map(
    ({ reason, involvedObject, message }) => `${reason} ${involvedObject.kind}/${involvedObject.name} ${message}`,
  );
}

describe('a change past git', () => {
  it('is restored, and told with who and when', async () => {
    const world = await quickWorld();
    const { oid } = await world.push(filesOf(3));
    await edit(world, T0, 'evil');
    await deleteObject(world.store, T1);
    await until(async () => (await world.domain()).drift?.length === 2);
    const { drift = [] } = await world.domain();
    expect(drift).toContainEqual({
      kind: 'Task',
      name: 't0',
      what: 'edited',
      by: 'mallory',
      at: '2026-01-02T03:04:05.000Z',
      state: 'healed',
    });
    expect(drift).toContainEqual({
      kind: 'Task',
      name: 't1',
      what: 'deleted',
      at: expect.any(String),
      state: 'healed',
    });
    expect(await imageOf(world, T0)).toBeUndefined();
    expect((await world.store.get(T0)).metadata.annotations).not.toHaveProperty([ANNOTATION.changedBy]);
    const wanted = `Drift Task/t0 edited past git by mallory: restored as commit ${oid.slice(0, 7)} has it`;
    await until(async () => (await eventsOf(world)).includes(wanted));
    expect(await eventsOf(world)).toContain(
      `Applied Repository/shop production is at ${oid.slice(0, 7)}: 3 created, 0 updated, 0 removed`,
    );
  });

  it('that comes while nobody watches is found and told at the next start', async () => {
    const folder = temporaryFolder();
    const world = await quickWorld({ folder });
    const { oid } = await world.push(filesOf(1));
    await world.reconciler.close();
    await edit(world, T0, 'evil');
    const { metadata: _, ...task } = await world.store.get(T0);
    const labels = { 'pipectl.dev/repository': 'shop' };
    const added = { ...task, metadata: { name: 'added', namespace: 'shop-production', labels } } as KubeObject;
    await world.store.write([{ op: 'create', object: added }]);
    await world.close();
    const again = await quickWorld({ folder });
    await again.reconciler.settled('shop', 'production', oid, 5_000);
    expect(await again.definitions()).toEqual(['Task/t0']);
    const told = (await again.domain()).drift?.map(({ name, what, state }) => `${name} ${what} ${state}`);
    expect(told?.sort()).toEqual(['added added healed', 't0 edited healed']);
  });

  it('again and again is healed ever later, and waits visibly', async () => {
    const world = await quickWorld();
    await world.push(filesOf(1));
    await edit(world, T0, 'first');
    await until(async () => (await imageOf(world, T0)) === undefined);
    await edit(world, T0, 'second');
    await until(async () => (await world.domain()).drift?.[0]?.state === 'waiting');
    await until(async () => (await imageOf(world, T0)) === undefined);
    expect((await world.domain()).drift).toMatchObject([{ name: 't0', by: 'mallory', state: 'healed' }]);
  });
});

describe('many changes at once', () => {
  it('are healed together, and checked one after the other', async () => {
    let reads = 0;
    const world = await quickWorld({
      wrap: (store) => ({
        ...store,
        get(key) {
          if (key.kind === 'Revision') reads += 1;
          return store.get(key);
        },
      }),
    });
    await world.push(filesOf(60));
    reads = 0;
    const keys = Array.from({ length: 60 }, (_, n) => ({ ...T0, name: `t${n}` }));
    await world.store.write(keys.map((key) => ({ op: 'delete', key })));
    await until(async () => (await world.definitions()).length === 60);
    // Once for the first of them, once for the domain.
    expect(reads).toBeLessThan(5);
  });

  it('are seen also when the store does not answer for a while', async () => {
    let isDown = false;
    const world = await quickWorld({
      wrap: (store) => ({
        ...store,
        get(key) {
          if (!isDown || key.kind !== 'Revision') return store.get(key);
          isDown = false;
          return Promise.reject(new WaitError('try again', 1));
        },
      }),
    });
    await world.push(filesOf(1));
    isDown = true;
    await edit(world, T0, 'evil');
    await until(async () => (await imageOf(world, T0)) === undefined);
    expect(isDown).toBe(false);
  });
});

describe('a label that somebody took off', () => {
  it('is put back, and whoever has none of ours is left alone', async () => {
    const world = await quickWorld();
    await world.push(filesOf(2));
    await patchObject(world.store, T0, { metadata: { labels: { [LABEL.repository]: null } } });
    await until(async () => (await world.store.get(T0)).metadata.labels?.[LABEL.repository] === 'shop');
    // It is told with the end of the pass that puts it back.
    await until(async () => (await world.domain()).drift?.[0]?.state === 'healed');
    expect((await world.domain()).drift).toMatchObject([{ name: 't0', state: 'healed' }]);
    expect(await world.domain()).not.toHaveProperty('failed');
  });
});

describe('a suspended repository', () => {
  it('is emptied all the same when it is removed', async () => {
    const world = await quickWorld();
    await world.push(filesOf(12));
    const finalizers = ['example.com/held'];
    await patchObject(world.store, REPOSITORY_KEY, { metadata: { finalizers }, spec: { suspended: true } });
    await deleteObject(world.store, REPOSITORY_KEY);
    const domains = { production: { ref: '', desired: null } };
    await world.store.write([{ op: 'patchStatus', key: REPOSITORY_KEY, patch: { domains } }]);
    await until(async () => (await world.definitions()).length === 0);
    await until(async () => Object.keys((await world.repository())?.status?.domains ?? {}).length === 0);
  });

  it('registers, tells what differs, and does nothing about it until it goes on', async () => {
    const world = await quickWorld();
    const first = await world.push(filesOf(2));
    await suspend(world, true);
    const reasonOf = async (): Promise<string | undefined> =>
      (await world.repository())?.status?.conditions?.[0]?.reason;
    await until(async () => (await reasonOf()) === 'Suspended');
    const { lines, oid } = await world.push(filesOf(3));
    expect(lines.at(-1)).toBe(`pipectl: production stays at ${first.oid.slice(0, 7)}: the repository is suspended`);
    await edit(world, T0, 'hotfix');
    await until(async () => (await world.domain()).drift !== undefined);
    expect((await world.domain()).drift).toMatchObject([{ name: 't0', by: 'mallory', state: 'suspended' }]);
    expect(await imageOf(world, T0)).toBe('hotfix');
    await deleteObject(world.store, T1);
    await until(async () => (await world.domain()).drift?.length === 2);
    expect(await world.definitions()).toEqual(['Task/t0']);
    await suspend(world, null);
    await until(async () => (await world.domain()).lastApplied === oid);
    expect(await world.definitions()).toEqual(['Task/t0', 'Task/t1', 'Task/t2']);
    expect(await imageOf(world, T0)).toBeUndefined();
    expect(await reasonOf()).toBe('Applied');
    expect((await world.domain()).drift?.map(({ state }) => state)).toEqual(['healed', 'healed']);
  });
});

describe('a request to sync', () => {
  it('compares everything at once, and is answered when that is done', async () => {
    const world = await quickWorld();
    await world.push(filesOf(1));
    const at = '2026-01-02T03:04:05.000Z';
    await edit(world, T0, 'evil');
    await world.annotate({ [ANNOTATION.syncRequestedAt]: at });
    await until(async () => (await world.repository())?.status?.lastSyncRequest === at);
    expect(await imageOf(world, T0)).toBeUndefined();
    expect((await world.domain()).drift).toMatchObject([{ name: 't0', state: 'healed' }]);
  });
});
