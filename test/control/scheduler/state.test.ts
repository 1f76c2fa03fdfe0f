import { describe, expect, it } from 'vitest';
import { type Json, WaitError } from '../../../src/base/index.ts';
import { API_VERSION, type Cluster, type Lease, updateObject } from '../../../src/cluster/index.ts';
import { HOUR, MINUTE, NAMESPACE, SECOND, START, usePlane } from './fixtures/plane.ts';

const plane = usePlane();
const at = (hours: number): number => START + hours * HOUR - 10 * MINUTE;

async function isReady(reason: string | undefined): Promise<void> {
  await plane.until(`state says ${reason}`, async () => {
    return (await plane.state()).status?.conditions?.[0]?.reason === reason;
  });
}

describe('the state of the scheduler', () => {
  it.each<[string, Record<string, Json>]>([
    ['without a version', { settledUntil: '2026-01-01T00:30:00Z' }],
    ['with a time that is none', { version: 1, settledUntil: 'yesterday' }],
    ['with a number for a time', { version: 1, settledUntil: 5 }],
    [
      'with half a span',
      { version: 1, settledUntil: '2026-01-01T00:30:00Z', catchUp: { from: '2026-01-01T00:00:00Z' } },
    ],
    ['with a list for a span', { version: 1, settledUntil: '2026-01-01T00:30:00Z', catchUp: [1, 2] }],
  ])('that cannot be read lets each schedule go on from its last tick: %s', async (_, status) => {
    await plane.createPlan();
    await plane.createSchedule('hourly');
    const key = { kind: 'Schedule', namespace: NAMESPACE, name: 'hourly' };
    await plane.store.write([{ op: 'patchStatus', key, patch: { lastTick: '2026-01-01T01:00:00.000Z' } }]);
    await plane.setState(status);
    plane.clock.set(at(3));
    await plane.start();
    expect(await plane.ticks(2)).toEqual(['01-01T02:00', '01-01T03:00']);
    await isReady('UnreadableState');
  });

  it('of a newer version is left alone: nothing ticks, and it says why', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly');
    await plane.setState({ version: 2, settledUntil: '2026-01-01T00:30:00Z', wheels: [1] });
    const scheduler = await plane.start({ election: { identity: 'a' } });
    await isReady('NewerState');
    plane.clock.set(at(1));
    expect(scheduler.counters.started).toBe(0);
    expect((await plane.state()).status).toMatchObject({ version: 2, wheels: [1] });
    expect((await plane.state()).status?.conditions?.[0]?.message).toContain('a newer one');
    // The person who is told to deletes it; it is looked at again every half minute.
    const { kind, metadata } = await plane.state();
    await plane.store.write([{ op: 'delete', key: { kind, ...metadata } }]);
    await plane.inTime('it leads', () => scheduler.stats().isLeader);
    // On a slow disk the clock of the test goes on for more than an hour meanwhile.
    expect((await plane.ticks(1))[0]).toBe('01-01T01:00');
  });

  it('that somebody deletes or touches in the middle holds up nobody', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly');
    await plane.start();
    plane.clock.set(at(1));
    await plane.ticks(1);
    const touched = await plane.state();
    await updateObject(plane.store, { ...touched, metadata: { ...touched.metadata, annotations: { by: 'hand' } } });
    plane.clock.set(at(2));
    await plane.ticks(2);
    const { kind, metadata } = await plane.state();
    await plane.store.write([{ op: 'delete', key: { kind, ...metadata } }]);
    plane.clock.set(at(3));
    await plane.inTime('three ticks', async () => (await plane.executions()).length >= 3);
    expect(await plane.ticks(3)).toEqual(['01-01T01:00', '01-01T02:00', '01-01T03:00']);
  });
});

describe('two schedulers on one cluster', () => {
  it('start each tick once, even when both believe that they lead', async () => {
    await plane.createPlan();
    for (let n = 0; n < 5; n++) await plane.createSchedule(`s${n}`, { cron: '*/10 * * * *' });
    const first = await plane.start();
    const second = await plane.start();
    for (let tick = 1; tick <= 6; tick++) {
      plane.clock.set(START + tick * 10 * MINUTE);
      await plane.inTime('all five', async () => (await plane.executions()).length >= 5 * tick);
    }
    expect(await plane.executions()).toHaveLength(30);
    expect(first.counters.started + second.counters.started).toBe(30);
    expect((await plane.state()).status?.epoch).toBeGreaterThan(2);
  });

  it('take turns by a lease: the second one goes on as soon as it is free', async () => {
    await plane.createPlan();
    await plane.createSchedule('each-minute', { cron: '* * * * *' });
    const cut = cuttable(plane.store);
    const first = await plane.start({ cluster: cut.cluster, election: { identity: 'first' } });
    await plane.until('the first leads', () => first.stats().isLeader);
    const second = await plane.start({ election: { identity: 'second' } });
    for (let minute = 1; minute <= 3; minute++) {
      plane.clock.set(START + minute * MINUTE - 5 * SECOND);
      plane.clock.set(START + minute * MINUTE);
      await plane.ticks(minute);
    }
    expect(second.stats().isLeader).toBe(false);
    const lease = async (): Promise<Lease['spec']> => {
      const { items } = await plane.store.list<Lease>('Lease', {});
      return items.find(({ metadata }) => metadata.name === 'pipectl-scheduler')?.spec ?? {};
    };
    expect((await lease()).holderIdentity).toBe('first');
    const durationMs = ((await lease()).leaseDurationSeconds ?? 0) * SECOND;
    // From here on nothing that it does arrives, as when it is killed.
    cut.cut();
    plane.clock.set(plane.clock.now() + durationMs + SECOND);
    await plane.until('the second leads', () => second.stats().isLeader);
    cut.end();
    plane.clock.set(START + 4 * MINUTE);
    await plane.ticks(4);
    expect(await plane.executions()).toHaveLength(4);
    expect((await lease()).holderIdentity).toBe('second');
  });
});

describe('an execution that a tick finds in its place', () => {
  it('and that is of something else sets the schedule aside, and no other', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly');
    await plane.createSchedule('well');
    const probe = await plane.start();
    plane.clock.set(at(1));
    await plane.ticks(2);
    await probe.stop();
    const [ours] = await plane.executions('hourly');
    const { name = '', namespace = '' } = ours?.metadata ?? {};
    await plane.store.write([{ op: 'delete', key: { kind: 'Execution', namespace, name } }]);
    const spec = { ...ours?.spec, trigger: { kind: 'manual', by: 'eve' } } as unknown as Json;
    const object = { apiVersion: API_VERSION, kind: 'Execution', metadata: { namespace, name }, spec };
    await plane.store.write([{ op: 'create', object }] as never);
    await plane.setState({ settledUntil: '2026-01-01T00:30:00.000Z' });
    await plane.start();
    const said = async (): Promise<unknown> => (await plane.schedule('hourly')).status?.conditions?.[0]?.reason;
    await plane.until('it says so', async () => (await said()) === 'NameTaken');
    plane.clock.set(at(2));
    await plane.ticks(2, 'well');
    await plane.store.write([{ op: 'delete', key: { kind: 'Execution', namespace, name } }]);
    plane.clock.set(at(2) + HOUR);
    expect((await plane.ticks(3, 'hourly')).slice(0, 3)).toEqual(['01-01T01:00', '01-01T02:00', '01-01T03:00']);
  });
});

/** The cluster, until nothing arrives any more: calls neither succeed nor fail. */
function cuttable(store: Cluster): { readonly cluster: Cluster; readonly cut: () => void; readonly end: () => void } {
  let isCut = false;
  const { promise: never, reject } = Promise.withResolvers<never>();
  never.catch(() => undefined);
  const cluster: Cluster = {
    get: (key) => (isCut ? never : store.get(key)),
    list: (kind, options) => (isCut ? never : store.list(kind, options)),
    watch: (kind, options) => store.watch(kind, options),
    write: (writes, options) => (isCut ? never : store.write(writes, options)),
    podLogs: (key, options) => store.podLogs(key, options),
  };
  return {
    cluster,
    cut: () => {
      isCut = true;
    },
    end: () => reject(new WaitError('the cluster cannot be reached', SECOND)),
  };
}
