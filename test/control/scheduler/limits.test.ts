import { describe, expect, it } from 'vitest';
import { spreadOffsetMs } from '../../../src/calendar/index.ts';
import type { ExcludeRule } from '../../../src/cluster/index.ts';
import { ANNOTATION } from '../../../src/cluster/index.ts';
import { HOUR, MINUTE, NAMESPACE, SECOND, START, usePlane } from './fixtures/plane.ts';

const plane = usePlane();
const at = (hours: number): number => START + hours * HOUR - 10 * MINUTE;

describe('what limits how many begin', () => {
  it('spreads schedules of one tick by their names, the same each time', async () => {
    await plane.createPlan();
    for (const name of ['a', 'b']) await plane.createSchedule(name, { spreadMs: 10 * MINUTE });
    const offsets = ['a', 'b'].map((name) => spreadOffsetMs(NAMESPACE, name, 10 * MINUTE));
    const [first = 0, later = 0] = offsets.sort((a, b) => a - b);
    expect(later).toBeGreaterThan(first + SECOND);
    expect(later).toBeLessThan(10 * MINUTE);
    await plane.start();
    plane.clock.set(at(1) + first - 1);
    plane.clock.set(at(1) + first);
    expect(await plane.ticks(1)).toEqual(['01-01T01:00']);
    plane.clock.set(at(1) + later - 1);
    expect(await plane.executions()).toHaveLength(1);
    plane.clock.set(at(1) + later);
    expect(await plane.ticks(2)).toEqual(['01-01T01:00', '01-01T01:00']);
  });

  it('gives executions the priority of the schedule before that of the plan', async () => {
    await plane.createPlan('nightly', { priority: 1 });
    await plane.createSchedule('own', { priority: 7 });
    await plane.createSchedule('plain');
    await plane.start();
    plane.clock.set(at(1));
    await plane.ticks(2);
    expect((await plane.executions('own'))[0]?.spec.priority).toBe(7);
    expect((await plane.executions('plain'))[0]?.spec.priority).toBe(1);
  });

  it('lets a schedule start so many in any hour, and no other wait for it', async () => {
    await plane.createPlan();
    await plane.createSchedule('often', { cron: '*/10 * * * *', rateLimit: { ticks: 2, perMs: HOUR } });
    await plane.createSchedule('free', { cron: '*/10 * * * *' });
    await plane.start();
    for (let tick = 1; tick <= 5; tick++) {
      plane.clock.set(START + tick * 10 * MINUTE);
      await plane.ticks(tick, 'free');
    }
    expect(await plane.ticks(2, 'often')).toEqual(['01-01T00:20', '01-01T00:30']);
    expect((await plane.schedule('often')).status?.owedSince).toBe('2026-01-01T00:39:59.999Z');
    for (let minute = 60; minute <= 100; minute++) plane.clock.set(START + minute * MINUTE);
    expect(await plane.ticks(4, 'often')).toEqual(['01-01T00:20', '01-01T00:30', '01-01T00:40', '01-01T00:50']);
  });

  it('lets a schedule start no more in that time when another scheduler takes over, or it is changed', async () => {
    await plane.createPlan();
    await plane.createSchedule('often', { cron: '*/10 * * * *', rateLimit: { ticks: 2, perMs: HOUR } });
    await plane.createSchedule('free', { cron: '*/10 * * * *' });
    const before = await plane.start();
    for (let tick = 1; tick <= 2; tick++) {
      plane.clock.set(START + tick * 10 * MINUTE);
      await plane.ticks(tick, 'often');
    }
    expect(Object.values((await plane.schedule('often')).status?.began ?? {})).toEqual([1, 1]);
    await before.stop();
    await plane.start();
    await plane.change('often', (schedule) => ({ ...schedule, spec: { ...schedule.spec, priority: 3 } }));
    for (let tick = 3; tick <= 6; tick++) {
      plane.clock.set(START + tick * 10 * MINUTE);
      await plane.ticks(tick, 'free');
    }
    expect(await plane.executions('often')).toHaveLength(2);
    for (let minute = 61; minute <= 75; minute++) plane.clock.set(START + minute * MINUTE);
    await plane.ticks(3, 'often');
    await plane.until('it counts on', async () => {
      const { began = {} } = (await plane.schedule('often')).status ?? {};
      return Object.keys(began).length === 2 && Object.keys(began).some((at) => at > '2026-01-01T01:00');
    });
  });

  it('lets all together start so many in a second', async () => {
    await plane.createPlan();
    await plane.settings({ ticksPerSecond: 3 });
    for (let n = 0; n < 7; n++) await plane.createSchedule(`s${n}`);
    await plane.start();
    plane.clock.set(at(1));
    await plane.ticks(3);
    plane.clock.set(at(1) + 400);
    await plane.ticks(4);
    plane.clock.set(at(1) + SECOND);
    await plane.ticks(6);
    expect(await plane.executions()).toHaveLength(6);
    plane.clock.set(at(1) + 2 * SECOND);
    await plane.ticks(7);
  });
});

describe('a suspended schedule', () => {
  it('does not tick, says so, and catches up by its policy when it is resumed', async () => {
    await plane.createPlan();
    await plane.createSchedule('all');
    await plane.createSchedule('none', { catchUp: { policy: 'none' } });
    await plane.createSchedule('free');
    await plane.start();
    const suspended = { [ANNOTATION.suspended]: JSON.stringify({ at: '2026-01-01T00:10:00Z', by: 'ana' }) };
    for (const name of ['all', 'none']) {
      await plane.change(name, (it) => ({ ...it, metadata: { ...it.metadata, annotations: suspended } }));
    }
    for (let hour = 1; hour <= 3; hour++) {
      plane.clock.set(at(hour));
      await plane.ticks(hour, 'free');
    }
    const reason = async (): Promise<unknown> => (await plane.schedule('all')).status?.conditions?.[0]?.reason;
    await plane.until('it says so', async () => (await reason()) === 'Suspended');
    expect(await plane.executions('all')).toHaveLength(0);
    plane.clock.set(at(3) + 5 * MINUTE);
    for (const name of ['all', 'none']) {
      await plane.change(name, (it) => ({ ...it, metadata: { ...it.metadata, annotations: {} } }));
    }
    expect(await plane.ticks(3, 'all')).toEqual(['01-01T01:00', '01-01T02:00', '01-01T03:00']);
    await plane.until('no condition is left', async () => (await reason()) === undefined);
    plane.clock.set(at(4));
    expect(await plane.ticks(1, 'none')).toEqual(['01-01T04:00']);
  });

  it('is each one, when the platform suspends all', async () => {
    await plane.createPlan();
    await plane.createSchedule('all');
    await plane.createSchedule('latest', { catchUp: { policy: 'latest' } });
    await plane.settings({ suspended: true });
    await plane.start();
    const says = async (): Promise<unknown> => (await plane.state()).status?.conditions?.[0]?.reason;
    await plane.until('it says so', async () => (await says()) === 'Suspended');
    for (let hour = 1; hour <= 3; hour++) plane.clock.set(at(hour));
    expect(await plane.executions()).toHaveLength(0);
    plane.clock.set(at(3) + 5 * MINUTE);
    await plane.settings({ suspended: false });
    expect(await plane.ticks(3, 'all')).toEqual(['01-01T01:00', '01-01T02:00', '01-01T03:00']);
    expect(await plane.ticks(1, 'latest')).toEqual(['01-01T03:00']);
    await plane.until('it says nothing', async () => (await says()) === undefined);
  });
});

describe('a schedule that cannot run', () => {
  it('is set aside with its reason, tried more and more seldom, and goes on when its plan is there', async () => {
    await plane.createPlan('here');
    await plane.createSchedule('gone');
    await plane.createSchedule('well', { launchPlan: 'here' });
    const scheduler = await plane.start();
    plane.clock.set(at(1));
    await plane.ticks(1, 'well');
    await plane.until('set aside', async () => (await plane.schedule('gone')).status?.conditions !== undefined);
    const { status } = await plane.schedule('gone');
    expect(status).toMatchObject({
      owedSince: '2026-01-01T00:59:59.999Z',
      conditions: [{ type: 'Ready', status: 'False', reason: 'LaunchPlanMissing' }],
    });
    for (let minute = 1; minute < 120; minute++) {
      plane.clock.set(at(1) + minute * MINUTE);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await plane.ticks(2, 'well');
    // Half a minute, one, two, four, eight, and then each ten minutes.
    expect(scheduler.counters.failed).toBeLessThan(20);
    await plane.createPlan();
    plane.clock.set(at(3));
    expect(await plane.ticks(3, 'gone')).toEqual(['01-01T01:00', '01-01T02:00', '01-01T03:00']);
    await plane.until('well again', async () => (await plane.schedule('gone')).status?.owedSince === undefined);
  });

  it.each([
    ['inputs that do not fit', { inputs: { zz: 1 } }, 'InvalidInputs'],
    ['a zone that is known no more', { timeZone: 'Mars/Olympus' }, 'InvalidSchedule'],
    ['a pattern that somebody broke', { cron: '61 * * * *' }, 'InvalidSchedule'],
    ['a rate of zero', { everyMs: 0 }, 'InvalidSchedule'],
    ['a negative rate', { everyMs: -60_000 }, 'InvalidSchedule'],
    ['a zone that somebody took away', { timeZone: undefined } as unknown as { timeZone: string }, 'InvalidSchedule'],
    ['a window that is none', { catchUp: { policy: 'all' as const, limit: -4, windowMs: -1 } }, 'InvalidSchedule'],
    ['days that are none', { exclude: [7 as unknown as ExcludeRule] }, 'InvalidSchedule'],
  ])('says why: %s', async (_, broken, reason) => {
    await plane.createPlan();
    await plane.createSchedule('broken', broken);
    await plane.createSchedule('well');
    await plane.start();
    plane.clock.set(at(1));
    await plane.ticks(1, 'well');
    const said = async (): Promise<unknown> => (await plane.schedule('broken')).status?.conditions?.[0]?.reason;
    await plane.until('it says why', async () => (await said()) === reason);
    expect(await plane.executions('broken')).toHaveLength(0);
    const { spec } = await plane.schedule('well');
    await plane.change('broken', (schedule) => ({ ...schedule, spec: { ...spec } }));
    plane.clock.set(at(2));
    await plane.ticks(1, 'broken');
    await plane.until('it is well', async () => (await said()) === undefined);
  });

  it.each([
    ['an end before its start', { start: '2026-02-01T00:00:00Z', end: '2026-01-01T00:30:00Z' }],
    ['30 February', { cron: '0 0 30 2 *' }],
    ['a rate of a thousand years', { everyMs: 1_000 * 365 * 24 * HOUR }],
  ])('never ticks, and is no trouble: %s', async (_, never) => {
    await plane.createPlan();
    await plane.createSchedule('never', never);
    await plane.createSchedule('well');
    const scheduler = await plane.start();
    plane.clock.set(at(1));
    await plane.ticks(1, 'well');
    expect(await plane.executions('never')).toHaveLength(0);
    expect(scheduler.counters.failed).toBe(0);
  });
});
