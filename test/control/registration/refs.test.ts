import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Revision } from '../../../src/cluster/index.ts';
import { git, newRepository } from '../../git/fixtures/real-git.ts';
import { removeFolder } from '../../remove-folder.ts';
import { ADD, commit, NIGHTLY, newProject, PROJECT, push, startWorld, type World } from '../fixtures/world.ts';

/** What becomes of refs that people move in every way that git knows, with the real client. */

async function pushed(): Promise<{ readonly world: World; readonly work: string; readonly head: string }> {
  const world = await startWorld();
  const work = newProject();
  const head = commit(work, {});
  await push(world, work);
  return { world, work, head };
}

async function registered(world: World): Promise<readonly string[]> {
  return (await world.store.list<Revision>('Revision')).items.map(({ spec }) => spec.commit);
}

async function active(world: World): Promise<string | undefined> {
  return (await world.domain('shop', 'production'))?.lastApplied;
}

/** A project of the same files, and of no commit that any other has. */
function stranger(): string {
  const work = newProject();
  git(work, ['commit', '-q', '--amend', '-m', 'by somebody else']);
  return work;
}

describe('a tracked branch', () => {
  it('that is moved by force, back or to another history, is followed, and what it left stays registered', async () => {
    const { world, work, head } = await pushed();
    const next = commit(work, { 'pipelines/nightly.yaml': NIGHTLY.replace('0 2', '0 3') });
    await push(world, work);
    expect(await active(world)).toBe(next);
    expect((await push(world, work, `${head}:refs/heads/main`)).isAccepted).toBe(false);
    expect(await active(world)).toBe(next);
    await push(world, work, `+${head}:refs/heads/main`);
    expect(await active(world)).toBe(head);
    git(work, ['checkout', '-q', '--orphan', 'fresh']);
    const fresh = commit(work, { 'pipelines/add.yaml': ADD.replace('b: integer', 'b: integer, c: integer?') }, 'anew');
    await push(world, work, '+fresh:refs/heads/main');
    expect(await active(world)).toBe(fresh);
    expect(await registered(world)).toEqual(expect.arrayContaining([head, next, fresh]));
    const { history = [] } = (await world.domain('shop', 'production')) ?? {};
    expect(history.map((entry) => entry.commit)).toEqual([fresh, head, next, head]);
  });

  it('that is deleted leaves its domain as it is, and says so until it is back', async () => {
    const { world, work, head } = await pushed();
    const deleted = await push(world, work, ':refs/heads/main');
    expect(deleted.isAccepted, deleted.text).toBe(true);
    const gone = await world.domain('shop', 'production');
    expect(gone).toMatchObject({ lastApplied: head, message: expect.stringContaining('the branch main is gone') });
    expect(await world.objects('shop-production')).toHaveLength(4);
    expect((await world.repository('shop'))?.status?.heads).toEqual({});
    const next = commit(work, { 'pipelines/nightly.yaml': NIGHTLY.replace('0 2', '0 4') });
    await push(world, work);
    expect(await world.domain('shop', 'production')).toMatchObject({ lastApplied: next });
    expect(await world.domain('shop', 'production')).not.toHaveProperty('message');
  });

  it('that is deleted and pushed again as it was is as if it had never been gone; the pusher reads both', async () => {
    const { world, work, head } = await pushed();
    const deleted = await push(world, work, ':refs/heads/main');
    expect(deleted.text).toContain(`pipectl: production stays at ${head.slice(0, 7)}: the branch main is gone`);
    const back = await push(world, work);
    expect(back.text).toContain(`pipectl: production is now at ${head.slice(0, 7)}`);
    expect(await world.domain('shop', 'production')).toMatchObject({ desired: head, lastApplied: head });
    expect(await world.domain('shop', 'production')).not.toHaveProperty('message');
  });

  it('gets another name when a commit on it says so', async () => {
    const { world, work, head } = await pushed();
    git(work, ['branch', '-m', 'main', 'trunk']);
    await push(world, work, 'trunk');
    expect(await active(world)).toBe(head);
    const renamed = commit(work, { 'pipectl.yaml': PROJECT.replace('ref: main', 'ref: trunk') });
    const early = await push(world, work, 'trunk');
    expect(early.text).toContain('pipectl: for production to track trunk, push this commit to main too');
    await push(world, work, 'trunk:main');
    expect(await world.domain('shop', 'production')).toMatchObject({ ref: 'trunk', lastApplied: renamed });
    await push(world, work, ':refs/heads/main');
    // A clone that names no branch has files all the same.
    expect(git(world.served.repositories.path('shop'), ['symbolic-ref', 'HEAD'])).toBe('refs/heads/trunk');
    const next = commit(work, { 'pipelines/nightly.yaml': NIGHTLY.replace('0 2', '0 5') });
    await push(world, work, 'trunk');
    expect(await active(world)).toBe(next);
    expect(await world.domain('shop', 'production')).not.toHaveProperty('message');
  });

  it('that is renamed in one push leaves what is active, and the push says how to go on', async () => {
    const { world, work, head } = await pushed();
    git(work, ['checkout', '-q', '-b', 'trunk']);
    const renamed = commit(work, { 'pipectl.yaml': PROJECT.replace('ref: main', 'ref: trunk') });
    const { remote } = await push(world, work, '--atomic', 'trunk', ':refs/heads/main');
    expect(remote).toContain(`pipectl: production stays at ${head.slice(0, 7)}: the branch main is gone`);
    expect(remote).toContain('pipectl: for production to track trunk, push this commit to main too');
    expect(await world.domain('shop', 'production')).toMatchObject({ ref: 'main', lastApplied: head });
    await push(world, work, 'trunk:main');
    expect(await world.domain('shop', 'production')).toMatchObject({ ref: 'trunk', lastApplied: renamed });
    await push(world, work, ':refs/heads/main');
    expect(await world.domain('shop', 'production')).toMatchObject({ ref: 'trunk', lastApplied: renamed });
    expect(await world.domain('shop', 'production')).not.toHaveProperty('message');
  });
});

describe('a push', () => {
  it('of tags and of a merge registers the commits that they show', async () => {
    const { world, work, head } = await pushed();
    git(work, ['checkout', '-q', '-b', 'side']);
    const side = commit(work, { 'pipelines/add.yaml': ADD.replace('b: integer', 'b: integer, c: integer?') });
    git(work, ['checkout', '-q', 'main']);
    const ours = commit(work, { 'pipelines/nightly.yaml': NIGHTLY.replace('0 2', '0 3') });
    git(work, ['merge', '-q', '--no-ff', '-m', 'merge side', 'side']);
    const merge = git(work, ['rev-parse', 'HEAD']);
    git(work, ['tag', 'light', side]);
    git(work, ['tag', '-a', '-m', 'a release', 'v1', merge]);
    await push(world, work, 'main', 'light', 'v1');
    expect(await active(world)).toBe(merge);
    const found = await world.store.get<Revision>({
      kind: 'Revision',
      namespace: 'pipectl-system',
      name: `shop-${merge}`,
    });
    expect(found.spec.parents).toEqual([ours, side]);
    expect([...(await registered(world))].sort()).toEqual([head, merge, side].sort());
    const { heads } = (await world.repository('shop'))?.status ?? {};
    expect(heads).toEqual({ 'refs/heads/main': merge, 'refs/tags/light': side, 'refs/tags/v1': merge });
    await push(world, work, ':refs/tags/light');
    expect((await world.repository('shop'))?.status?.heads).not.toHaveProperty('refs/tags/light');
  });

  it('from a shallow clone continues what is known', async () => {
    const { world, work } = await pushed();
    commit(work, { 'pipelines/nightly.yaml': NIGHTLY.replace('0 2', '0 3') });
    await push(world, work);
    const folder = mkdtempSync(join(tmpdir(), 'pipectl-shallow-'));
    try {
      git(folder, ['clone', '-q', '--depth', '1', `file://${work}`, 'clone']);
      const clone = join(folder, 'clone');
      const next = commit(clone, { 'pipelines/nightly.yaml': NIGHTLY.replace('0 2', '0 4') });
      expect((await push(world, clone)).text).toContain('production is now at');
      expect(await active(world)).toBe(next);
    } finally {
      removeFolder(folder);
    }
  });

  it.each([
    ['of something else', () => stranger()],
    ['that ends just ahead of what is known', (work: string) => work],
  ])('from a shallow clone %s is refused before anything is registered', async (_name, originOf) => {
    const { world, work, head } = await pushed();
    const origin = originOf(work);
    commit(origin, { 'pipelines/nightly.yaml': NIGHTLY.replace('0 2', '0 3') });
    const folder = mkdtempSync(join(tmpdir(), 'pipectl-shallow-'));
    try {
      git(folder, ['clone', '-q', '--depth', '1', `file://${origin}`, 'clone']);
      const clone = join(folder, 'clone');
      git(clone, ['tag', '-a', '-m', 'a release', 'v1']);
      for (const refspec of ['+main', 'v1', '+main:refs/plan/production']) {
        const { isAccepted, text } = await push(world, clone, refspec);
        expect([isAccepted, text]).toEqual([
          false,
          expect.stringContaining('`git fetch --unshallow`, then push again'),
        ]);
      }
      expect(await registered(world)).toEqual([head]);
      git(clone, ['fetch', '-q', '--unshallow']);
      expect((await push(world, clone, '+main')).isAccepted).toBe(true);
    } finally {
      removeFolder(folder);
    }
  });

  it('of an empty commit as the first is rejected, and the repository can still be filled', async () => {
    const world = await startWorld();
    const work = newRepository();
    commit(work, {}, 'nothing at all');
    expect((await push(world, work)).text).toContain('PIPE-PROJ-001');
    expect(await world.repository('shop')).toBeUndefined();
    const good = newProject();
    await push(world, good);
    expect(await active(world)).toBe(git(good, ['rev-parse', 'HEAD']));
  });
});
