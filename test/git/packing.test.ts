import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAX_PACKS } from '../../src/base/index.ts';
import { openRepositoryStore } from '../../src/git/adapters/native/index.ts';
import { git, newRepository, temporaryFolder, writeBlob, writeCommit, writeTree } from './fixtures/real-git.ts';
import { quiet } from './fixtures/served.ts';

describe('packing a repository of many fetches', () => {
  it.each([
    ['whole', []],
    ['without its blobs', ['--filter=blob:none']],
  ])('that are %s joins their packs, and loses nothing', async (_what, filter) => {
    const work = newRepository();
    git(work, ['config', 'uploadpack.allowFilter', 'true']);
    const folder = join(temporaryFolder(), 'git');
    const first = await openRepositoryStore({ folder, log: quiet });
    await first.ensure('shop');
    const path = first.path('shop');
    const commits: string[] = [];
    for (let step = 0; step <= MAX_PACKS; step += 1) {
      const tree = writeTree(work, [['100644', writeBlob(work, `${step}`), `f${step}`]]);
      // Each takes the place of the one before: all but the last are shown by no ref.
      commits.push(writeCommit(work, tree));
      git(work, ['update-ref', 'refs/heads/main', commits.at(-1) ?? '']);
      const config = ['-c', `remote.source.url=${work}`, '-c', 'fetch.unpackLimit=1'];
      git(path, [...config, 'fetch', '-q', '--no-write-fetch-head', ...filter, 'source', '+main:main']);
    }
    const packs = () => readdirSync(join(path, 'objects', 'pack')).filter((file) => file.endsWith('.pack')).length;
    const missing = () =>
      git(path, ['rev-list', '--objects', '--missing=print', 'main'])
        .split('\n')
        .filter((line) => line.startsWith('?'));
    // With the configuration that is ours: the fetches above wrote into it.
    const repositories = await openRepositoryStore({ folder, log: quiet });
    await repositories.ensure('shop');
    expect(packs()).toBeGreaterThan(MAX_PACKS);
    const before = missing();
    await repositories.pack('shop');
    expect(packs()).toBe(1);
    expect(missing()).toEqual(before);
    const reader = repositories.reader('shop');
    for (const commit of commits) expect((await reader.read(commit, 10_000)).kind).toBe('found');
    repositories.close();
  });
});
