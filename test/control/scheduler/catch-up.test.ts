import { describe, expect, it } from 'vitest';
import { ANNOTATION, type CatchUp, type PreviousTicks } from '../../../src/cluster/index.ts';
import { HOUR, MINUTE, NAMESPACE, SECOND, START, usePlane } from './fixtures/plane.ts';

const plane = usePlane();
const DAY = 24 * HOUR;
const at = (hours: number): number => START + hours * HOUR - 10 * MINUTE;

/** A scheduler knows the schedules, and is gone from then until `hours`. */
async function isDown(hours: number): Promise<void> {
  await (await plane.start()).stop();
  plane.clock.set(at(hours) + 30 * MINUTE);
}

describe('what was missed', () => {
  it.each<[string, CatchUp, readonly string[]]>([
    ['all of it', { policy: 'all' }, ['01:00', '02:00', '03:00', '04:00', '05:00']],
    ['the newest of all', { policy: 'all', limit: 2 }, ['04:00', '05:00']],
    ['all of a window', { policy: 'all', windowMs: 3 * HOUR }, ['03:00', '04:00', '05:00']],
    ['the latest', { policy: 'latest' }, ['05:00']],
    ['none', { policy: 'none' }, []],
  ])('is made up for by policy: %s', async (_, catchUp, made) => {
    await plane.createPlan();
    await plane.createSchedule('hourly', { catchUp });
    await isDown(5);
    const scheduler = await plane.start();
    await plane.until('all is seen', () => scheduler.counters.missed === 5 && scheduler.stats().waiting === 0);
    const found = (await plane.ticks(made.length)).map((tick) => tick.slice(6));
    expect(found).toEqual(made);
    expect(scheduler.counters.caughtUp).toBe(made.length);
    await plane.inTime('people see it', async () => (await plane.schedule('hourly')).status?.missed === 5);
    plane.clock.set(at(6));
    expect((await plane.ticks(made.length + 1)).at(-1)).toBe('01-01T06:00');
  });

  it('is let go of for good, and counted once, whatever the policy is later', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly', { catchUp: { policy: 'none' } });
    await isDown(5);
    const first = await plane.start();
    await plane.until('all is seen', () => first.counters.missed === 5 && first.stats().waiting === 0);
    await plane.stop();
    await plane.change('hourly', (it) => ({ ...it, spec: { ...it.spec, catchUp: { policy: 'all' } } }));
    const second = await plane.start();
    plane.clock.set(at(6));
    expect(await plane.ticks(1)).toEqual(['01-01T06:00']);
    expect(second.counters.missed).toBe(0);
  });

  it('is counted once, though something has the name of a tick, which is tried again', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly');
    const name = await plane.takeName('hourly', at(3));
    await isDown(5);
    const scheduler = await plane.start();
    const missed = (): number => scheduler.counters.missed;
    await plane.until('it is set aside', () => scheduler.counters.failed === 1);
    await plane.inTime('and tried again', () => scheduler.counters.failed === 2);
    expect(missed()).toBe(5);
    await plane.store.write([{ op: 'delete', key: { kind: 'Execution', namespace: NAMESPACE, name } }]);
    plane.clock.set(plane.clock.now() + 2 * MINUTE);
    await plane.until('all have run', async () => (await plane.executions('hourly')).length === 5);
    expect(missed()).toBe(5);
  });

  it('goes round the schedules at its rate, of each the oldest first, beside what is due now, and shows how far it is', async () => {
    await plane.createPlan();
    await plane.createSchedule('each-minute', { cron: '* * * * *' });
    await plane.createSchedule('hourly');
    await plane.settings({ catchUpPerSecond: 4 });
    await isDown(2);
    const scheduler = await plane.start();
    await plane.until('the first of it', () => scheduler.counters.caughtUp === 4);
    const { catchUp } = (await plane.state()).status ?? {};
    expect(catchUp).toMatchObject({ from: '2026-01-01T00:10:59.999Z', until: '2026-01-01T02:29:00.000Z' });
    // Two of each.
    expect(catchUp?.settledUntil).toBe('2026-01-01T00:12:59.999Z');
    // A minute at four a second is more than all; every second another four.
    const start = at(2) + 30 * MINUTE;
    plane.clock.set(start + SECOND);
    await plane.until('four more', () => scheduler.counters.caughtUp === 8);
    plane.clock.set(start + MINUTE);
    await plane.until('what is due now', async () => (await plane.ticks(1, 'each-minute')).includes('01-01T02:31'));
    expect(scheduler.counters.caughtUp).toBeLessThanOrEqual(12);
    for (let second = 1; second <= 40; second++) {
      const before = scheduler.counters.caughtUp;
      plane.clock.set(start + MINUTE + second * SECOND);
      await plane.until('some more', () => scheduler.counters.caughtUp > before || scheduler.stats().waiting === 0);
    }
    expect(await plane.ticks(2, 'hourly')).toEqual(['01-01T01:00', '01-01T02:00']);
    // 02:29 was the last missed one; 02:30 and 02:31 were due.
    expect(await plane.executions('each-minute')).toHaveLength(20 + 60 + 60 + 1);
    expect((await plane.state()).status?.catchUp).toBeUndefined();
  });

  it('of one schedule does not hold up the few of another, though it is a year', async () => {
    await plane.createPlan();
    await plane.createSchedule('long-gone');
    await (await plane.start()).stop();
    plane.clock.set(at(8_757) + 30 * MINUTE);
    await plane.createSchedule('just-now');
    await plane.settings({ catchUpPerSecond: 2 });
    plane.clock.set(at(8_760) + 30 * MINUTE);
    const scheduler = await plane.start();
    for (let ticks = 2; ticks <= 6; ticks += 2) {
      await plane.until('two more', () => scheduler.counters.caughtUp === ticks);
      plane.clock.set(plane.clock.now() + SECOND);
    }
    const few = await plane.executions('just-now');
    expect(few).toHaveLength(3);
    expect(await plane.ticks(3, 'long-gone')).toEqual(['01-01T01:00', '01-01T02:00', '01-01T03:00']);
    await scheduler.stop();
    // Who goes on finds those that are ahead of the others.
    const next = await plane.start();
    await plane.inTime('on it goes', () => next.counters.caughtUp >= 4);
    expect((await plane.executions('just-now')).map(({ metadata }) => metadata.uid)).toEqual(
      few.map(({ metadata }) => metadata.uid),
    );
  });

  it('goes on where it was when the scheduler dies in the middle', async () => {
    await plane.createPlan();
    await plane.createSchedule('each-minute', { cron: '* * * * *', catchUp: { policy: 'all', limit: 30 } });
    await plane.settings({ catchUpPerSecond: 10 });
    await isDown(2);
    const first = await plane.start();
    await plane.until('the first of it', () => first.counters.caughtUp === 10);
    await first.stop();
    plane.clock.set(at(2) + 45 * MINUTE);
    const second = await plane.start();
    for (let s = 1; s <= 8; s++) {
      plane.clock.set(at(2) + 45 * MINUTE + s * SECOND);
      await plane.until('on', () => second.counters.caughtUp >= Math.min(34, 10 * s));
    }
    const ticks = await plane.ticks(46, 'each-minute');
    // 30 of the first stop, 02:00 to 02:29; the second one missed all from 02:30 to 02:44.
    expect(ticks[0]).toBe('01-01T02:00');
    expect(ticks).toHaveLength(46);
  });

  it('is a million ticks that hold up nobody', async () => {
    await plane.createPlan();
    await plane.createSchedule('each-second', { everyMs: SECOND, catchUp: { policy: 'all', limit: 5 } });
    await plane.createSchedule('latest', { everyMs: SECOND, catchUp: { policy: 'latest' } });
    await plane.createSchedule('daily', { cron: '0 0 * * *' });
    await (await plane.start()).stop();
    plane.clock.set(START + 1_000_000 * SECOND);
    const scheduler = await plane.start();
    expect(await plane.ticks(11, 'daily')).toHaveLength(11);
    await plane.until('made up for', () => scheduler.counters.missed > 0 && scheduler.stats().waiting === 0);
    // The last minute is late, and not missed: all of its ticks run.
    expect(await plane.executions('latest')).toHaveLength(1 + 60);
    expect(await plane.executions('each-second')).toHaveLength(5 + 60);
    expect(scheduler.counters.missed).toBeGreaterThan(10_000);
  });
});

describe('a schedule that changed while no scheduler ran', () => {
  it('ticked by its old rule until then, and by the new one after', async () => {
    await plane.createPlan();
    await plane.createSchedule('moved');
    await (await plane.start()).stop();
    const until = '2026-01-01T02:15:00.000Z';
    const previous: readonly PreviousTicks[] = [{ cron: '0 * * * *', timeZone: 'UTC', until }];
    await plane.change('moved', ({ metadata, spec, ...rest }) => ({
      ...rest,
      metadata: {
        ...metadata,
        annotations: { [ANNOTATION.activeSince]: until, [ANNOTATION.previousTicks]: JSON.stringify(previous) },
      },
      spec: { ...spec, cron: '30 * * * *', commit: 'a'.repeat(40) },
    }));
    plane.clock.set(at(4));
    await plane.start();
    expect(await plane.ticks(4)).toEqual(['01-01T01:00', '01-01T02:00', '01-01T02:30', '01-01T03:30']);
    plane.clock.set(at(4) + 30 * MINUTE);
    expect((await plane.ticks(5)).at(-1)).toBe('01-01T04:30');
  });

  it.each([
    ['nonsense', 'not json'],
    ['what is no list', '{"cron":"* * * * *"}'],
    ['rules without a rule', '[{"until":"2026-01-01T02:15:00Z"},{"cron":5,"until":7},null]'],
  ])('whose past somebody made into %s goes by its rule of now', async (_, text) => {
    await plane.createPlan();
    await plane.createSchedule('hourly');
    await plane.change('hourly', (it) => ({
      ...it,
      metadata: { ...it.metadata, annotations: { [ANNOTATION.previousTicks]: text } },
    }));
    await plane.start();
    plane.clock.set(at(1));
    expect(await plane.ticks(1)).toEqual(['01-01T01:00']);
  });

  it('starts nothing any more when it was turned off or removed', async () => {
    await plane.createPlan();
    for (const name of ['off', 'removed', 'well']) await plane.createSchedule(name);
    await plane.start();
    await plane.change('off', (it) => ({ ...it, spec: { ...it.spec, active: false } }));
    const { metadata } = await plane.schedule('removed');
    await plane.store.write([{ op: 'delete', key: { kind: 'Schedule', ...metadata } }]);
    plane.clock.set(at(1));
    await plane.ticks(1, 'well');
    expect(await plane.executions()).toHaveLength(1);
  });
});

describe('a clock', () => {
  it('that jumps a year ahead leaves what it passed to the policies, and back again says why nothing ticks', async () => {
    await plane.createPlan();
    await plane.createSchedule('latest', { catchUp: { policy: 'latest' } });
    await plane.createSchedule('some', { catchUp: { policy: 'all', limit: 3 } });
    await plane.start();
    plane.clock.set(at(1));
    await plane.ticks(2);
    plane.clock.set(at(1) + 365 * DAY);
    // The tick of that very instant is due; one and three are made up for.
    expect(await plane.ticks(3, 'latest')).toEqual(['01-01T01:00', '01-01T00:00', '01-01T01:00']);
    await plane.ticks(5, 'some');
    const { settledUntil } = (await plane.state()).status ?? {};
    plane.clock.set(at(2));
    const says = async (): Promise<unknown> => (await plane.state()).status?.conditions?.[0];
    // The clock is looked at twice a minute at least; its timers wait for a time that is far away now.
    await plane.change('latest', (it) => ({ ...it, metadata: { ...it.metadata, labels: { touched: 'yes' } } }));
    plane.clock.set(at(3));
    await plane.settings({ ticksPerSecond: 1_000 });
    await plane.until('it says so', async () => (await says()) !== undefined);
    expect(await says()).toMatchObject({ reason: 'ClockBehind', status: 'False' });
    expect((await plane.state()).status?.settledUntil).toBe(settledUntil);
    expect(await plane.executions('latest')).toHaveLength(3);
    plane.clock.set(at(2) + 365 * DAY);
    expect((await plane.ticks(4, 'latest')).at(-1)).toBe('01-01T02:00');
    await plane.until('it says nothing', async () => (await says()) === undefined);
  });

  it('that goes back a little starts no tick again', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly');
    const scheduler = await plane.start();
    plane.clock.set(at(1));
    await plane.ticks(1);
    plane.clock.set(at(1) - 10 * SECOND);
    await plane.settings({ ticksPerSecond: 1_000 });
    plane.clock.set(at(1));
    plane.clock.set(at(2));
    expect(await plane.ticks(2)).toEqual(['01-01T01:00', '01-01T02:00']);
    expect(scheduler.counters.started).toBe(2);
  });
});
