import { describe, expect, it } from 'vitest';
import { instantMs } from '../../../src/base/index.ts';
import { ANNOTATION, updateObject } from '../../../src/cluster/index.ts';
import { HOUR, MINUTE, NAMESPACE, SECOND, START, usePlane } from './fixtures/plane.ts';

const plane = usePlane();
const at = (hours: number): number => START + hours * HOUR - 10 * MINUTE;

async function skipped(count: number, scheduler: { readonly counters: { readonly skipped: number } }): Promise<void> {
  await plane.until(`${count} skipped`, () => scheduler.counters.skipped === count);
}

describe('a tick that finds an execution of its schedule', () => {
  it('is left out by forbid, and says so', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly', { overlap: 'forbid' });
    const scheduler = await plane.start();
    plane.clock.set(at(1));
    expect(await plane.ticks(1)).toEqual(['01-01T01:00']);
    plane.clock.set(at(2));
    await skipped(1, scheduler);
    const [first] = await plane.executions();
    await plane.end(first?.metadata.name ?? '');
    plane.clock.set(at(3));
    expect(await plane.ticks(2)).toEqual(['01-01T01:00', '01-01T03:00']);
    await plane.inTime('it tells', async () => (await plane.schedule('hourly')).status?.skipped === 1);
  });

  it('stays left out, and the next one too, when another scheduler takes over', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly', { overlap: 'forbid' });
    const before = await plane.start();
    plane.clock.set(at(1));
    await plane.ticks(1);
    plane.clock.set(at(2));
    await skipped(1, before);
    await plane.until('durable', async () => (await plane.state()).status?.settledUntil === '2026-01-01T02:00:00.000Z');
    await before.stop();
    const after = await plane.start();
    plane.clock.set(at(3));
    await skipped(1, after);
    const [first] = await plane.executions();
    await plane.end(first?.metadata.name ?? '');
    await after.stop();
    const last = await plane.start();
    plane.clock.set(at(4));
    expect(await plane.ticks(2)).toEqual(['01-01T01:00', '01-01T04:00']);
    expect(last.counters.skipped).toBe(0);
  });

  it('stays left out when another scheduler takes over soon after the schedule came', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly', { overlap: 'forbid', everyMs: 10_000 });
    const before = await plane.start();
    const begin = plane.clock.now();
    plane.clock.set(begin + 10_000);
    await plane.until('the first', async () => (await plane.executions()).length === 1);
    plane.clock.set(begin + 20_000);
    await skipped(1, before);
    plane.clock.set(begin + 30_000);
    await skipped(2, before);
    await before.stop();
    const [first] = await plane.executions();
    await plane.end(first?.metadata.name ?? '');
    const after = await plane.start();
    plane.clock.set(begin + 40_000);
    await plane.until('the next', async () => (await plane.executions()).length > 1);
    expect((await plane.executions()).length).toBe(2);
    expect(after.counters).toMatchObject({ started: 1, skipped: 0 });
  });

  it('stays left out and is not owed when its schedule is suspended soon after it came', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly', { overlap: 'forbid', everyMs: 10_000, catchUp: { policy: 'all' } });
    const scheduler = await plane.start();
    const begin = plane.clock.now();
    plane.clock.set(begin + 10_000);
    await plane.until('the first', async () => (await plane.executions()).length === 1);
    plane.clock.set(begin + 20_000);
    await skipped(1, scheduler);
    const [first] = await plane.executions();
    await plane.end(first?.metadata.name ?? '');
    const suspended = { [ANNOTATION.suspended]: '{}' };
    await plane.change('hourly', (it) => ({ ...it, metadata: { ...it.metadata, annotations: suspended } }));
    plane.clock.set(begin + 30_000);
    await plane.until('it waits', async () => (await plane.schedule('hourly')).status?.owedSince !== undefined);
    expect(instantMs((await plane.schedule('hourly')).status?.owedSince)).toBe(begin + 30_000 - 1);
  });

  it('takes its place by replace, in one write, and runs when that is over', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly', { overlap: 'replace' });
    await plane.start();
    plane.clock.set(at(1));
    await plane.ticks(1);
    plane.clock.set(at(2));
    await plane.ticks(2);
    const [first, second] = await plane.executions();
    expect(first?.spec).toMatchObject({ desired: 'Aborted', exclusive: 'hourly' });
    expect(first?.metadata.annotations?.[ANNOTATION.abort]).toBe(
      `replaced by ${second?.metadata.name}, of tick 2026-01-01T02:00:00.000Z`,
    );
    expect(second?.spec).toMatchObject({ exclusive: 'hourly' });
    expect(second?.spec.desired).toBeUndefined();
  });

  it('is not ended by an older one that was missed', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly', { overlap: 'replace' });
    const before = await plane.start();
    await before.stop();
    await plane.settings({ catchUpPerSecond: 1 });
    plane.clock.set(at(3));
    const after = await plane.start();
    await plane.until('the live one', () => after.counters.started > 0);
    plane.clock.set(at(3) + 10_000);
    await skipped(2, after);
    const living = (await plane.executions()).filter(({ spec }) => spec.desired === undefined);
    expect(living.map(({ spec }) => spec.trigger)).toMatchObject([{ tick: '2026-01-01T03:00:00.000Z' }]);
  });

  it('waits by queue, and is left out when too many do', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly', { overlap: 'queue', maxQueued: 2 });
    const scheduler = await plane.start();
    for (let hour = 1; hour <= 3; hour++) {
      plane.clock.set(at(hour));
      await plane.ticks(hour);
    }
    plane.clock.set(at(4));
    await skipped(1, scheduler);
    const [first] = await plane.executions();
    await plane.end(first?.metadata.name ?? '');
    plane.clock.set(at(5));
    expect(await plane.ticks(4)).toEqual(['01-01T01:00', '01-01T02:00', '01-01T03:00', '01-01T05:00']);
  });

  it('is counted with the one before it that started in the same write, also after a restart', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly', { overlap: 'queue', maxQueued: 1, everyMs: 10_000 });
    const begin = plane.clock.now();
    plane.clock.set(begin + 30_000);
    const before = await plane.start();
    await plane.until('both', async () => (await plane.executions()).length === 2);
    await before.stop();
    expect(Object.values((await plane.schedule('hourly')).status?.claims ?? {})).toHaveLength(2);
    const after = await plane.start();
    plane.clock.set(begin + 40_000);
    await skipped(1, after);
    expect(await plane.executions()).toHaveLength(2);
  });

  it('waits until those of another launch plan are over, which other shards count', async () => {
    await plane.createPlan();
    await plane.createPlan('other');
    await plane.createSchedule('hourly', { overlap: 'queue' });
    await plane.start();
    plane.clock.set(at(1));
    await plane.ticks(1);
    await plane.change('hourly', (schedule) => ({ ...schedule, spec: { ...schedule.spec, launchPlan: 'other' } }));
    plane.clock.set(at(2));
    const reason = async (): Promise<string | undefined> =>
      (await plane.schedule('hourly')).status?.conditions?.[0]?.reason;
    await plane.until('it tells', async () => (await reason()) === 'LaunchPlanChanged');
    const [first] = await plane.executions();
    await plane.end(first?.metadata.name ?? '');
    plane.clock.set(at(2) + MINUTE);
    expect(await plane.ticks(2)).toEqual(['01-01T01:00', '01-01T02:00']);
    await plane.until('it tells no more', async () => (await reason()) === undefined);
  });

  it('is adopted, and holds nobody up, when it ran before the state was lost', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly', { overlap: 'forbid' });
    const before = await plane.start();
    plane.clock.set(at(1));
    await plane.ticks(1);
    const [first] = await plane.executions();
    await plane.end(first?.metadata.name ?? '');
    await before.stop();
    await plane.setState({ settledUntil: '2026-01-01T00:30:00.000Z' });
    await plane.start();
    plane.clock.set(at(2));
    expect(await plane.ticks(2)).toEqual(['01-01T01:00', '01-01T02:00']);
    expect((await plane.executions())[0]?.metadata.uid).toBe(first?.metadata.uid);
  });
});

describe('an execution that somebody aborts', () => {
  it('holds its claim until it is over', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly', { overlap: 'forbid' });
    const scheduler = await plane.start();
    plane.clock.set(at(1));
    await plane.ticks(1);
    const [first] = await plane.executions();
    if (first !== undefined) await updateObject(plane.store, { ...first, spec: { ...first.spec, desired: 'Aborted' } });
    plane.clock.set(at(2));
    await skipped(1, scheduler);
    expect(await plane.executions()).toHaveLength(1);
  });
});

describe('a schedule that has just been made', () => {
  it.each([
    ['no tick of it is left out', {}, undefined],
    ['one may be left out', { overlap: 'forbid' as const }, '2026-01-01T00:59:20.000Z'],
    ['its rate holds some up', { rateLimit: { ticks: 1, perMs: MINUTE } }, '2026-01-01T00:59:20.000Z'],
  ])('says that a tick is settled only where another scheduler could decide otherwise: %s', async (_, more, since) => {
    await plane.createPlan();
    await plane.start();
    plane.clock.set(at(1) - 40 * SECOND);
    await plane.createSchedule('hourly', more);
    await plane.inTime('it is known', async () => (await plane.schedule('hourly')).status?.nextTick !== undefined);
    plane.clock.set(at(1));
    await plane.ticks(1);
    expect((await plane.schedule('hourly')).status?.knownSince).toBe(since);
  });
});

describe('what happens to a schedule', () => {
  it('is told as events, which are counted', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly', { overlap: 'forbid' });
    await plane.createSchedule('broken', { launchPlan: 'nihgtly' });
    const scheduler = await plane.start();
    plane.clock.set(at(1));
    await plane.ticks(1);
    for (let hour = 2; hour <= 3; hour++) {
      plane.clock.set(at(hour));
      await skipped(hour - 1, scheduler);
      await plane.inTime('it tells', async () => (await plane.schedule('hourly')).status?.skipped === hour - 1);
    }
    const said = async (): Promise<readonly string[]> => {
      const { items } = await plane.store.list('Event', { namespace: NAMESPACE });
      return items.map((event) => {
        const { involvedObject, reason, count } = event as unknown as Record<string, { readonly name?: string }>;
        return `${involvedObject?.name} ${reason} ${count}`;
      });
    };
    await plane.inTime('both are told', async () => (await said()).includes('hourly TicksSkipped 2'));
    expect(await said()).toContain('broken LaunchPlanMissing 1');
  });
});
