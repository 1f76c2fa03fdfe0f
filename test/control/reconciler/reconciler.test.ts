import { describe, expect, it } from 'vitest';
import { deleteObject, patchObject, type Schedule, type Task } from '../../../src/cluster/index.ts';
import { git, gitAsync, temporaryFolder } from '../../git/fixtures/real-git.ts';
import { ADD, commit, NIGHTLY, newProject, push, startWorld, until, type World } from '../fixtures/world.ts';

const ADD_KEY = { kind: 'Task', namespace: 'shop-production', name: 'add' };
const ALL = ['LaunchPlan/nightly', 'Schedule/nightly', 'Task/add', 'Workflow/etl'];

async function pushed(
  folder?: string,
): Promise<{ readonly world: World; readonly work: string; readonly head: string }> {
  const world = await startWorld(folder);
  const work = newProject();
  const head = commit(work, {});
  await push(world, work);
  return { world, work, head };
}

async function version(world: World): Promise<string> {
  return (await world.store.list('Task')).resourceVersion;
}

describe('the reconciler', () => {
  it('writes nothing when nothing changed, also after a restart that compares everything', async () => {
    const folder = temporaryFolder();
    const { world, head } = await pushed(folder);
    // The last to be written: nobody waits for it.
    await until(async () => (await world.store.list('Event')).items.length > 0);
    const before = await version(world);
    await world.reconciler.settled('shop', 'production', head, 5_000);
    expect(await version(world)).toBe(before);
    await world.close();
    const again = await startWorld(folder);
    await again.registration.resync('shop');
    expect(await again.reconciler.settled('shop', 'production', head, 5_000)).toEqual({ kind: 'applied' });
    expect(await version(again)).toBe(before);
  });

  it('restores what somebody edited or deleted, and lets labels of others be', async () => {
    const { world, head } = await pushed();
    await patchObject(world.store, ADD_KEY, {
      metadata: { labels: { team: 'data' } },
      spec: { commit: 'mine', extra: 1 },
    });
    const key = { kind: 'Schedule', namespace: 'shop-production', name: 'nightly' };
    await deleteObject(world.store, key);
    await until(async () => (await world.objects('shop-production')).length === 4);
    await until(async () => (await world.store.get<Task>(ADD_KEY)).spec.commit === head);
    const task = await world.store.get<Task>(ADD_KEY);
    expect(task.spec).not.toHaveProperty('extra');
    expect(task.metadata.labels).toMatchObject({ team: 'data' });
    expect((await world.store.get<Schedule>(key)).spec.cron).toBe('0 2 * * *');
  });

  it('heals at its start what was changed while it was away', async () => {
    const folder = temporaryFolder();
    const { world, head } = await pushed(folder);
    await world.reconciler.close();
    await deleteObject(world.store, ADD_KEY);
    await patchObject(world.store, { ...ADD_KEY, kind: 'Workflow', name: 'etl' }, { spec: { nodes: 7 } });
    await world.close();
    const again = await startWorld(folder);
    expect(await again.reconciler.settled('shop', 'production', head, 5_000)).toEqual({ kind: 'applied' });
    expect(await again.objects('shop-production')).toEqual(ALL);
    const workflow = await again.store.get({ kind: 'Workflow', namespace: 'shop-production', name: 'etl' });
    expect(workflow.spec).toMatchObject({ nodes: 1, commit: head });
  });

  it('does not touch definitions of others in its namespace', async () => {
    const { world, work } = await pushed();
    const task = await world.store.get<Task>(ADD_KEY);
    const foreign = { ...task, metadata: { name: 'foreign', namespace: 'shop-production' } };
    await world.store.write([{ op: 'create', object: foreign }]);
    commit(work, { 'pipelines/nightly.yaml': null });
    await push(world, work);
    expect(await world.objects('shop-production')).toEqual(['Task/add', 'Task/foreign', 'Workflow/etl']);
  });

  it('leaves a suspended repository as it is', async () => {
    const { world, work, head } = await pushed();
    const key = { kind: 'Repository', namespace: 'pipectl-system', name: 'shop' };
    await patchObject(world.store, key, { spec: { suspended: true } });
    const next = commit(work, { 'pipelines/nightly.yaml': null });
    const pushing = push(world, work);
    await until(async () => (await world.domain('shop', 'production'))?.desired === next);
    expect((await world.domain('shop', 'production'))?.lastApplied).toBe(head);
    await patchObject(world.store, key, { spec: { suspended: null } });
    await pushing;
    await until(async () => (await world.domain('shop', 'production'))?.lastApplied === next);
  });

  it('rolls back by a revert, and keeps both versions', async () => {
    const { world, work, head } = await pushed();
    commit(work, { 'pipelines/nightly.yaml': NIGHTLY.replace('0 2', '0 3') });
    await push(world, work);
    git(work, ['revert', '--no-edit', 'HEAD']);
    const { remote } = await push(world, work);
    expect(remote[0]).toContain('registered: 1 schedule (3 unchanged)');
    const schedule = await world.store.get<Schedule>({
      kind: 'Schedule',
      namespace: 'shop-production',
      name: 'nightly',
    });
    expect(schedule.spec.cron).toBe('0 2 * * *');
    expect(schedule.spec.commit).not.toBe(head);
    expect((await world.store.list('Revision')).items).toHaveLength(3);
  });

  it('reports Ready, and a commit that is not registered as Stalled', async () => {
    const { world } = await pushed();
    const ready = (await world.repository('shop'))?.status?.conditions;
    expect(ready?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'Ready=True',
      'Reconciling=False',
      'Stalled=False',
    ]);
    const key = { kind: 'Repository', namespace: 'pipectl-system', name: 'shop' };
    const unknown = 'f'.repeat(40);
    await world.store.write([{ op: 'patchStatus', key, patch: { domains: { production: { desired: unknown } } } }]);
    const end = await world.reconciler.settled('shop', 'production', unknown, 5_000);
    expect(end).toMatchObject({ kind: 'failed', message: expect.stringContaining('not registered') });
    await until(async () => (await world.repository('shop'))?.status?.conditions?.[2]?.status === 'True');
    expect(await world.objects('shop-production')).toEqual(ALL);
  });
});

describe('resync', () => {
  it('notes refs that moved while nobody listened', async () => {
    const folder = temporaryFolder();
    const { world, work } = await pushed(folder);
    const next = commit(work, { 'pipelines/add.yaml': ADD.replace('integer }', 'integer, c: integer? }') });
    const bare = world.served.repositories.path('shop');
    await world.close();
    await gitAsync(bare, ['fetch', work, 'main:main']);
    const again = await startWorld(folder);
    await again.registration.resync('shop');
    expect(await again.domain('shop', 'production')).toMatchObject({ desired: next, lastApplied: next });
    const task = await again.store.get<Task>(ADD_KEY);
    expect(task.spec.interface.inputs).toHaveProperty('c');
  });
});
