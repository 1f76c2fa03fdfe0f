import { describe, expect, it } from 'vitest';
import { ConflictError, StalledError } from '../../../src/base/index.ts';
import {
  ANNOTATION,
  type Cluster,
  type Schedule,
  UnauthorizedError,
  type WatchEvent,
  type Write,
} from '../../../src/cluster/index.ts';
import { HOUR, MINUTE, NAMESPACE, START, usePlane } from './fixtures/plane.ts';

const plane = usePlane();
const at = (hours: number): number => START + hours * HOUR - 10 * MINUTE;
const key = (name: string) => ({ kind: 'Schedule', namespace: NAMESPACE, name });

/** The plane's store, whose disk takes no ticks while it is full, and which tells what its watches have handed over. */
function fillable(): { readonly cluster: Cluster; isFull: boolean; readonly heard: Set<string> } {
  const { store } = plane;
  const heard = new Set<string>();
  const isTicks = (write: Write): boolean =>
    write.op === 'patchStatus' && write.key.kind === 'SchedulerState' && 'settledUntil' in write.patch;
  const disk = {
    isFull: false,
    heard,
    cluster: {
      ...store,
      async write(writes, options) {
        if (disk.isFull && writes.some(isTicks)) throw new StalledError('DiskFull', 'no space is left');
        return store.write(writes, options);
      },
      async *watch(kind, options) {
        for await (const batch of store.watch(kind, options)) {
          yield batch as readonly WatchEvent<never>[];
          for (const event of batch) {
            if (event.type !== 'BOOKMARK') heard.add(event.object.metadata.resourceVersion ?? '');
          }
        }
      },
    } as Cluster,
  };
  return disk;
}

/** Of the ticks of 01:00 and 02:00 the first runs, and the second is refused by the disk until `meanwhile` is known. */
async function refusedWhile(
  more: Partial<Schedule['spec']>,
  meanwhile: () => Promise<unknown>,
  heardOf: () => Promise<string | undefined>,
): Promise<void> {
  await plane.createPlan();
  await plane.createPlan('other');
  await plane.createSchedule('hourly', more);
  await plane.createSchedule('beside', { cron: '0 2 * * *' });
  const disk = fillable();
  const scheduler = await plane.start({ cluster: disk.cluster });
  plane.clock.set(at(1));
  await plane.ticks(1, 'hourly');
  disk.isFull = true;
  plane.clock.set(at(2));
  await plane.until('it is refused', () => scheduler.counters.retriedWrites > 0);
  await meanwhile();
  const version = await heardOf();
  await plane.until('it is heard of', () => version === undefined || disk.heard.has(version));
  disk.isFull = false;
}

/** As somebody would who writes again what the scheduler's notes came before. */
async function change(how: (schedule: Schedule) => Schedule): Promise<void> {
  await plane.until('it is changed', () =>
    plane.change('hourly', how).then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof ConflictError)) throw error;
        return false;
      },
    ),
  );
}

const annotate = (annotations: Record<string, string>) => (schedule: Schedule) => ({
  ...schedule,
  metadata: { ...schedule.metadata, annotations },
});
const versionOf = async (): Promise<string | undefined> => (await plane.schedule('hourly')).metadata.resourceVersion;
const suspend = (): Promise<void> => change(annotate({ [ANNOTATION.suspended]: '{}' }));
const ofHourly = async (): Promise<readonly string[]> =>
  (await plane.executions('hourly')).map(
    ({ spec }) => `${(spec.trigger as { readonly tick: string }).tick.slice(11, 16)} ${spec.launchPlan}`,
  );
const othersGoOn = (): Promise<void> =>
  plane.inTime('the one beside it runs', async () => (await plane.executions('beside')).length === 1);

describe('a tick that is taken while its write is refused', () => {
  it('starts when the disk takes it, if nothing has changed', async () => {
    await refusedWhile(
      {},
      async () => undefined,
      async () => undefined,
    );
    await othersGoOn();
    expect(await ofHourly()).toEqual(['01:00 nightly', '02:00 nightly']);
  });

  it('waits when its schedule is suspended meanwhile, and is owed', async () => {
    await refusedWhile({}, suspend, versionOf);
    await othersGoOn();
    expect(await ofHourly()).toEqual(['01:00 nightly']);
    expect((await plane.schedule('hourly')).status).toMatchObject({
      owedSince: '2026-01-01T01:59:59.999Z',
      conditions: [{ reason: 'Suspended' }],
    });
    await change(annotate({}));
    await plane.inTime('it is made up for', async () => (await ofHourly()).length === 2);
  });

  it('ends nobody by replace when its schedule is suspended meanwhile', async () => {
    await refusedWhile({ overlap: 'replace' }, suspend, versionOf);
    await othersGoOn();
    const [first, ...rest] = await plane.executions('hourly');
    expect([first?.spec.desired, rest]).toEqual([undefined, []]);
    await change(annotate({}));
    await plane.inTime('it replaces it', async () => (await plane.executions('hourly'))[0]?.spec.desired === 'Aborted');
  });

  it('waits when all are suspended meanwhile', async () => {
    const platform = async (): Promise<string | undefined> =>
      (await plane.store.list('Platform', {})).items[0]?.metadata.resourceVersion;
    await refusedWhile({}, () => plane.settings({ suspended: true }), platform);
    await plane.inTime('the state says so', async () => (await plane.state()).status?.conditions != null);
    expect(await plane.executions()).toHaveLength(1);
    await plane.settings({});
    await othersGoOn();
    await plane.inTime('it is made up for', async () => (await ofHourly()).length === 2);
  });

  it('is none any more when its schedule is turned off meanwhile', async () => {
    const off = (): Promise<void> => change((schedule) => ({ ...schedule, spec: { ...schedule.spec, active: false } }));
    await refusedWhile({}, off, versionOf);
    await othersGoOn();
    expect(await ofHourly()).toEqual(['01:00 nightly']);
  });

  it('is none any more when its schedule is removed meanwhile', async () => {
    let version: string | undefined;
    const remove = async (): Promise<void> => {
      const [removed] = await plane.store.write([{ op: 'delete', key: key('hourly') }]);
      version = removed?.metadata.resourceVersion;
    };
    await refusedWhile({}, remove, async () => version);
    await othersGoOn();
    expect(await ofHourly()).toEqual(['01:00 nightly']);
  });

  it('starts what its schedule has come to start meanwhile', async () => {
    const other = (): Promise<void> =>
      change((schedule) => ({ ...schedule, spec: { ...schedule.spec, launchPlan: 'other' } }));
    await refusedWhile({}, other, versionOf);
    await othersGoOn();
    await plane.inTime('it starts', async () => (await ofHourly()).length === 2);
    expect(await ofHourly()).toEqual(['01:00 nightly', '02:00 other']);
  });
});

describe('ticks of a scheduler whose credentials have expired', () => {
  it('are refused by nobody, and run when they are renewed', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly');
    await plane.createSchedule('beside', { cron: '0 * * * *' });
    const { store } = plane;
    const credentials = { hasExpired: false, refused: [] as number[] };
    const cluster: Cluster = {
      ...store,
      async write(writes, options) {
        if (credentials.hasExpired) {
          const creations = writes.filter(({ op }) => op.startsWith('create')).length;
          if (creations > 0) credentials.refused.push(creations);
          throw new UnauthorizedError('who are you');
        }
        return store.write(writes, options);
      },
    };
    await plane.start({ cluster });
    plane.clock.set(at(1));
    await plane.ticks(1, 'hourly');
    await plane.ticks(1, 'beside');
    credentials.hasExpired = true;
    plane.clock.set(at(2));
    await plane.inTime('it was tried', async () => credentials.refused.length >= 3);
    // Both each time: nobody looks for the one that is to blame.
    expect(credentials.refused.slice(0, 3)).toEqual([2, 2, 2]);
    credentials.hasExpired = false;
    for (const name of ['hourly', 'beside']) {
      await plane.inTime('it runs', async () => (await plane.executions(name)).length === 2);
      expect((await plane.schedule(name)).status?.conditions ?? []).toEqual([]);
    }
  });
});

describe('claims of ticks that must not overlap', () => {
  it('of a successor are not forgotten by a scheduler that has been replaced and does not know it', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly', { overlap: 'queue' });
    await plane.start();
    plane.clock.set(at(1));
    await plane.ticks(1);
    const [first] = await plane.executions();
    const patch = { claims: { 'hourly-of-another': '2026-01-01T01:30:00.000Z' } };
    await plane.store.write([{ op: 'patchStatus', key: key('hourly'), patch }]);
    plane.clock.set(at(2));
    await plane.ticks(2);
    const { claims = {} } = (await plane.schedule('hourly')).status ?? {};
    // It has been heard of and looked at, or has been left alone: the write of the second tick says nothing of it.
    expect(Object.keys(claims)).toContain(first?.metadata.name);
    expect(claims[(await plane.executions())[1]?.metadata.name ?? '']).toBe('2026-01-01T02:00:00.000Z');
    expect(claims['hourly-of-another']).toBe('2026-01-01T01:30:00.000Z');
  });

  it('are not asked for when ticks may overlap by now, so a name that was taken is looked at again', async () => {
    await plane.createPlan();
    await plane.createSchedule('hourly', { overlap: 'forbid' });
    const name = await plane.takeName('hourly', at(1));
    await plane.start();
    plane.clock.set(at(1));
    const reason = async (): Promise<string | undefined> =>
      (await plane.schedule('hourly')).status?.conditions?.[0]?.reason;
    await plane.until('it tells', async () => (await reason()) === 'NameTaken');
    await plane.store.write([{ op: 'delete', key: { kind: 'Execution', namespace: NAMESPACE, name } }]);
    await change(({ spec: { overlap: _, ...spec }, ...schedule }) => ({ ...schedule, spec }));
    await plane.until('it runs', async () => (await plane.executions('hourly')).length === 1);
  });
});
