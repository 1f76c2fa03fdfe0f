import { describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import {
  ANNOTATION,
  type Cluster,
  entryOf,
  FieldConflictError,
  fieldPaths,
  type KubeObject,
  managersOf,
  patchObject,
  type Task,
} from '../../../src/cluster/index.ts';
import { overHttp } from '../fixtures/over-http.ts';
import { filesOf, type QuickWorld, quickWorld, task } from '../fixtures/quick-world.ts';
import { until } from '../fixtures/world.ts';

const T0 = { kind: 'Task', namespace: 'shop-production', name: 't0' };

const changed = (more = ''): ReadonlyMap<string, string> =>
  filesOf(2, { 'pipelines/t0.yaml': task('t0', more).replace('"true"', '"true", "again"') });

async function live(world: QuickWorld): Promise<Task> {
  return world.store.get<Task>(T0);
}

async function others(world: QuickWorld): Promise<void> {
  const metadata = {
    labels: { team: 'a' },
    annotations: { 'example.com/note': 'kept' },
    finalizers: ['example.com/held'],
  };
  await world.store.write([{ op: 'patch', key: T0, patch: { metadata }, fieldManager: 'backup' }]);
}

function expectOthers({ metadata }: KubeObject): void {
  expect(metadata.labels).toEqual({ 'pipectl.dev/repository': 'shop', team: 'a' });
  expect(metadata.annotations).toMatchObject({ 'example.com/note': 'kept' });
  expect(metadata.finalizers).toEqual(['example.com/held']);
}

describe.each<[string, (store: EmbeddedStore) => Cluster | Promise<Cluster>, unknown]>([
  ['in the process', (store) => store, 'kubectl-edit'],
  // The API leaves a name of its own on what it changes, here that of the reconciler itself.
  ['through the API', overHttp, expect.any(String)],
])('a reconciler %s', (_, wrap, editor) => {
  it('owns what git says, and leaves what others put on a definition', async () => {
    const world = await quickWorld({ wrap });
    await world.push(filesOf(2));
    await others(world);
    const { lines, oid } = await world.push(changed(', annotations: { pipectl.dev/prune: confirm }'));
    expect(lines.at(-1)).toContain(`production is now at ${oid.slice(0, 7)}`);
    const applied = await live(world);
    expectOthers(applied);
    const entry = entryOf(managersOf(applied), 'pipectl-reconciler', 'Apply');
    expect(fieldPaths(entry?.fieldsV1 ?? {})).toEqual(
      expect.arrayContaining([
        '.metadata.annotations.pipectl.dev/digest',
        '.metadata.labels.pipectl.dev/repository',
        '.spec',
      ]),
    );
    expect(applied.metadata.annotations?.[ANNOTATION.prune]).toBe('confirm');
    await world.push(changed());
    expect((await live(world)).metadata.annotations).not.toHaveProperty([ANNOTATION.prune]);
    expectOthers(await live(world));
  });

  it('takes back what somebody changed, takes away what they added to it, and tells of them', async () => {
    const world = await quickWorld({ wrap });
    await world.push(filesOf(2));
    await world.push(changed());
    await others(world);
    await world.store.write([
      { op: 'patch', key: T0, patch: { spec: { image: 'evil', extra: { deep: 1 } } }, fieldManager: 'kubectl-edit' },
    ]);
    await until(async () => (await world.domain()).drift?.[0]?.state === 'healed');
    const healed = await live(world);
    expect(healed.spec).not.toHaveProperty('image');
    expect(healed.spec).not.toHaveProperty('extra');
    expectOthers(healed);
    expect((await world.domain()).drift).toEqual([
      {
        kind: 'Task',
        name: 't0',
        what: 'edited',
        by: editor,
        at: expect.stringMatching(/^20.*Z$/),
        state: 'healed',
      },
    ]);
    expect(managersOf(healed).map(({ manager }) => manager)).not.toContain('kubectl-edit');
  });

  it('writes nothing when nothing has changed', async () => {
    const world = await quickWorld({ wrap });
    await world.push(filesOf(2));
    const { oid } = await world.push(changed());
    const before = (await world.store.list('Task')).items;
    await world.annotate({ [ANNOTATION.syncRequestedAt]: '2026-01-02T03:04:05.000Z' });
    await until(async () => (await world.repository())?.status?.lastSyncRequest !== undefined);
    await world.reconciler.settled('shop', 'production', oid, 5_000);
    expect((await world.store.list('Task')).items).toEqual(before);
  });
});

it('whoever applies the same definition without force is told whose it is', async () => {
  const world = await quickWorld();
  await world.push(filesOf(2));
  await world.push(changed());
  const { apiVersion, kind, metadata, spec } = await live(world);
  const object = {
    apiVersion,
    kind,
    metadata: { name: metadata.name, namespace: T0.namespace },
    spec: { ...spec, image: 'x' },
  };
  const applied = world.store.write([{ op: 'apply', object, fieldManager: 'kubectl' }]);
  await expect(applied).rejects.toThrow('Apply failed with 1 conflict: conflict with "pipectl-reconciler": .spec');
  await expect(applied).rejects.toThrow(FieldConflictError);
});

it('a change of status between look and write disturbs nothing', async () => {
  let isArmed = false;
  const world = await quickWorld({
    wrap: (store) => ({
      ...store,
      async write(writes, options) {
        if (isArmed && writes.some(({ op }) => op === 'apply')) {
          isArmed = false;
          await store.write([{ op: 'patchStatus', key: T0, patch: { seen: 1 } }]);
        }
        return store.write(writes, options);
      },
    }),
  });
  await world.push(filesOf(2));
  isArmed = true;
  const { lines, oid } = await world.push(changed());
  expect(isArmed).toBe(false);
  expect(lines.at(-1)).toContain(`production is now at ${oid.slice(0, 7)}`);
  expect((await live(world)).status).toEqual({ seen: 1 });
  await patchObject(world.store, T0, { metadata: { finalizers: null } });
});
