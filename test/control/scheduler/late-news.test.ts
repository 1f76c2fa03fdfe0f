import { describe, expect, it } from 'vitest';
import type { Cluster, WatchEvent } from '../../../src/cluster/index.ts';
import { MINUTE, SECOND, START, usePlane } from './fixtures/plane.ts';

const plane = usePlane();
const timing = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };

/** The plane's store, of whose changes its client hears nothing while it is deaf. */
function hearing(now: { isDeaf: boolean }): Cluster {
  const { store } = plane;
  return {
    ...store,
    watch(kind, options) {
      const heard = store.watch(kind, options);
      return (async function* () {
        for await (const batch of heard) {
          while (now.isDeaf && !options.signal.aborted) await new Promise((resolve) => setImmediate(resolve));
          yield batch as readonly WatchEvent<never>[];
        }
      })();
    },
  };
}

/** While the clock goes on, and the disk keeps up with it. */
async function slowly(holds: () => boolean | Promise<boolean>): Promise<void> {
  await plane.until('it comes true', async () => {
    if (await holds()) return true;
    plane.clock.set(plane.clock.now() + SECOND / 2);
    for (let turns = 0; turns < TURNS_A_STEP; turns++) await plane.store.write([]);
    return false;
  });
}

const TURNS_A_STEP = 30;

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

it('ticks of a schedule that is heard of late, when the clock has been set back, run when they are due once more', async () => {
  await plane.createPlan();
  await plane.createSchedule('known', { everyMs: 30 * SECOND });
  const now = { isDeaf: false };
  const scheduler = await plane.start({ cluster: hearing(now) });
  plane.clock.set(START + 10 * SECOND);
  now.isDeaf = true;
  await plane.createSchedule('unheard', { everyMs: 15 * SECOND });
  plane.clock.set(START + 30 * SECOND);
  await plane.ticks(1, 'known');
  await plane.until('it is settled', async () => Date.parse((await plane.state()).status?.settledUntil ?? '') > START);
  plane.clock.set(START - 10 * MINUTE);
  now.isDeaf = false;
  await plane.until('it is heard', () => scheduler.counters.active === 2);
  plane.clock.set(START + 2 * MINUTE);
  await plane.until('all have run', async () => (await plane.executions('unheard')).length >= 8);
  expect(new Set(await plane.ticks(8, 'unheard'))).toEqual(new Set(['01-01T00:10', '01-01T00:11', '01-01T00:12']));
});

it('a schedule that is put right while the clock is ahead goes on when the clock is right again', async () => {
  await plane.createPlan();
  await plane.createSchedule('wrong', { everyMs: 15 * SECOND, timeZone: 'Mars/Olympus' });
  // Nothing is decided while the clock is ahead, so that the news is all that looks at it.
  const may = { write: true };
  const scheduler = await plane.start({ mayWrite: () => may.write });
  await plane.until('it is set aside', async () => (await plane.schedule('wrong')).status?.owedSince !== undefined);
  may.write = false;
  plane.clock.set(START + 480 * MINUTE);
  await plane.change('wrong', (schedule) => ({ ...schedule, spec: { ...schedule.spec, timeZone: 'UTC' } }));
  await plane.createSchedule('after', { everyMs: 15 * SECOND });
  await plane.until('both are heard', () => scheduler.counters.active === 2);
  plane.clock.set(START + 10 * SECOND);
  may.write = true;
  // Wakes it: timers of this clock are of the time that it showed.
  await plane.settings({ ticksPerSecond: 100 });
  await slowly(async () => (await plane.executions('wrong')).length >= 2 || plane.clock.now() > START + 3 * MINUTE);
  expect(plane.clock.now()).toBeLessThan(START + 3 * MINUTE);
});

describe('of a schedule of which news come minutes late, while others tick, all ticks run', () => {
  const now = { isDeaf: false };

  async function passOver(): Promise<void> {
    now.isDeaf = false;
    await plane.createPlan();
    await plane.createSchedule('known', { cron: '* * * * *' });
    await plane.start({ cluster: hearing(now) });
    now.isDeaf = true;
    await plane.createSchedule('unheard', { cron: '* * * * *' });
    for (let minute = 1; minute <= 5; minute++) {
      plane.clock.set(START + minute * MINUTE);
      await plane.ticks(minute, 'known');
    }
    const passed = START + 5 * MINUTE;
    await plane.until(
      'it is settled',
      async () => Date.parse((await plane.state()).status?.settledUntil ?? '') >= passed,
    );
    expect(await plane.executions('unheard')).toEqual([]);
  }

  const all = [11, 12, 13, 14, 15].map((minute) => `01-01T00:${minute}`);

  it('when it hears of it', async () => {
    await passOver();
    now.isDeaf = false;
    plane.clock.set(START + 5 * MINUTE + SECOND);
    expect(await plane.ticks(5, 'unheard')).toEqual(all);
  });

  it('when it dies before, and another takes over', async () => {
    await passOver();
    await plane.stop();
    await plane.start();
    plane.clock.set(START + 5 * MINUTE + SECOND);
    expect(await plane.ticks(5, 'unheard')).toEqual(all);
  });
});

it('a tick that has run does not run again, though its execution was deleted, when another takes over minutes after the schedule was made', async () => {
  await plane.createPlan();
  const first = await plane.start();
  await plane.createSchedule('made', { cron: '* * * * *' });
  await plane.until('it is heard', () => first.counters.active === 1);
  for (let minute = 1; minute <= 4; minute++) {
    plane.clock.set(START + minute * MINUTE);
    await plane.ticks(minute, 'made');
  }
  await plane.inTime(
    'it is told',
    async () => (await plane.schedule('made')).status?.lastTick?.includes('00:14') === true,
  );
  const [deleted] = await plane.executions('made');
  const { namespace = '', name = '' } = deleted?.metadata ?? {};
  await plane.store.write([{ op: 'delete', key: { kind: 'Execution', namespace, name } }]);
  await plane.stop();
  await plane.start();
  plane.clock.set(START + 5 * MINUTE);
  expect(await plane.ticks(4, 'made')).toEqual([12, 13, 14, 15].map((minute) => `01-01T00:${minute}`));
});
