import { describe, expect, it } from 'vitest';
import { MAX_REJECTED_REVISIONS } from '../../../src/base/index.ts';
import {
  deleteObject,
  findEntity,
  LABEL,
  type Revision,
  SYSTEM_NAMESPACE,
  type Task,
  type Workflow,
} from '../../../src/cluster/index.ts';
import { loadClosure } from '../../../src/control/closures/index.ts';
import { storeRejected } from '../../../src/control/registration/register-rejected.ts';
import { git, gitAsync } from '../../git/fixtures/real-git.ts';
import {
  ADD,
  commit,
  ETL,
  FILES,
  NIGHTLY,
  newProject,
  PROJECT,
  push,
  startWorld,
  type World,
} from '../fixtures/world.ts';

async function revisions(world: World): Promise<readonly Revision[]> {
  return (await world.store.list<Revision>('Revision', { namespace: SYSTEM_NAMESPACE })).items;
}

async function storedObjects(world: World): Promise<number> {
  const options = { labelSelector: `!${LABEL.rejected}` };
  const lists = await Promise.all(['Repository', 'Revision', 'Closure'].map((kind) => world.store.list(kind, options)));
  return lists.reduce((sum, { items }) => sum + items.length, 0);
}

async function rejectedRevisions(world: World): Promise<readonly Revision[]> {
  return (await revisions(world)).filter(({ spec }) => spec.rejected === true);
}

describe('a valid push', () => {
  it('registers a revision, becomes active, and says so', async () => {
    const world = await startWorld();
    const folder = newProject();
    const head = commit(folder, {});
    const { isAccepted, remote } = await push(world, folder);
    const short = head.slice(0, 7);
    expect(remote).toEqual([
      `pipectl: ${short} registered: 1 workflow, 1 task, 1 launch plan, 1 schedule`,
      `pipectl: production is now at ${short}`,
    ]);
    expect(isAccepted).toBe(true);
    expect(await world.objects('shop-production')).toEqual([
      'LaunchPlan/nightly',
      'Schedule/nightly',
      'Task/add',
      'Workflow/etl',
    ]);
    expect(await world.objects('shop-development')).toEqual([]);
    expect(await world.domain('shop', 'production')).toMatchObject({ ref: 'main', desired: head, lastApplied: head });
    const [revision] = await revisions(world);
    expect(revision?.spec).toMatchObject({
      commit: head,
      project: 'shop',
      author: 'Ada <ada@example.org>',
      subject: 'change',
      counts: { Workflow: 1, Task: 1, LaunchPlan: 1, Schedule: 1 },
    });
    const entry = await findEntity(world.store, revision!.spec.index!, 'production', { kind: 'Workflow', name: 'etl' });
    expect(await loadClosure(world.store, entry!.digest)).toMatchObject({ kind: 'Workflow', name: 'etl' });
  });

  it('with many warnings shows some, and says how many there are', async () => {
    const world = await startWorld();
    const unused = Array.from({ length: 25 }, (_, at) => [`pipelines/t${at}.yaml`, ADD.replace('add', `t${at}`)]);
    const folder = newProject({ ...FILES, ...Object.fromEntries(unused) });
    const { remote, isAccepted } = await push(world, folder);
    expect(remote.filter((line) => line.startsWith('warning['))).toHaveLength(20);
    const short = git(folder, ['rev-parse', 'HEAD']).slice(0, 7);
    expect(remote).toContain(`pipectl: 5 more are not shown: \`pipectl validate --rev ${short}\` lists all`);
    expect(isAccepted).toBe(true);
  });

  it('of one changed file stores only what follows from it', async () => {
    const world = await startWorld();
    const folder = newProject();
    const first = commit(folder, {});
    await push(world, folder);
    const before = await storedObjects(world);
    const second = commit(folder, { 'pipelines/nightly.yaml': NIGHTLY.replace('0 2', '0 3') });
    const { remote } = await push(world, folder);
    expect(remote[0]).toBe(`pipectl: ${second.slice(0, 7)} registered: 1 schedule (3 unchanged)`);
    // A revision, the schedule's closure, an index bucket or two for a launch plan of the same file, and the root.
    expect((await storedObjects(world)) - before).toBeLessThanOrEqual(5);
    const workflow = await world.store.get<Workflow>({ kind: 'Workflow', namespace: 'shop-production', name: 'etl' });
    expect(workflow.spec.commit).toBe(first);
    const schedule = await world.store.get({ kind: 'Schedule', namespace: 'shop-production', name: 'nightly' });
    expect(schedule.spec).toMatchObject({ commit: second, cron: '0 3 * * *' });
  });

  it('of a changed source changes the task and all that hangs on it', async () => {
    const world = await startWorld();
    const folder = newProject();
    await push(world, folder);
    commit(folder, { 'tasks/add.sh': 'echo b=2 > "$PIPECTL_OUTPUTS"\n' });
    const { remote } = await push(world, folder);
    expect(remote[0]).toContain('registered: 1 workflow, 1 task, 1 launch plan (1 unchanged)');
  });

  it('of a comment changes nothing', async () => {
    const world = await startWorld();
    const folder = newProject();
    await push(world, folder);
    commit(folder, { 'pipelines/add.yaml': `# a comment\n${ADD}` });
    const { remote } = await push(world, folder);
    expect(remote[0]).toContain('registered: no definition changed (4 unchanged)');
    expect(remote[1]).toContain('production is now at');
  });

  it('of a removed file prunes what it defined', async () => {
    const world = await startWorld();
    const folder = newProject();
    await push(world, folder);
    commit(folder, { 'pipelines/nightly.yaml': null });
    const { remote } = await push(world, folder);
    expect(remote[0]).toContain('registered: 2 removed (2 unchanged)');
    expect(await world.objects('shop-production')).toEqual(['Task/add', 'Workflow/etl']);
  });

  it('of a moved file keeps the commit that last changed the definition', async () => {
    const world = await startWorld();
    const folder = newProject();
    const first = commit(folder, {});
    await push(world, folder);
    commit(folder, { 'pipelines/add.yaml': null, 'pipelines/deep/er/add.yaml': ADD });
    await push(world, folder);
    const task = await world.store.get<Task>({ kind: 'Task', namespace: 'shop-production', name: 'add' });
    expect(task.spec).toMatchObject({ file: 'pipelines/deep/er/add.yaml', commit: first });
  });

  it('of other paths compiles what lies there', async () => {
    const world = await startWorld();
    const folder = newProject();
    await push(world, folder);
    commit(folder, {
      'pipectl.yaml': PROJECT.replace('[pipelines]', '[other]'),
      'other/only.yaml': ADD.replace('name: add', 'name: only'),
    });
    const { remote } = await push(world, folder);
    expect(remote[0]).toContain('registered: 1 task, 4 removed');
    expect(await world.objects('shop-production')).toEqual(['Task/only']);
  });

  it('of a known commit, an empty one, tags and several refs at once', async () => {
    const world = await startWorld();
    const folder = newProject();
    await push(world, folder);
    const known = await push(world, folder, 'main:side', 'main:other');
    expect(known.remote[0]).toContain('is registered already');
    expect(known.remote.filter((line) => line.includes('no domain tracks'))).toHaveLength(2);
    const empty = commit(folder, {}, 'nothing');
    expect((await push(world, folder, 'main', `${empty}:refs/tags/v1`)).isAccepted).toBe(true);
    expect((await revisions(world)).map(({ spec }) => spec.commit)).toContain(empty);
    expect((await push(world, folder, ':side', ':refs/tags/v1')).isAccepted).toBe(true);
    expect((await push(world, folder, 'HEAD~1:refs/heads/main', '--force')).isAccepted).toBe(true);
    expect((await world.domain('shop', 'production'))?.lastApplied).not.toBe(empty);
  });

  it('of another branch cannot make itself active', async () => {
    const world = await startWorld();
    const folder = newProject();
    const head = commit(folder, {});
    await push(world, folder);
    commit(folder, { 'pipectl.yaml': PROJECT.replace('ref: main', 'ref: side') });
    const { isAccepted, remote } = await push(world, folder, 'main:side');
    expect(isAccepted).toBe(true);
    expect(remote.join()).toContain('no domain tracks side');
    expect(await world.domain('shop', 'production')).toMatchObject({ ref: 'main', lastApplied: head });
  });

  it('that gives up a domain empties it', async () => {
    const world = await startWorld();
    const folder = newProject({ ...FILES, 'pipectl.yaml': PROJECT.replace('"*"', 'main') });
    await push(world, folder);
    expect(await world.objects('shop-development')).toHaveLength(4);
    commit(folder, { 'pipectl.yaml': PROJECT.replace(/ {4}development.*\n/, '') });
    await push(world, folder);
    await expect.poll(() => world.objects('shop-development'), { timeout: 5_000 }).toEqual([]);
    await expect.poll(() => world.domain('shop', 'development'), { timeout: 5_000 }).toBeUndefined();
    expect(await world.objects('shop-production')).toHaveLength(4);
  });
});

describe('a rejected push', () => {
  const pushed = lazily(async () => {
    const world = await startWorld();
    const folder = newProject();
    const head = commit(folder, {});
    await push(world, folder);
    return { world, folder, head };
  });

  it.each<[string, Record<string, string | null>, RegExp]>([
    ['no pipectl.yaml', { 'pipectl.yaml': null }, /PIPE-PROJ/],
    ['broken YAML', { 'pipelines/add.yaml': 'kind: [' }, /PIPE-YAML.*[\s\S]*pipelines\/add.yaml:1/],
    [
      'an unknown task',
      { 'pipelines/etl.yaml': ETL.replace('task: add', 'task: ad') },
      /pipelines\/etl.yaml:8[\s\S]*did you mean "add"/,
    ],
    ['a missing source', { 'tasks/add.sh': null }, /pipelines\/add.yaml:7/],
    ['a bad cron', { 'pipelines/nightly.yaml': NIGHTLY.replace('0 2 *', '0 99 *') }, /pipelines\/nightly.yaml:8/],
    ['a file that is too large', { 'pipelines/add.yaml': `# ${'x'.repeat(2_000_000)}` }, /PIPE-YAML-001/],
    ['names that differ in case only', { 'pipelines/ADD.yaml': '# nothing' }, /PIPE-TREE-002[\s\S]*only in case/],
  ])('for %s leaves everything as it was', async (_name, files, message) => {
    const { world, folder, head } = await pushed();
    const before = await storedObjects(world);
    commit(folder, files);
    const { isAccepted, remote } = await push(world, folder, 'main', 'main:side');
    git(folder, ['reset', '-q', '--hard', head]);
    expect(isAccepted).toBe(false);
    expect(remote.join('\n')).toMatch(message);
    expect(remote.at(-1)).toBe('pipectl: rejected, nothing was changed');
    expect(await storedObjects(world)).toBe(before);
    expect([...(await world.served.repositories.refs('shop')).values()]).toEqual([head]);
    expect(await world.domain('shop', 'production')).toMatchObject({ desired: head, lastApplied: head });
  });

  it('as the first of its repository stores nothing but what was wrong with it', async () => {
    const world = await startWorld();
    const folder = newProject({ ...FILES, 'pipelines/etl.yaml': 'kind: Nonsense' });
    expect((await push(world, folder)).isAccepted).toBe(false);
    expect(await storedObjects(world)).toBe(0);
    expect(await rejectedRevisions(world)).toHaveLength(1);
  });

  it('can be read later, until the commit is good', async () => {
    const world = await startWorld();
    const taken = newProject();
    expect((await push(world, taken)).isAccepted).toBe(true);
    const folder = newProject({ ...FILES, 'pipectl.yaml': PROJECT.replace('name: shop', 'name: store') });
    const head = commit(folder, {}, 'as store');
    const before = (await world.store.list('Revision')).resourceVersion;
    for (let times = 0; times < 2; times += 1) expect((await push(world, folder, '+main')).isAccepted).toBe(false);
    const [refused, ...others] = await rejectedRevisions(world);
    expect(others).toEqual([]);
    expect(refused?.metadata.name).toBe(`shop-${head}`);
    expect(refused?.spec).toMatchObject({ subject: 'as store', author: 'Ada <ada@example.org>', rejected: true });
    expect(refused?.spec.diagnostics).toMatchObject([{ code: 'PIPE-PUSH-001', severity: 'error' }]);
    expect(Number(refused?.metadata.resourceVersion)).toBeGreaterThan(Number(before));
    // It says nothing of the same commit elsewhere, and a repository of its own may have it.
    const own = await gitAsync(folder, ['push', world.served.url('store'), 'main']);
    expect(own.code, own.text).toBe(0);
    // The project is given up, so that the commit that was refused becomes good.
    const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE };
    await deleteObject(world.store, { ...key, name: 'store' });
    await deleteObject(world.store, { ...key, name: 'shop' });
    expect((await push(world, folder, '+main')).text).toContain('registered');
    const accepted = (await revisions(world)).find(({ metadata }) => metadata.name === `shop-${head}`);
    expect(accepted?.spec).toMatchObject({ project: 'store', index: expect.any(String) });
    expect(accepted?.spec).not.toHaveProperty('rejected');
    expect(await rejectedRevisions(world)).toEqual([]);
  });

  it('leaves the newest of many, and keeps a commit that was good before', async () => {
    const { store, ...world } = await startWorld();
    const folder = newProject();
    const good = commit(folder, {});
    await push({ store, ...world }, folder);
    const oids = Array.from({ length: MAX_REJECTED_REVISIONS + 2 }, (_, n) => n.toString(16).padStart(40, '0'));
    const diagnostics = [{ code: 'PIPE-REF-001', severity: 'error', message: 'no' }] as const;
    for (const oid of [...oids, good]) {
      await storeRejected(store, [{ repository: 'shop', ref: 'refs/heads/bad', oid, commit: undefined, diagnostics }]);
    }
    const kept = await rejectedRevisions({ store, ...world });
    expect(kept.map(({ spec }) => spec.commit).sort()).toEqual(oids.slice(2));
    expect((await revisions({ store, ...world })).find(({ spec }) => spec.commit === good)?.spec.index).toBeDefined();
  });

  it('for another project name, in this repository or taken by another', async () => {
    const world = await startWorld();
    const folder = newProject();
    await push(world, folder);
    const before = await storedObjects(world);
    commit(folder, { 'pipectl.yaml': PROJECT.replace('name: shop', 'name: store') });
    expect((await push(world, folder)).remote.join()).toContain('this repository is project "shop"');
    const second = await gitAsync(newProject(), ['push', world.served.url('second'), 'main']);
    expect(second.text).toMatch(/project "shop" belongs to repository shop[\s\S]*nothing was changed/);
    expect(await storedObjects(world)).toBe(before);
  });
});

/** Runs `make` at the first call only. */
function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
