import { describe, expect, it } from 'vitest';
import { resolveRevision } from '../../../src/client/index.ts';
import { git, gitAsync, temporaryFolder } from '../../git/fixtures/real-git.ts';
import { commit, newProject, push, startWorld, type World } from '../fixtures/world.ts';

async function pushed(world: World) {
  const folder = newProject();
  const main = commit(folder, {});
  await push(world, folder);
  git(folder, ['checkout', '-q', '-b', 'other']);
  const one = commit(folder, { 'notes.txt': 'one' });
  await push(world, folder, 'other');
  const two = commit(folder, { 'notes.txt': 'two' });
  await push(world, folder, 'other');
  return { folder, main, one, two };
}

async function found(world: World, rev: string): Promise<string | undefined> {
  return (await resolveRevision(world.store, rev))?.spec.commit;
}

describe('a branch or tag names the commit that it shows', () => {
  it('also after it went back to one that was registered before', async () => {
    const world = await startWorld();
    const { folder, main, one, two } = await pushed(world);
    expect(await found(world, 'main')).toBe(main);
    expect(await found(world, 'other')).toBe(two);
    await push(world, folder, '+HEAD~1:refs/heads/other');
    expect(await found(world, 'other')).toBe(one);
    expect(await found(world, two)).toBe(two);
  });

  it('until it is deleted', async () => {
    const world = await startWorld();
    const { folder, two } = await pushed(world);
    await push(world, folder, ':refs/heads/other');
    expect(await found(world, 'other')).toBeUndefined();
    expect(await found(world, two)).toBe(two);
  });

  it.each([['v1'], ['-a', '-m', 'first', 'v1']])('when a tag is made: %s', async (...options) => {
    const world = await startWorld();
    const { folder, one } = await pushed(world);
    git(folder, ['tag', ...options, one]);
    await push(world, folder, 'v1');
    expect(await found(world, 'v1')).toBe(one);
    expect(await found(world, 'refs/tags/v1')).toBe(one);
  });

  it('and not something that an object’s prototype holds', async () => {
    const world = await startWorld();
    await pushed(world);
    expect(await found(world, 'refs/heads/constructor')).toBeUndefined();
    expect(await found(world, 'constructor')).toBeUndefined();
  });

  it('when refs moved while nobody listened', async () => {
    const folder = temporaryFolder();
    const world = await startWorld(folder);
    const { one } = await pushed(world);
    const bare = world.served.repositories.path('shop');
    await world.close();
    await gitAsync(bare, ['update-ref', 'refs/heads/other', one]);
    await gitAsync(bare, ['update-ref', 'refs/heads/third', one]);
    const again = await startWorld(folder);
    await again.registration.resync('shop');
    expect([await found(again, 'other'), await found(again, 'third')]).toEqual([one, one]);
    await gitAsync(bare, ['update-ref', '-d', 'refs/heads/third']);
    await again.registration.resync('shop');
    expect(await found(again, 'third')).toBeUndefined();
  });
});
