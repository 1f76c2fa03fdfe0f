import { describe, expect, it } from 'vitest';
import { LABEL } from '../../../src/cluster/index.ts';
import { git, type Row, writeBlob, writeCommit, writeTree } from '../../git/fixtures/real-git.ts';
import { ADD, commit, newProject, PROJECT, push, startWorld, type World } from '../fixtures/world.ts';

/** 10^depth files in `depth` objects. */
function bomb(folder: string, depth: number): string {
  const leaf = writeBlob(folder, ADD);
  let tree = writeTree(folder, letters('100644', leaf, '.yaml'));
  for (let level = 1; level < depth; level += 1) tree = writeTree(folder, letters('40000', tree, ''));
  return tree;
}

function letters(mode: string, oid: string, suffix: string): Row[] {
  return [...'abcdefghij'].map((name): Row => [mode, oid, `${name}${suffix}`]);
}

/** All that a push could register, with its versions. */
async function registered({ store }: World): Promise<readonly string[]> {
  const options = { labelSelector: `!${LABEL.rejected}` };
  const lists = await Promise.all(['Repository', 'Revision', 'Closure'].map((kind) => store.list(kind, options)));
  return lists.flatMap(({ items }) => items.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`));
}

describe('a hostile push', () => {
  /** A valid project is active; each row pushes a tree of its own on top. */
  const started = (async () => {
    const world = await startWorld();
    const folder = newProject();
    const head = commit(folder, {});
    await push(world, folder);
    return { world, folder, head };
  })();

  const definitions = (rows: (folder: string) => Row[]) => (folder: string) => ({
    pipelines: writeTree(folder, rows(folder)),
  });

  it.each<[string, (folder: string) => { pipelines?: string; tasks?: string }, RegExp]>([
    ['10^10 definition files', (folder) => ({ pipelines: bomb(folder, 10) }), /PIPE-TREE-00[14]/],
    ['10^10 files as a source', (folder) => ({ tasks: bomb(folder, 10) }), /PIPE-TREE-00[14]/],
    [
      'a link among definitions',
      definitions((folder) => [['120000', writeBlob(folder, '/etc/passwd'), 'add.yaml']]),
      /PIPE-TREE-003[\s\S]*pipelines\/add.yaml/,
    ],
    [
      'a submodule among definitions',
      definitions(() => [['160000', '1'.repeat(40), 'sub']]),
      /PIPE-TREE-003.*submodule/,
    ],
    [
      'a link in a source',
      (folder) => ({ tasks: writeTree(folder, [['120000', writeBlob(folder, '../..'), 'up']]) }),
      /PIPE-TREE-003[\s\S]*tasks\/up/,
    ],
    [
      'a newline in a name',
      definitions((folder) => [['100644', writeBlob(folder, ADD), 'a\nb.yaml']]),
      /PIPE-TREE-002/,
    ],
    [
      'an escape in a name',
      definitions((folder) => [['100644', writeBlob(folder, ADD), 'a\u001b[31m.yaml']]),
      /PIPE-TREE-002/,
    ],
    [
      'a name of 3,000 characters',
      definitions((folder) => [['100644', writeBlob(folder, ADD), `${'x'.repeat(3_000)}.yaml`]]),
      /PIPE-TREE-002/,
    ],
    [
      'a file of 20 MB',
      definitions((folder) => [['100644', writeBlob(folder, Buffer.alloc(20 << 20, '#')), 'a.yaml']]),
      /PIPE-YAML-001/,
    ],
    ['a folder above', definitions((folder) => [['40000', bomb(folder, 1), '..']]), /hasDotdot|unpack/],
    ['.git in capitals', definitions((folder) => [['40000', bomb(folder, 1), '.GIT']]), /hasDotgit|unpack/],
  ])('of %s is rejected and leaves everything as it was', async (_name, make, message) => {
    const { world, folder, head } = await started;
    const { pipelines, tasks } = make(folder);
    const of = (path: string): string => git(folder, ['rev-parse', `${head}:${path}`]);
    const tree = writeTree(folder, [
      ['100644', writeBlob(folder, PROJECT), 'pipectl.yaml'],
      ['40000', pipelines ?? of('pipelines'), 'pipelines'],
      ['40000', tasks ?? of('tasks'), 'tasks'],
    ]);
    const before = await registered(world);
    const hostile = writeCommit(folder, tree, [head]);
    const { isAccepted, text } = await push(world, folder, `${hostile}:refs/heads/main`);
    expect(isAccepted).toBe(false);
    expect(text).toMatch(message);
    expect(text).not.toContain('\u001b[31m');
    expect(await registered(world)).toEqual(before);
    expect((await world.domain('shop', 'production'))?.lastApplied).toBe(head);
  });
});
