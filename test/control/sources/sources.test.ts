import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ANNOTATION, patchObject, type Repository, SYSTEM_NAMESPACE } from '../../../src/cluster/index.ts';
import { git, temporaryFolder, writeBlob, writeCommit, writeTree } from '../../git/fixtures/real-git.ts';
import { startRemoteHost } from '../../git/fixtures/remote-host.ts';
import { commit, ETL, FILES, newProject, PROJECT, until } from '../fixtures/world.ts';
import { newSshKey } from '../verification/keys.ts';
import { type FollowingWorld, newRemote, startFollowing } from './fixtures.ts';

async function sourceOf(world: FollowingWorld, name = 'shop'): Promise<NonNullable<Repository['status']>['source']> {
  return (await world.repository(name))?.status?.source;
}

async function condition(world: FollowingWorld, name = 'shop') {
  return (await world.repository(name))?.status?.conditions?.find(({ type }) => type === 'SourceReady');
}

async function shows(world: FollowingWorld, head: string): Promise<boolean> {
  return (await world.domain('shop', 'production'))?.lastApplied === head;
}

/** A world that follows a remote of one project and shows its first commit. */
async function following(source: Partial<Extract<Repository['spec']['source'], { kind: 'remote' }>> = {}) {
  const world = await startFollowing();
  const work = newProject();
  const remote = newRemote(work);
  remote.push();
  const first = git(work, ['rev-parse', 'HEAD']);
  await world.follow('shop', { source: { kind: 'remote', url: remote.url, ...source } });
  await until(() => shows(world, first));
  return { world, work, remote, first };
}

describe('a remote', () => {
  it('is fetched, registered and applied, and followed to what it shows next', async () => {
    const { world, work, remote, first } = await following();
    expect(await world.objects('shop-production')).toContain('Workflow/etl');
    await until(async () => (await sourceOf(world))?.observed !== undefined);
    const second = commit(work, { 'pipelines/nightly.yaml': null });
    remote.push();
    world.sources.hint('shop');
    await until(() => shows(world, second));
    expect(await world.objects('shop-production')).toEqual(['Task/add', 'Workflow/etl']);
    await until(async () => (await condition(world))?.status === 'True');
    expect(await condition(world)).toMatchObject({ reason: 'Fetched', message: '1 ref is as at the remote' });
    expect(await sourceOf(world)).not.toHaveProperty('failures');
    expect([...(await world.served.repositories.refs('shop'))]).toEqual([['refs/heads/main', second]]);
    expect(first).not.toBe(second);
  });

  it('that did not change costs no write and no git', async () => {
    const { world } = await following();
    await until(async () => (await condition(world)) !== undefined);
    const before = world.writes();
    const { polls } = world.sources.stats();
    for (let hints = 0; hints < 3; hints += 1) {
      world.sources.hint('shop');
      await until(async () => world.sources.stats().polls > polls + hints);
    }
    expect(world.writes()).toBe(before);
  });

  it('whose commit is rejected keeps what is active, says why, and is not asked for it again', async () => {
    const { world, work, remote, first } = await following();
    await until(async () => (await condition(world))?.status === 'True');
    const bad = commit(work, { 'pipelines/etl.yaml': ETL.replace('task: add', 'task: ad') });
    remote.push();
    world.sources.hint('shop');
    await until(async () => (await condition(world))?.reason === 'CommitRejected');
    const { message = '' } = (await sourceOf(world)) ?? {};
    const short = bad.slice(0, 7);
    expect(message).toMatch(/ error\[PIPE-REF-001\]: .+ \(pipelines\/etl\.yaml:\d+:\d+\): /);
    expect(message.startsWith(`refs/heads/main at ${short} is rejected: `)).toBe(true);
    expect(message.endsWith(`: \`pipectl describe revision ${short}\``)).toBe(true);
    expect(await shows(world, first)).toBe(true);
    expect([...(await world.served.repositories.refs('shop')).values()]).toEqual([first]);
    const before = world.writes();
    const { polls } = world.sources.stats();
    world.sources.hint('shop');
    await until(async () => world.sources.stats().polls > polls);
    expect(world.writes()).toBe(before);
    const good = commit(work, { 'pipelines/etl.yaml': ETL });
    remote.push();
    world.sources.hint('shop');
    await until(() => shows(world, good));
    await until(async () => (await condition(world))?.status === 'True');
    expect(await sourceOf(world)).not.toHaveProperty('message');
  });

  it('with one bad branch among good ones takes in the good ones', async () => {
    const { world, work, remote, first } = await following();
    git(work, ['checkout', '-q', '-b', 'bad']);
    commit(work, { 'pipelines/etl.yaml': 'kind: Nonsense' });
    git(work, ['checkout', '-q', 'main']);
    const second = commit(work, {}, 'empty');
    git(work, ['tag', '-a', 'v1', '-m', 'one', first]);
    remote.push('main', 'bad', 'v1');
    world.sources.hint('shop');
    await until(() => shows(world, second));
    await until(async () => (await sourceOf(world))?.message !== undefined);
    expect([...(await world.served.repositories.refs('shop')).keys()]).toEqual(['refs/heads/main', 'refs/tags/v1']);
    expect(await condition(world)).toMatchObject({
      status: 'True',
      message: expect.stringContaining('refs/heads/bad'),
    });
  });

  it('with branches whose objects git will not have takes in the others, and says which', async () => {
    const { world, work, remote } = await following();
    const blob = writeBlob(work, 'x');
    const hostile = (name: string): string => {
      const tree = writeTree(work, [['040000', writeTree(work, [['100644', blob, 'config']]), name]]);
      return writeCommit(work, tree);
    };
    git(work, ['update-ref', 'refs/heads/a-dotgit', hostile('.git')]);
    git(work, ['update-ref', 'refs/heads/z-parent', hostile('..')]);
    const second = commit(work, {}, 'empty');
    remote.push('main', 'a-dotgit', 'main:good', 'z-parent');
    world.sources.hint('shop');
    await until(() => shows(world, second));
    await until(async () => (await sourceOf(world))?.message !== undefined);
    expect((await sourceOf(world))?.message).toMatch(
      /a-dotgit at \w{7} is rejected: .*\.git.*z-parent at \w{7} is rejected/,
    );
    expect([...(await world.served.repositories.refs('shop')).keys()]).toEqual(['refs/heads/good', 'refs/heads/main']);
    expect(await condition(world)).toMatchObject({ status: 'True' });
    // What git will not have is not fetched again.
    const before = world.writes();
    const { polls } = world.sources.stats();
    world.sources.hint('shop');
    await until(async () => world.sources.stats().polls > polls);
    expect(world.writes()).toBe(before);
  });

  it('that is force-pushed, loses branches and gets names that take their place is followed', async () => {
    const { world, work, remote, first } = await following();
    remote.push('main:topic', 'main:refs/tags/v1');
    world.sources.hint('shop');
    await until(async () => (await world.served.repositories.refs('shop')).size === 3);
    git(remote.path, ['update-ref', '-d', 'refs/heads/topic']);
    git(remote.path, ['update-ref', '-d', 'refs/tags/v1']);
    git(work, ['commit', '-q', '--amend', '-m', 'rewritten']);
    const rewritten = git(work, ['rev-parse', 'HEAD']);
    remote.push('main', 'main:topic/one');
    world.sources.hint('shop');
    await until(() => shows(world, rewritten));
    const refs = await world.served.repositories.refs('shop');
    expect([...refs.keys()]).toEqual(['refs/heads/main', 'refs/heads/topic/one']);
    expect(rewritten).not.toBe(first);
  });

  it('that loses the branch that a domain tracks, or everything, leaves it active', async () => {
    const { world, remote, first } = await following();
    git(remote.path, ['update-ref', '-d', 'refs/heads/main']);
    world.sources.hint('shop');
    await until(async () => (await world.domain('shop', 'production'))?.message !== undefined);
    expect(await world.domain('shop', 'production')).toMatchObject({
      lastApplied: first,
      message: 'the branch main is gone: the last applied commit stays active until it is back',
    });
    expect(await world.objects('shop-production')).toContain('Workflow/etl');
  });

  it('that is empty waits for its first commit; HEAD says which branch comes first', async () => {
    const world = await startFollowing();
    const work = newProject();
    const remote = newRemote(work);
    await world.follow('shop', { source: { kind: 'remote', url: remote.url } });
    await until(async () => (await condition(world))?.status === 'True');
    // Comes before main by name, and belongs to another project.
    git(work, ['checkout', '-q', '-b', 'aaa']);
    commit(work, { 'pipectl.yaml': PROJECT.replace('name: shop', 'name: other') });
    remote.push('main', 'aaa');
    world.sources.hint('shop');
    await until(async () => (await world.repository('shop'))?.status?.project === 'shop');
    await until(async () => (await sourceOf(world))?.message !== undefined);
    expect((await sourceOf(world))?.message).toMatch(/refs\/heads\/aaa .*rejected/);
  });

  it('of which only some refs are wanted', async () => {
    const { world, remote } = await following({ refs: ['main', 'release/*'] });
    remote.push('main:topic', 'main:release/1', 'main:refs/tags/v1');
    world.sources.hint('shop');
    await until(async () => (await world.served.repositories.refs('shop')).size > 1);
    expect([...(await world.served.repositories.refs('shop')).keys()]).toEqual([
      'refs/heads/main',
      'refs/heads/release/1',
    ]);
  });

  it('of which only the newest commits are wanted is fetched without its history', async () => {
    const world = await startFollowing();
    const work = newProject();
    const old = git(work, ['rev-parse', 'HEAD']);
    for (let more = 0; more < 3; more += 1) commit(work, { 'tasks/n.txt': `${more}` });
    const remote = newRemote(work);
    remote.push();
    await world.follow('shop', { source: { kind: 'remote', url: remote.url, depth: 1 } });
    const head = git(work, ['rev-parse', 'HEAD']);
    await until(() => shows(world, head));
    expect(await world.served.repositories.reader('shop').read(old, 1_000)).toEqual({ kind: 'missing' });
    const next = commit(work, { 'tasks/n.txt': 'next' });
    remote.push();
    world.sources.hint('shop');
    await until(() => shows(world, next));
  });
});

describe('following', () => {
  it('stops while it is suspended and goes on when that ends', async () => {
    const { world, work, remote } = await following();
    const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: 'shop' };
    await patchObject(world.store, key, { spec: { suspended: true } });
    await until(async () => world.sources.stats().followed === 0);
    const second = commit(work, {}, 'empty');
    remote.push();
    world.sources.hint('shop');
    await patchObject(world.store, key, { spec: { suspended: null } });
    await until(() => shows(world, second));
  });

  it('of one that hangs ends when it is suspended, and says nothing of that', async () => {
    const world = await startFollowing();
    const host = await startRemoteHost({ folder: temporaryFolder() });
    const gone = Promise.withResolvers<void>();
    host.behave = (_request, response) => void response.on('close', () => gone.resolve());
    await world.follow('shop', { source: { kind: 'remote', url: host.url('shop.git'), timeout: '10m' } });
    await until(async () => host.requests.length === 1);
    const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: 'shop' };
    await patchObject(world.store, key, { spec: { suspended: true } });
    await gone.promise;
    await world.sources.stop();
    expect(await sourceOf(world)).toBeUndefined();
  });

  it('starts at a wish to sync, looks at what was rejected again, and says that it did', async () => {
    const { world, remote, first } = await following();
    const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: 'shop' };
    const asked = '2026-01-02T03:04:05.000Z';
    await until(async () => (await condition(world)) !== undefined);
    remote.push('main:topic');
    await patchObject(world.store, key, { metadata: { annotations: { [ANNOTATION.syncRequestedAt]: asked } } });
    await until(async () => (await sourceOf(world))?.lastSyncRequest === asked);
    expect((await world.served.repositories.refs('shop')).get('refs/heads/topic')).toBe(first);
  });

  it('goes on where it was after a restart, without asking git', async () => {
    const folder = temporaryFolder();
    const world = await startFollowing(folder);
    const work = newProject();
    const remote = newRemote(work);
    remote.push();
    await world.follow('shop', { source: { kind: 'remote', url: remote.url } });
    await until(async () => (await condition(world))?.status === 'True');
    await world.sources.stop();
    await world.close();
    const again = await startFollowing(folder);
    await until(async () => again.sources.stats().polls === 1);
    const second = commit(work, {}, 'empty');
    remote.push();
    again.sources.hint('shop');
    await until(() => shows(again, second));
  });

  it('fails for one remote without holding up another, and recovers', async () => {
    const { world, work, remote } = await following();
    const host = await startRemoteHost({ folder: temporaryFolder() });
    host.behave = () => undefined;
    const gone = newRemote(work, temporaryFolder(), 'gone.git');
    rmSync(gone.path, { recursive: true });
    await world.follow('gone', { source: { kind: 'remote', url: gone.url } });
    for (let each = 0; each < 20; each += 1) {
      await world.follow(`hangs-${each}`, { source: { kind: 'remote', url: host.url('shop.git'), timeout: '20s' } });
    }
    await until(async () => host.requests.length === 20);
    const second = commit(work, {}, 'empty');
    remote.push();
    world.sources.hint('shop');
    await until(() => shows(world, second));
    await until(async () => (await condition(world, 'gone'))?.status === 'False');
    expect(await condition(world, 'gone')).toMatchObject({ reason: 'NotFound' });
    expect(await sourceOf(world, 'gone')).toMatchObject({ failures: 1, nextAttemptAt: expect.any(String) });
    newRemote(
      newProject({ ...FILES, 'pipectl.yaml': PROJECT.replace('name: shop', 'name: gone') }),
      gone.path.replace('/gone.git', ''),
      'gone.git',
    ).push();
    world.sources.hint('gone');
    await until(async () => (await condition(world, 'gone'))?.status === 'True');
    expect(await sourceOf(world, 'gone')).not.toHaveProperty('failures');
  });

  it('asks what is polled for signatures as well: a signed tag lets its commit in, whatever came first', async () => {
    const world = await startFollowing();
    const work = newProject();
    const remote = newRemote(work);
    remote.push();
    const key = newSshKey('ada@example.org');
    const source = { kind: 'remote', url: remote.url } as const;
    await world.follow('shop', { source, verify: { mode: 'tag', ...key.trust } });
    await until(async () => (await condition(world))?.reason === 'CommitRejected');
    expect((await sourceOf(world))?.message).toMatch(
      /refs\/heads\/main at \w{7} is rejected: .*PIPE-PUSH-002.*has no tag/,
    );
    const next = commit(work, {}, 'empty');
    git(work, [...key.options, 'tag', '-s', 'v1', '-m', 'one']);
    git(work, ['tag', '-a', 'v0', '-m', 'unsigned']);
    remote.push('main', 'v0', 'v1');
    world.sources.hint('shop');
    await until(() => shows(world, next));
    expect([...(await world.served.repositories.refs('shop')).keys()]).toEqual(['refs/heads/main', 'refs/tags/v1']);
  });

  it('of one remote by two control planes converges', async () => {
    const work = newProject();
    const remote = newRemote(work);
    remote.push();
    const worlds = [await startFollowing(), await startFollowing()];
    for (const world of worlds) await world.follow('shop', { source: { kind: 'remote', url: remote.url } });
    for (let round = 0; round < 3; round += 1) {
      const head = commit(work, { 'tasks/n.txt': `${round}` });
      remote.push();
      for (const world of worlds) world.sources.hint('shop');
      for (const world of worlds) await until(() => shows(world, head));
    }
  });
});
