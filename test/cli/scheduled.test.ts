import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ANNOTATION,
  API_VERSION,
  type Backfill,
  deleteObject,
  findObject,
  patchStatus,
  type Schedule,
} from '../../src/cluster/index.ts';
import { COMMIT, type ControlPlane, NAMESPACE, openControlPlane } from './control-plane.ts';

const SCHEDULE: Schedule = {
  apiVersion: API_VERSION,
  kind: 'Schedule',
  metadata: { name: 'daily', namespace: NAMESPACE },
  spec: {
    repository: 'ticketing',
    commit: COMMIT,
    closure: 'd'.repeat(64),
    file: 'pipelines/daily.yaml',
    launchPlan: 'nightly',
    cron: '0 2 * * *',
    timeZone: 'Europe/Berlin',
    exclude: [{ calendar: 'calendars/holidays.dates', dates: ['2025-12-25', '2025-12-26'] }],
    catchUp: { policy: 'all' },
    overlap: 'queue',
    rateLimit: { ticks: 2, perMs: 60_000 },
    active: true,
  },
};
const KEY = { kind: 'Schedule', namespace: NAMESPACE, name: 'daily' };

let plane: ControlPlane;
beforeAll(async () => {
  plane = await openControlPlane();
});
afterAll(() => plane.close());
beforeEach(async () => {
  for (const { metadata } of (await plane.api.store.list('Backfill', { namespace: NAMESPACE })).items)
    await deleteObject(plane.api.store, { kind: 'Backfill', namespace: NAMESPACE, name: metadata.name });
  if ((await findObject(plane.api.store, KEY)) !== undefined) await deleteObject(plane.api.store, KEY);
  await plane.create(SCHEDULE);
});

function run(...argv: string[]) {
  return plane.run(...argv, '-n', NAMESPACE);
}

async function backfill(): Promise<Backfill> {
  const { items } = await plane.api.store.list<Backfill>('Backfill', { namespace: NAMESPACE });
  expect(items).toHaveLength(1);
  return items[0] as Backfill;
}

describe('pipectl suspend schedule/NAME', () => {
  it('leaves who did it and why on the schedule, and resume takes it away', async () => {
    const suspended = await run('suspend', 'schedule/daily', '--reason', 'incident 42');
    expect(suspended).toMatchObject({
      code: 0,
      out: 'schedule daily is suspended: it does not tick until it is resumed\n',
    });
    const found = await plane.api.store.get<Schedule>(KEY);
    expect(JSON.parse(found.metadata.annotations?.[ANNOTATION.suspended] ?? '')).toMatchObject({
      reason: 'incident 42',
    });
    expect((await run('get', 'schedules')).out).toMatch(/daily +0 2 \* \* \* +Europe\/Berlin +Suspended/);
    expect((await run('describe', 'schedule/daily')).out).toMatch(/Suspended: +yes, .*incident 42/);
    expect((await run('suspend', 'sched/daily')).err).toBe('schedule daily is suspended already\n');
    expect((await run('resume', 'schedule/daily')).out).toBe('schedule daily goes on: every missed tick runs\n');
    expect((await plane.api.store.get<Schedule>(KEY)).metadata.annotations).not.toHaveProperty([ANNOTATION.suspended]);
    expect((await run('resume', 'schedule/daily')).err).toBe('schedule daily is not suspended\n');
  });

  it('tells what was probably meant', async () => {
    expect(await run('suspend', 'schedule/dayly')).toMatchObject({
      code: 1,
      err: expect.stringContaining('did you mean "daily"'),
    });
  });

  it('is no way to end a schedule', async () => {
    expect((await run('abort', 'schedule/daily')).err).toContain('a schedule is nothing that runs');
  });
});

describe('what people see of a schedule', () => {
  it('has its next tick by its rule where the scheduler has not told it yet', async () => {
    expect((await run('get', 'schedules')).out).toMatch(/Active +\d+[hm]\S* +<none>/);
    await run('suspend', 'schedule/daily');
    expect((await run('get', 'schedules')).out).toMatch(/Suspended +<none> +<none>/);
    expect((await run('describe', 'schedule/daily')).out).not.toContain('Next ticks');
  });

  it('is in the table', async () => {
    await patchStatus(plane.api.store, KEY, {
      nextTick: '2100-01-01T00:00:00.000Z',
      lastTick: '2025-01-01T00:00:00.000Z',
      latenessMs: 12,
      missed: 3,
    });
    const [head = '', row = ''] = (await run('get', 'schedules')).out.split('\n');
    for (const column of ['CRON', 'ZONE', 'STATE', 'NEXT', 'LAST', 'LATE', 'MISSED', 'VERSION'])
      expect(head).toContain(column);
    expect(row).toMatch(/Active +\d+y\S* +\S+ +12ms +3 +nightly/);
  });

  it('is in its description', async () => {
    const { out } = await run('describe', 'schedule/daily');
    expect(out).toMatch(/Excluded: +2 days of calendars\/holidays\.dates/);
    expect(out).toMatch(/Overlap: +queue, at most 10/);
    expect(out).toMatch(/Rate limit: +2 in 1m/);
  });
});

describe('pipectl backfill', () => {
  it('lists the ticks of a span by the clocks of the schedule, and starts none', async () => {
    const { code, out, err } = await run(
      'backfill',
      'daily',
      '--from',
      '2025-12-24',
      '--to',
      '2025-12-28',
      '--dry-run',
    );
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.slice(0, 24))).toEqual([
      '2025-12-24T01:00:00.000Z',
      '2025-12-27T01:00:00.000Z',
      '2025-12-28T01:00:00.000Z',
      '',
    ]);
    expect(err).toBe('3 ticks; nothing was started\n');
    expect((await plane.api.store.list('Backfill', { namespace: NAMESPACE })).items).toEqual([]);
  });

  it('asks for what the control plane then runs', async () => {
    const { code, out } = await run(
      'backfill',
      'schedule/daily',
      '--from',
      '2025-12-01T06:00',
      '--to',
      '2025-12-02T00:00:00Z',
      '--concurrency',
      '4',
      '--reverse',
    );
    expect(code).toBe(0);
    const { metadata, spec } = await backfill();
    expect(out).toBe(`${metadata.name}\n`);
    expect(metadata.name).toMatch(/^daily-backfill-[a-z0-9]{6}$/);
    expect(spec).toMatchObject({
      schedule: 'daily',
      from: '2025-12-01T05:00:00.000Z',
      to: '2025-12-02T00:00:00.000Z',
      concurrency: 4,
      reverse: true,
    });
    expect((await run('get', 'backfills')).out).toMatch(/daily-backfill-\S+ +daily .*Pending/);
  });

  it('is suspended, resumed and aborted by its name', async () => {
    await run('backfill', 'daily', '--from', '2025-12-01', '--to', '2025-12-02', '--name', 'december');
    expect((await run('suspend', 'backfill/december')).out).toBe(
      'backfill december is suspended: what runs goes on, nothing new starts\n',
    );
    expect((await backfill()).spec.desired).toBe('Paused');
    expect((await run('resume', 'bf/december')).out).toBe('backfill december goes on\n');
    expect((await run('abort', 'backfill/december')).out).toBe('backfill december is being aborted\n');
    expect((await run('resume', 'backfill/december')).err).toContain('which nothing calls back');
    expect((await run('describe', 'backfill/december')).out).toMatch(/Wanted: +Aborted/);
  });

  it('waits for the end, and exits by it', async () => {
    const waiting = run(
      'backfill',
      'daily',
      '--from',
      '2025-12-01',
      '--to',
      '2025-12-02',
      '--name',
      'december',
      '--wait',
    );
    await expect
      .poll(() => findObject(plane.api.store, { kind: 'Backfill', namespace: NAMESPACE, name: 'december' }))
      .toBeDefined();
    const counts = {
      total: 2,
      started: 2,
      skipped: 0,
      running: 0,
      succeeded: 1,
      failed: 1,
      live: [],
      ticks: { timeZone: 'UTC' },
    };
    const status = {
      ...counts,
      phase: 'Failed',
      startedAt: '2026-01-01T00:00:00.000Z',
      finishedAt: '2026-01-01T00:00:01.000Z',
    };
    await patchStatus(plane.api.store, { kind: 'Backfill', namespace: NAMESPACE, name: 'december' }, status);
    expect(await waiting).toMatchObject({
      code: 1,
      out: 'december Failed\n',
      err: '2 of 2 ticks: 1 succeeded, 1 failed, 0 running, 0 existed\n',
    });
  });

  it.each([
    ['no beginning', [], 'say --from'],
    ['no time', ['--from', 'yesterday'], '--from yesterday: not a time'],
    ['a day that there is not', ['--from', '2025-02-30'], '--from 2025-02-30: not a time'],
    ['an end before its beginning', ['--from', '2025-02-02', '--to', '2025-02-01'], 'is not after --from'],
    ['what is to come', ['--from', '2099-01-01'], 'what is to come runs by itself'],
    ['too many at a time', ['--from', '2025-01-01', '--concurrency', '101'], '--concurrency'],
  ])('refuses %s', async (_name, options, message) => {
    expect(await run('backfill', 'daily', ...options)).toMatchObject({
      code: 2,
      err: expect.stringContaining(message),
    });
  });
});
