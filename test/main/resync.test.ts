import { describe, expect, it } from 'vitest';
import { RESYNC_BACKOFF } from '../../src/base/index.ts';
import { hostClock } from '../../src/main/host.ts';
import { createResync } from '../../src/main/resync.ts';
import { type ManualClock, manualClock } from '../control/fixtures/manual-clock.ts';
import { commit, newProject, push, startWorld, until, type World } from '../control/fixtures/world.ts';
import { git } from '../git/fixtures/real-git.ts';
import { quiet } from '../git/fixtures/served.ts';

/** Two registered commits, of which the domain shows the first. */
async function twoCommits(): Promise<{ world: World; clock: ManualClock; second: string; bare: string }> {
  const world = await startWorld();
  const folder = newProject();
  expect((await push(world, folder)).isAccepted).toBe(true);
  const second = commit(folder, { 'tasks/more.sh': 'true\n' });
  expect((await push(world, folder, 'main:side')).isAccepted).toBe(true);
  return { world, clock: manualClock(hostClock.now()), second, bare: world.served.repositories.path('shop') };
}

const inTurn = (_repository: string, work: () => Promise<void>): Promise<void> => work();

function resyncOf({ registration, served }: World, clock: ManualClock) {
  return createResync({ registration, list: () => served.repositories.list(), clock, log: quiet });
}

async function shows(world: World, wanted: string): Promise<void> {
  await until(async () => (await world.domain('shop', 'production'))?.lastApplied === wanted);
}

describe('resync', () => {
  it('notes a ref that git moved after the start', async () => {
    const { world, clock, second, bare } = await twoCommits();
    const resync = resyncOf(world, clock);
    await resync.all();
    resync.allLater(inTurn);
    git(bare, ['update-ref', 'refs/heads/main', second]);
    clock.set(clock.now() + RESYNC_BACKOFF.initialMs);
    await shows(world, second);
    resync.close();
  });

  it('makes up for a push that could not be noted, trying until it can', async () => {
    const { world, clock, second, bare } = await twoCommits();
    const { registration } = world;
    let isFull = true;
    const full = async (): Promise<never> => {
      throw new Error('the disk is full');
    };
    const flaky = {
      ...registration,
      landed: full,
      resync: (name: string) => (isFull ? full() : registration.resync(name)),
    };
    const resync = resyncOf({ ...world, registration: flaky }, clock);
    git(bare, ['update-ref', 'refs/heads/main', second]);
    const update = { ref: 'refs/heads/main', before: second, after: second };
    const landing = resync.handler(inTurn).landed({ repository: 'shop', updates: [update] });
    await expect(landing).rejects.toThrow('the disk is full');
    clock.set(clock.now() + RESYNC_BACKOFF.initialMs);
    await new Promise((resolve) => setImmediate(resolve));
    isFull = false;
    clock.set(clock.now() + RESYNC_BACKOFF.initialMs * RESYNC_BACKOFF.factor);
    await shows(world, second);
    resync.close();
  });

  it('compares all though the repositories could not be listed at first', async () => {
    const { world, clock, second, bare } = await twoCommits();
    let failures = 2;
    const list = async (): Promise<readonly string[]> => {
      if (failures-- > 0) throw new Error('too many open files');
      return world.served.repositories.list();
    };
    const resync = createResync({ registration: world.registration, list, clock, log: quiet });
    git(bare, ['update-ref', 'refs/heads/main', second]);
    resync.allLater(inTurn);
    const { initialMs, factor } = RESYNC_BACKOFF;
    for (const delayMs of [initialMs, initialMs * factor, initialMs * factor ** 2]) {
      clock.set(clock.now() + delayMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await shows(world, second);
    resync.close();
  });
});
