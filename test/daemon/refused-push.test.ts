import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import { LABEL, patchObject, type Revision, SYSTEM_NAMESPACE } from '../../src/cluster/index.ts';
import { git, gitAsync, writeTree } from '../git/fixtures/real-git.ts';
import { buildProgram, type Daemon, newFolder, startDaemon } from './fixtures/program.ts';
import { newProject, type Project, pipectl } from './fixtures/project.ts';

/** A push that never came to registration leaves its reason all the same, and no more than a few of them. */

let daemon: Daemon;
let cluster: KubernetesCluster;
let project: Project;
beforeAll(async () => {
  daemon = await startDaemon({ program: await buildProgram(), data: join(newFolder(), 'data') });
  cluster = await daemon.connect();
  project = newProject({
    'pipectl.yaml': `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec: { paths: [pipelines], domains: { production: { ref: main }, development: { ref: "*" } } }
`,
    'pipelines/add.yaml': `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: add }
spec: { run: { command: ["true"] } }
`,
  });
  expect((await project.push(daemon.remote('shop'))).code).toBe(0);
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: 'shop' };
  const rules = [{ refs: ['guarded'], push: ['nobody'] }];
  await patchObject(cluster, key, { spec: { rules: rules as never } });
}, 60_000);

async function rejected(): Promise<readonly Revision[]> {
  const labelSelector = `${LABEL.rejected}=true,${LABEL.repository}=shop`;
  return (await cluster.list<Revision>('Revision', { namespace: SYSTEM_NAMESPACE, labelSelector })).items;
}

/** Waits for the revision of a refused commit: git's own refusals are known when git has ended. */
async function reasonOf(commit: string): Promise<Revision['spec']> {
  const find = async (): Promise<Revision['spec'] | undefined> =>
    (await rejected()).find(({ spec }) => spec.commit === commit)?.spec;
  await expect.poll(find, { timeout: 20_000 }).toBeDefined();
  return (await find()) as Revision['spec'];
}

function commitUpon(parent: string, message: string): string {
  return git(project.folder, ['commit-tree', 'main^{tree}', '-p', parent, '-m', message]);
}

describe('a push that is refused', () => {
  it.each([
    ['by a rule of refs', 'guarded', 'guarded is protected: only nobody may push to it'],
    [
      'for the name of its ref',
      'refs/heads/a/-x',
      'the name of the ref refs/heads/a/-x has a part that begins with "-"',
    ],
  ])('%s leaves a revision with the reason, until the commit is taken elsewhere', async (name, ref, reason) => {
    const commit = commitUpon('main', name);
    const { code } = await project.push(
      daemon.remote('shop'),
      `${commit}:${ref.startsWith('refs/') ? ref : `refs/heads/${ref}`}`,
    );
    expect(code).toBe(1);
    expect(await reasonOf(commit)).toMatchObject({
      subject: name,
      diagnostics: [{ code: 'PIPE-PUSH-003', message: expect.stringContaining(reason) }],
    });
    expect((await project.push(daemon.remote('shop'), `${commit}:refs/heads/open-${commit}`)).code).toBe(0);
    expect((await rejected()).some(({ spec }) => spec.commit === commit)).toBe(false);
  });

  it('by git itself leaves one, too, and commands show it', async () => {
    const tree = writeTree(project.folder, [['40000', git(project.folder, ['rev-parse', 'main^{tree}']), '.GIT']]);
    const commit = git(project.folder, ['commit-tree', tree, '-p', 'main', '-m', 'forged']);
    expect((await project.push(daemon.remote('shop'), `${commit}:refs/heads/forged`)).text).toContain('hasDotgit');
    expect(await reasonOf(commit)).toMatchObject({ refs: ['refs/heads/forged'], author: '' });
    const listed = await pipectl(daemon.kubeconfig, 'revisions', 'shop', '--rejected');
    expect(listed.out).toMatch(new RegExp(`^${commit.slice(0, 7)}\\s+rejected.*hasDotgit`, 'm'));
    const described = await pipectl(daemon.kubeconfig, 'describe', 'revision', commit);
    expect(described.out).toContain('PIPE-PUSH-003');
    expect(described.out).toContain('hasDotgit');
  });

  it('since its history is cut off leaves one', async () => {
    const clone = newFolder();
    const other = newProject({ 'a.txt': 'a' });
    other.commit({ 'a.txt': 'b' });
    git(clone, ['clone', '-q', '--depth', '1', `file://${other.folder}`, '.']);
    git(clone, ['commit', '-q', '--allow-empty', '-m', 'cut off']);
    const { code } = await gitAsync(clone, ['push', daemon.remote('shop'), 'HEAD:refs/heads/cut']);
    expect(code).toBe(1);
    const { diagnostics = [] } = await reasonOf(git(clone, ['rev-parse', 'HEAD']));
    expect(diagnostics.map(({ message }) => message).join(' ')).toContain('git fetch --unshallow');
  });

  it('as a plan leaves none, and a commit that is registered stays so', async () => {
    const before = (await rejected()).length;
    const tree = writeTree(project.folder, [['40000', git(project.folder, ['rev-parse', 'main^{tree}']), '.git']]);
    const commit = git(project.folder, ['commit-tree', tree, '-m', 'plan']);
    expect((await project.push(daemon.remote('shop'), `${commit}:refs/plan/production`)).text).toContain('hasDotgit');
    expect((await project.push(daemon.remote('shop'), 'main:refs/heads/guarded')).code).toBe(1);
    const { out } = await pipectl(daemon.kubeconfig, 'revisions', 'shop');
    expect(out).toContain(`${git(project.folder, ['rev-parse', '--short=7', 'main'])}   active in production`);
    expect((await rejected()).length).toBe(before);
  });

  it('takes the place of older ones when there are too many', async () => {
    const commits = Array.from({ length: 25 }, (_, n) => commitUpon('main', `many ${n}`));
    const { code } = await project.push(daemon.remote('shop'), ...commits.map((oid, n) => `${oid}:refs/heads/-${n}/x`));
    expect(code).toBe(1);
    await expect.poll(async () => (await rejected()).length, { timeout: 20_000 }).toBe(20);
    const last = commitUpon('main', 'last');
    expect((await project.push(daemon.remote('shop'), `${last}:refs/heads/guarded`)).code).toBe(1);
    await reasonOf(last);
    expect((await rejected()).length).toBe(20);
  });
});
