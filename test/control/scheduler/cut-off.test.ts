import { describe, expect, it } from 'vitest';
import { WaitError } from '../../../src/base/index.ts';
import { ANNOTATION, type Cluster, type KubeObject, type Write } from '../../../src/cluster/index.ts';
import { HOUR, MINUTE, SECOND, START, usePlane } from './fixtures/plane.ts';

const plane = usePlane();
const at = (hours: number): number => START + hours * HOUR - 10 * MINUTE;

/** The plane's store as a cluster without transactions, from which its only client is cut off for ever after so many writes. */
function cutOff(left: { writes: number }): Cluster {
  const { store } = plane;
  return {
    ...store,
    async write(writes: readonly Write[]) {
      const written: KubeObject[] = [];
      for (const write of writes) {
        if (left.writes-- <= 0) throw new WaitError('the cluster cannot be reached', 100);
        written.push(...(await store.write([write])));
      }
      return written;
    },
  };
}

const held = (isSuspended: boolean): Record<string, string> => (isSuspended ? { [ANNOTATION.suspended]: '{}' } : {});
const suspend = (isSuspended: boolean): Promise<void> =>
  plane.change('hourly', (it) => ({
    ...it,
    metadata: { ...it.metadata, annotations: held(isSuspended) },
  }));

describe('a scheduler that is cut off in the middle of a batch', () => {
  it.each([0, 1, 2, 3, 4, 5])('loses no tick that its schedule owes, after %i writes', async (writes) => {
    await plane.createPlan();
    await plane.createSchedule('hourly', { rateLimit: { ticks: 2, perMs: 5 * MINUTE } });
    await suspend(true);
    await plane.start();
    plane.clock.set(at(4));
    await plane.until('it waits', async () => (await plane.schedule('hourly')).status?.owedSince !== undefined);
    await plane.settings({ suspended: true });
    await plane.until('all wait', async () => (await plane.state()).status?.conditions != null);
    await suspend(false);
    await plane.stop();
    const left = { writes: 1_000 };
    const scheduler = await plane.start({ cluster: cutOff(left) });
    left.writes = writes;
    await plane.settings({});
    await plane.until('it is cut off', () => left.writes <= 0 || scheduler.counters.started === 2);
    await plane.stop();
    await plane.start();
    await plane.inTime('all have run', async () => (await plane.executions('hourly')).length === 4);
  });

  it.each([1, 2, 3, 4])('leaves nothing half replaced, after %i writes', async (writes) => {
    await plane.createPlan();
    await plane.createSchedule('hourly', { overlap: 'replace', catchUp: { policy: 'none' } });
    const left = { writes: 1_000 };
    await plane.start({ cluster: cutOff(left) });
    plane.clock.set(at(1));
    await plane.ticks(1);
    await plane.until(
      'it is settled',
      async () => (await plane.state()).status?.settledUntil?.slice(11, 16) === '01:00',
    );
    left.writes = writes;
    plane.clock.set(at(2));
    await plane.until('it is cut off', () => left.writes <= 0);
    await plane.stop();
    plane.clock.set(at(2) + 5 * MINUTE + SECOND);
    await plane.start();
    const going = async (): Promise<readonly string[]> =>
      (await plane.executions('hourly'))
        .filter(({ spec }) => spec.desired !== 'Aborted')
        .map(({ metadata }) => metadata.name);
    await plane.inTime('one goes on', async () => (await going()).length === 1);
    expect(await going()).toEqual([(await plane.executions('hourly')).at(-1)?.metadata.name]);
  });
});

describe('a schedule that is behind when the clock was ahead once', () => {
  it('starts what it owes when that is due, and not before', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly');
    await suspend(true);
    await plane.createSchedule('beside', { cron: '30 * * * *' });
    const scheduler = await plane.start();
    plane.clock.set(at(4) + 30 * MINUTE);
    await plane.ticks(1, 'beside');
    plane.clock.set(at(2) + MINUTE);
    await suspend(false);
    await plane.inTime('what is due has run', async () => (await plane.executions('hourly')).length >= 2);
    expect((await plane.ticks(2, 'hourly')).map((tick) => tick.slice(6))).toEqual(['01:00', '02:00']);
    plane.clock.set(at(3));
    expect((await plane.ticks(3, 'hourly')).at(-1)).toBe('01-01T03:00');
    plane.clock.set(at(5));
    expect((await plane.ticks(5, 'hourly')).at(-1)).toBe('01-01T05:00');
    expect(scheduler.stats().behind).toBe(0);
  });
});
