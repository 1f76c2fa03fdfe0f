import { beforeAll, describe, expect, it } from 'vitest';
import { patchObject, readPlanLines, SYSTEM_NAMESPACE } from '../../../src/cluster/index.ts';
import { git } from '../../git/fixtures/real-git.ts';
import { ADD, commit, newProject, PROJECT, push, startWorld, type World } from '../fixtures/world.ts';

let world: World;
let folder: string;
beforeAll(async () => {
  world = await startWorld();
  folder = newProject();
  await push(world, folder);
});

/** Everything that a push could leave behind. */
async function stored(): Promise<unknown> {
  const kinds = ['Repository', 'Revision', 'Closure'];
  const lists = await Promise.all(kinds.map((kind) => world.store.list(kind, { namespace: SYSTEM_NAMESPACE })));
  const versions = lists.flatMap(({ items }) =>
    items.map(({ kind, metadata }) => [kind, metadata.name, metadata.resourceVersion]),
  );
  return {
    versions,
    refs: [...(await world.served.repositories.refs('shop'))],
    active: await world.objects('shop-production'),
  };
}

/** What a push to a plan's ref says; it must change nothing. */
async function planned(refspec: string): Promise<readonly string[]> {
  const before = await stored();
  const { isAccepted, remote } = await push(world, folder, refspec);
  expect(isAccepted).toBe(false);
  expect(await stored()).toEqual(before);
  return remote;
}

describe('a push to refs/plan/<domain>', () => {
  it('tells what the reconciler would do with a new commit', async () => {
    const changes = { 'pipelines/more.yaml': ADD.replace('name: add', 'name: more'), 'pipelines/nightly.yaml': null };
    commit(folder, changes);
    const lines = await planned('HEAD:refs/plan/production');
    expect(lines.at(-1)).toBe('pipectl: this was a plan, nothing was changed');
    expect(readPlanLines(lines)).toEqual({
      namespace: 'shop-production',
      changes: [
        { action: 'create', kind: 'Task', name: 'more', file: 'pipelines/more.yaml' },
        { action: 'remove', kind: 'Schedule', name: 'nightly', file: 'pipelines/nightly.yaml' },
        { action: 'remove', kind: 'LaunchPlan', name: 'nightly', file: 'pipelines/nightly.yaml' },
      ],
      unchanged: 2,
      waiting: [],
    });
    git(folder, ['reset', '-q', '--hard', 'HEAD~1']);
  });

  it('tells of a registered commit that nothing would change', async () => {
    expect(await planned('HEAD:refs/plan/production')).toEqual([
      'shop-production: 4 unchanged',
      'pipectl: this was a plan, nothing was changed',
    ]);
  });

  it.each([
    ['an error in it', { 'pipelines/add.yaml': 'kind: Taks\n' }, 'production', 'PIPE-SCHEMA-003'],
    [
      'another project',
      { 'pipectl.yaml': PROJECT.replace('name: shop', 'name: pay') },
      'production',
      'this repository is project "shop", not "pay"',
    ],
    ['no such domain', {}, 'staging', 'the commit has no domain "staging", but production, development'],
    ['a domain that registers only', {}, 'development', 'domain development registers only'],
    ['a name of a method', {}, 'constructor', 'the commit has no domain "constructor"'],
  ])('is refused for %s, and says so', async (_, files, domain, told) => {
    commit(folder, files);
    const lines = await planned(`HEAD:refs/plan/${domain}`);
    expect(lines.join('\n')).toContain(told);
    expect(lines.at(-1)).toBe('pipectl: rejected, there is no plan');
    expect(readPlanLines(lines)).toBeUndefined();
    git(folder, ['reset', '-q', '--hard', 'HEAD~1']);
  });

  it('is refused for a commit that its branch would refuse for want of a signature', async () => {
    const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: 'shop' };
    const ask = (mode: string | null) =>
      patchObject(world.store, key, {
        spec: {
          verify: mode && { mode, allowedSigners: 'ada@example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4kXv3a' },
        },
      });
    commit(folder, { 'pipelines/more.yaml': ADD.replace('name: add', 'name: more') });
    await ask('head');
    const lines = await planned('HEAD:refs/plan/production');
    expect(lines.join('\n')).toContain('is not signed');
    expect(lines.at(-1)).toBe('pipectl: rejected, there is no plan');
    await ask(null);
    git(folder, ['reset', '-q', '--hard', 'HEAD~1']);
  });

  it('keeps other refs of the same push where they are', async () => {
    commit(folder, { 'pipelines/more.yaml': ADD.replace('name: add', 'name: more') });
    const before = await stored();
    const { isAccepted } = await push(world, folder, 'HEAD:main', 'HEAD:refs/plan/production');
    expect(isAccepted).toBe(false);
    expect(await stored()).toEqual(before);
    git(folder, ['reset', '-q', '--hard', 'HEAD~1']);
  });
});
