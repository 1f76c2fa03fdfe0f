import { describe, expect, it } from 'vitest';
import { patchObject, type Repository, type RepositorySource, SYSTEM_NAMESPACE } from '../../../src/cluster/index.ts';
import { createSourceObjects } from '../../../src/control/sources/index.ts';
import { createNativeRemotes } from '../../../src/git/adapters/native/index.ts';
import { startProxyHost } from '../../git/fixtures/proxy-host.ts';
import { git, temporaryFolder } from '../../git/fixtures/real-git.ts';
import { startRemoteHost } from '../../git/fixtures/remote-host.ts';
import { commit, newProject, until } from '../fixtures/world.ts';
import { type FollowingWorld, newRemote, startFollowing } from './fixtures.ts';

/** How a remote is asked: by which way, and for how much. */

const LOGIN = 'ada:correct-horse';

async function condition(world: FollowingWorld) {
  return (await world.repository('shop'))?.status?.conditions?.find(({ type }) => type === 'SourceReady');
}

async function applied(world: FollowingWorld): Promise<string | undefined> {
  return (await world.domain('shop', 'production'))?.lastApplied;
}

async function served() {
  const folder = temporaryFolder();
  const work = newProject();
  const remote = newRemote(work, folder);
  git(remote.path, ['config', 'uploadpack.allowFilter', 'true']);
  remote.push();
  const host = await startRemoteHost({ folder, login: LOGIN });
  const world = await startFollowing();
  world.secrets.set('login/username', 'ada').set('login/password', 'correct-horse');
  const follow = async (more: Partial<Extract<RepositorySource, { kind: 'remote' }>>): Promise<void> => {
    const source = { kind: 'remote', url: host.url('shop.git'), credentials: { secret: 'login' }, ...more } as const;
    await world.follow('shop', { source });
  };
  return { world, work, remote, host, follow };
}

function missingBlobs(world: FollowingWorld): readonly string[] {
  const args = ['rev-list', '--objects', '--all', '--missing=print', '--no-object-names'];
  const lines = git(world.served.repositories.path('shop'), args).split('\n');
  return lines.filter((line) => line.startsWith('?')).map((line) => line.slice(1));
}

describe('a remote whose fetches leave blobs out', () => {
  it('is registered by its definitions, and a task gets its folder when it runs', async () => {
    const { world, work, remote, follow } = await served();
    const first = commit(work, { 'tasks/big.bin': 'x'.repeat(100_000), 'other/unused.bin': 'y'.repeat(100_000) });
    remote.push();
    await follow({ filter: 'blob:none' });
    await until(async () => (await applied(world)) === first);
    await until(async () => (await condition(world))?.message === '1 ref is as at the remote');
    const big = git(work, ['rev-parse', 'HEAD:tasks/big.bin']);
    const unused = git(work, ['rev-parse', 'HEAD:other/unused.bin']);
    expect(missingBlobs(world)).toEqual(expect.arrayContaining([big, unused]));

    const { repositories } = world.served;
    const readerOf = createSourceObjects({
      cluster: world.store,
      secrets: world.credentials,
      proxyFor: () => undefined,
      fetchBlobs: createNativeRemotes({ repositories, schemes: ['http'] }).fetchBlobs,
      stored: (name) => repositories.reader(name),
      signal: new AbortController().signal,
    });
    const reader = await readerOf('shop');
    await reader.prefetch?.([big]);
    expect(await reader.read(big, 200_000, 'blob')).toMatchObject({ kind: 'found', bytes: { length: 100_000 } });
    expect(missingBlobs(world)).not.toContain(big);
    expect(missingBlobs(world)).toContain(unused);
    // Of what is pushed here nothing is missing, so nobody is asked.
    expect(await readerOf('none')).toBe(repositories.reader('none'));
  });

  it('goes on with the next commits, and with other filters or none', async () => {
    const { world, work, remote, follow } = await served();
    await follow({ filter: 'blob:limit=1k' });
    for (const filter of ['blob:limit=1k', 'blob:none', null]) {
      await patchObject(
        world.store,
        { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: 'shop' },
        { spec: { source: { filter } } },
      );
      const next = commit(work, { 'tasks/big.bin': `${filter} ${'x'.repeat(10_000)}` });
      remote.push();
      world.sources.hint('shop');
      await until(async () => (await applied(world)) === next);
    }
    expect((await condition(world))?.status).toBe('True');
  });

  it('is fetched whole, visibly, when its host cannot leave them out', async () => {
    const { world, work, remote, follow } = await served();
    git(remote.path, ['config', 'uploadpack.allowFilter', 'false']);
    await follow({ filter: 'blob:none' });
    await until(async () => (await applied(world)) === git(work, ['rev-parse', 'HEAD']));
    await until(async () => (await condition(world))?.message?.includes('all are fetched') === true);
    expect(await condition(world)).toMatchObject({
      status: 'True',
      message: '1 ref is as at the remote; the server cannot leave blobs out, so all are fetched',
    });
    expect(missingBlobs(world)).toEqual([]);
  });
});

describe('a remote behind a proxy', () => {
  it('is followed through the one that its Secret names, and says when that refuses', async () => {
    const { world, work, host, follow } = await served();
    const proxy = await startProxyHost('grace:planted-proxy-pass');
    world.secrets
      .set('proxy/address', `http://127.0.0.1:${proxy.port}`)
      .set('proxy/username', 'grace')
      .set('proxy/password', 'wrong');
    await follow({ proxy: { secret: 'proxy' } });
    await until(async () => (await condition(world))?.reason === 'ProxyRefused');
    world.secrets.set('proxy/password', 'planted-proxy-pass\n');
    world.sources.hint('shop');
    await until(async () => (await applied(world)) === git(work, ['rev-parse', 'HEAD']));
    expect(proxy.asked.some((asked) => asked.includes(`http://localhost:${host.port}/shop.git/`))).toBe(true);
    expect(JSON.stringify(await world.repository('shop'))).not.toContain('planted');
  });

  it.each<[string, Extract<RepositorySource, { kind: 'remote' }>['proxy'], string]>([
    ['names a Secret that is not there', { secret: 'nobody' }, 'SecretMissing'],
    ['names a Secret without a login', { url: 'http://127.0.0.1:9', secret: 'nobody' }, 'SecretMissing'],
    ['leads nowhere', { url: 'http://127.0.0.1:9' }, 'Unreachable'],
  ])('says so when it %s', async (_what, proxy, reason) => {
    const { world, follow } = await served();
    await follow({ proxy });
    await until(async () => (await condition(world))?.reason === reason);
    expect(((await world.repository('shop')) as Repository).status?.source?.failures).toBeGreaterThan(0);
  });
});
