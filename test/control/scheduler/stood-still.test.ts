import { expect, it } from 'vitest';
import type { Cluster, WatchEvent } from '../../../src/cluster/index.ts';
import { MINUTE, SECOND, START, usePlane } from './fixtures/plane.ts';

const plane = usePlane();
const timing = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };

/** The plane's store, of whose changes nothing is heard while it is deaf. */
function hearing(now: { isDeaf: boolean }): Cluster {
  const { store } = plane;
  return {
    ...store,
    watch(kind, options) {
      const heard = store.watch(kind, options);
      return (async function* () {
        for await (const batch of heard) if (!now.isDeaf) yield batch as readonly WatchEvent<never>[];
      })();
    },
  };
}

/** While the clock goes on so slowly that the disk keeps up with it. */
async function slowly(holds: () => boolean | Promise<boolean>): Promise<void> {
  let looks = 0;
  await plane.until('it comes true', () => {
    if (++looks % LOOKS_A_STEP === 0) plane.clock.set(plane.clock.now() + SECOND / 2);
    return holds();
  });
}

const LOOKS_A_STEP = 100;

it('a scheduler that stood still past its lease settles no tick of what it has not heard of', async () => {
  await plane.createPlan();
  await plane.createSchedule('known', { cron: '* * * * *' });
  const now = { isDeaf: false };
  const scheduler = await plane.start({ cluster: hearing(now), election: { identity: 'only', timing } });
  await slowly(() => scheduler.stats().isLeader);
  // Its lease is renewed just before a tick, which is due before that is over.
  await slowly(() => plane.clock.now() >= START + MINUTE - SECOND);
  now.isDeaf = true;
  await plane.createSchedule('unheard', { cron: '* * * * *' });
  plane.clock.set(START + 5 * MINUTE + 30 * SECOND);
  const { epoch } = (await plane.state()).status ?? {};
  await slowly(async () => (await plane.state()).status?.epoch !== epoch);
  now.isDeaf = false;
  await slowly(async () => (await plane.executions('unheard')).length >= 5);
  const ticks = await plane.ticks(5, 'unheard');
  expect(ticks.slice(0, 5)).toEqual([11, 12, 13, 14, 15].map((minute) => `01-01T00:${minute}`));
});
