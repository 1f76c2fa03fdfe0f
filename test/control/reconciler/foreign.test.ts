import { describe, expect, it } from 'vitest';
import { ANNOTATION, deleteObject, type KubeObject, LABEL, patchObject } from '../../../src/cluster/index.ts';
import { filesOf, type QuickWorld, quickWorld, REPOSITORY_KEY, task } from '../fixtures/quick-world.ts';
import { until } from '../fixtures/world.ts';

const AT = '2026-01-02T03:04:05.000Z';
const BY_MALLORY = { [ANNOTATION.changedBy]: JSON.stringify({ by: 'mallory', at: AT }) };
const NAMESPACE = 'shop-production';

/** As somebody who uses the API: what they make carries their name. */
async function add(world: QuickWorld, name: string, metadata: object = {}, spec: object = {}): Promise<void> {
  await world.store.write([{ op: 'create', object: made(name, metadata, spec) }]);
}

function made(name: string, metadata: object = {}, spec: object = {}): KubeObject {
  return {
    apiVersion: 'pipectl.dev/v1',
    kind: 'Task',
    metadata: { name, namespace: NAMESPACE, annotations: BY_MALLORY, ...metadata },
    spec,
  };
}

async function drift(world: QuickWorld): Promise<readonly string[]> {
  const { drift = [] } = await world.domain();
  return drift.map(({ name, what, by, state }) => `${name} ${what} by ${by}: ${state}`).sort();
}

async function toldOf(world: QuickWorld, name: string): Promise<readonly string[]> {
  const { items } = await world.store.list<KubeObject & { involvedObject: { name: string }; message: string }>('Event');
  return items.filter(({ involvedObject }) => involvedObject.name === name).map(({ message }) => message);
}

async function readyText(world: QuickWorld): Promise<string | undefined> {
  return (await world.repository())?.status?.conditions?.find(({ type }) => type === 'Ready')?.message;
}

const KEPT = 'no commit has it, so it is left alone: delete it, and declare it in git if it is wanted';
const READY = 'every tracked domain is applied';

describe('a definition that somebody adds', () => {
  it('is told with who and when, stays, and is told no more when it is gone', async () => {
    const world = await quickWorld();
    await world.push(filesOf(2));
    await add(world, 'mine');
    await until(async () => (await drift(world)).length === 1);
    expect((await world.domain()).drift).toEqual([
      { kind: 'Task', name: 'mine', what: 'added', by: 'mallory', at: AT, state: 'kept' },
    ]);
    await until(async () => (await readyText(world)) === `${READY}; there are definitions that no commit has`);
    await until(async () => (await toldOf(world, 'mine')).includes(`added past git by mallory: ${KEPT}`));
    // A commit of other things says nothing of it.
    await world.push(filesOf(3));
    expect(await drift(world)).toEqual(['mine added by mallory: kept']);
    expect(await world.definitions()).toEqual(['Task/mine', 'Task/t0', 'Task/t1', 'Task/t2']);
    await deleteObject(world.store, { kind: 'Task', namespace: NAMESPACE, name: 'mine' });
    await until(async () => (await drift(world)).length === 0);
    await until(async () => (await readyText(world)) === READY);
  });

  it('keeps a commit from declaring the same name until it is gone, and both are told', async () => {
    const world = await quickWorld();
    await world.push(filesOf(1));
    await add(world, 'late');
    await until(async () => (await drift(world)).length === 1);
    const { oid } = await world.push(filesOf(1, { 'pipelines/late.yaml': task('late') }));
    expect((await world.domain()).failed).toMatchObject([{ name: 'late' }]);
    expect(await drift(world)).toEqual(['late added by mallory: kept']);
    await deleteObject(world.store, { kind: 'Task', namespace: NAMESPACE, name: 'late' });
    await until(async () => (await world.domain()).lastApplied === oid);
    await until(async () => (await drift(world)).length === 0);
    expect(await world.definitions()).toEqual(['Task/late', 'Task/t0']);
  });

  it('is one of ten that are told, whatever else there is', async () => {
    const world = await quickWorld();
    await world.push(filesOf(1));
    const many = Array.from({ length: 30 }, (_, n) => made(`many-${n}`));
    await world.store.write(many.map((object) => ({ op: 'create', object })));
    await until(async () => (await drift(world)).length === 10);
    await deleteObject(world.store, { kind: 'Task', namespace: NAMESPACE, name: 't0' });
    await until(async () => (await drift(world)).includes('t0 deleted by undefined: healed'));
    expect(await drift(world)).toHaveLength(11);
  });

  it('as a copy of one of ours, label and all, is removed and told', async () => {
    const world = await quickWorld();
    const { oid } = await world.push(filesOf(1));
    const { metadata, spec } = await world.store.get({ kind: 'Task', namespace: NAMESPACE, name: 't0' });
    const { labels = {}, annotations = {} } = metadata;
    expect(labels).toHaveProperty([LABEL.repository]);
    await add(world, 'copy', { labels, annotations: { ...annotations, ...BY_MALLORY } }, spec as object);
    await until(async () => (await world.definitions()).join() === 'Task/t0');
    await until(async () => (await drift(world)).join() === 'copy added by mallory: healed');
    const removed = `added past git by mallory: removed as commit ${oid.slice(0, 7)} has it`;
    await until(async () => (await toldOf(world, 'copy')).includes(removed));
  });
});

describe('a guard against removal that somebody', () => {
  const key = { kind: 'Task', namespace: NAMESPACE, name: 't0' };
  it.each([
    ['sets', filesOf(1), 'confirm', undefined],
    ['takes away', filesOf(0, guarded()), null, 'confirm'],
    ['changes', filesOf(0, guarded()), 'never', 'confirm'],
  ])('%s past git is made what git says, with who', async (_, files, prune, wanted) => {
    const world = await quickWorld();
    await world.push(files);
    await patchObject(world.store, key, { metadata: { annotations: { [ANNOTATION.prune]: prune, ...BY_MALLORY } } });
    await until(async () => (await drift(world)).join() === 't0 edited by mallory: healed');
    expect((await world.store.get(key)).metadata.annotations?.[ANNOTATION.prune]).toBe(wanted);
  });
});

describe('what is changed while a repository is suspended', () => {
  it('is told as an event, and again when a commit has repaired it', async () => {
    const world = await quickWorld();
    await world.push(filesOf(2));
    await patchObject(world.store, REPOSITORY_KEY, { spec: { suspended: true } });
    await until(async () => (await readyText(world))?.startsWith('suspended') === true);
    const key = { kind: 'Task', namespace: NAMESPACE, name: 't0' };
    await patchObject(world.store, key, { metadata: { annotations: BY_MALLORY }, spec: { image: 'hotfix' } });
    await add(world, 'mine');
    const left = 'edited past git by mallory: it stays so while the repository is suspended';
    await until(async () => (await toldOf(world, 't0')).includes(left));
    await until(async () => (await toldOf(world, 'mine')).includes(`added past git by mallory: ${KEPT}`));
    const { oid } = await world.push(filesOf(3));
    await patchObject(world.store, REPOSITORY_KEY, { spec: { suspended: null } });
    const restored = `edited past git by mallory: restored as commit ${oid.slice(0, 7)} has it`;
    await until(async () => (await toldOf(world, 't0')).includes(restored));
    expect(await drift(world)).toEqual(['mine added by mallory: kept', 't0 edited by mallory: healed']);
  });
});

function guarded(): Record<string, string> {
  return { 'pipelines/t0.yaml': task('t0', `, annotations: { ${ANNOTATION.prune}: confirm }`) };
}
