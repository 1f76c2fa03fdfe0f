import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedStore, openEmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import {
  API_VERSION,
  type Execution,
  type KubeObject,
  type LaunchPlan,
  type Schedule,
  updateObject,
} from '../../../src/cluster/index.ts';
import { type Scheduler, startScheduler } from '../../../src/control/scheduler/index.ts';
import { hostRandom } from '../../../src/main/host.ts';
import { type ManualClock, manualClock } from '../fixtures/manual-clock.ts';

const START = Date.parse('2026-01-01T00:10:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NAMESPACE = 'shop-production';
const silent = { write: () => {} };

let folder: string;
let clock: ManualClock;
let store: EmbeddedStore;
let scheduler: Scheduler | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-scheduler-'));
  clock = manualClock(START);
  store = await openEmbeddedStore({ folder, clock, random: hostRandom, log: silent });
});

afterEach(async () => {
  await scheduler?.stop();
  scheduler = undefined;
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(): void {
  scheduler = startScheduler({ cluster: store, clock, random: hostRandom, log: silent });
}

const source = { repository: 'shop', commit: 'c'.repeat(40), closure: 'd'.repeat(64), file: 'a.yaml' };

async function createPlan(): Promise<void> {
  const plan: LaunchPlan = {
    apiVersion: API_VERSION,
    kind: 'LaunchPlan',
    metadata: { name: 'nightly', namespace: NAMESPACE },
    spec: {
      ...source,
      workflow: 'etl',
      workflowClosure: 'e'.repeat(64),
      interface: { inputs: { day: { type: 'datetime' }, n: { type: 'integer', default: 3 } }, outputs: {} },
      fixedInputs: {},
    },
  };
  await store.write([{ op: 'create', object: plan }]);
}

async function createSchedule(name: string, more: Partial<Schedule['spec']> = {}): Promise<void> {
  const schedule: Schedule = {
    apiVersion: API_VERSION,
    kind: 'Schedule',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      ...source,
      launchPlan: 'nightly',
      cron: '0 * * * *',
      timeZone: 'UTC',
      catchUp: { policy: 'all' },
      kickoffTime: 'day',
      active: true,
      ...more,
    },
  };
  await store.write([{ op: 'create', object: schedule }]);
}

async function executions(): Promise<Execution[]> {
  const { items } = await store.list<Execution>('Execution', { namespace: NAMESPACE });
  return [...items].sort((a, b) => tickOf(a).localeCompare(tickOf(b)));
}

function tickOf(execution: KubeObject): string {
  const { trigger } = (execution as Execution).spec;
  return trigger.kind === 'schedule' ? trigger.tick.slice(11, 16) : '';
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function ticksAre(...ticks: string[]): Promise<void> {
  await until(
    `ticks ${ticks}, found ${(await executions()).map(tickOf)}`,
    async () => (await executions()).length >= ticks.length,
  );
  expect((await executions()).map(tickOf)).toEqual(ticks);
}

async function scheduleIs(name: string, holds: (schedule: Schedule) => boolean): Promise<void> {
  await until(`state of schedule ${name}`, async () =>
    holds(await store.get<Schedule>({ kind: 'Schedule', namespace: NAMESPACE, name })),
  );
}

describe('a due tick', () => {
  it('becomes one execution with the plan, the inputs and the kick-off time', async () => {
    await createPlan();
    await createSchedule('hourly');
    start();
    await until('known', async () => scheduler?.counters.active === 1);
    clock.set(START + 50 * MINUTE);
    await ticksAre('01:00');
    const [execution] = await executions();
    expect(execution?.spec).toMatchObject({
      launchPlan: 'nightly',
      closure: 'e'.repeat(64),
      inputs: { day: '2026-01-01T01:00:00.000Z', n: 3 },
    });
    await scheduleIs('hourly', ({ status }) => {
      clock.set(clock.now() + 100);
      return status?.lastTick === '2026-01-01T01:00:00.000Z';
    });
    await scheduleIs('hourly', ({ status }) => status?.nextTick === '2026-01-01T02:00:00.000Z');
  });

  it('is caught up after a stop, oldest first, and none runs twice', async () => {
    await createPlan();
    await createSchedule('hourly');
    start();
    await until('known', async () => scheduler?.counters.active === 1);
    clock.set(START + 50 * MINUTE);
    await ticksAre('01:00');
    await scheduler?.stop();
    clock.set(START + 3 * HOUR);
    start();
    await ticksAre('01:00', '02:00', '03:00');
  });
});

describe('a schedule', () => {
  it('that is off, or was changed, owes nothing of the time before', async () => {
    await createPlan();
    await createSchedule('hourly', { active: false });
    start();
    await until('ticking', async () => scheduler?.stats().isLeader === true);
    clock.set(START + 3 * HOUR);
    const off = await store.get<Schedule>({ kind: 'Schedule', namespace: NAMESPACE, name: 'hourly' });
    await updateObject(store, { ...off, spec: { ...off.spec, active: true } });
    await until('known', async () => scheduler?.counters.active === 1);
    clock.set(START + 4 * HOUR);
    await ticksAre('04:00');
  });

  it('without its launch plan says so and delays no other', async () => {
    await createPlan();
    await createSchedule('broken', { launchPlan: 'nihgtly' });
    await createSchedule('hourly');
    start();
    await until('known', async () => scheduler?.counters.active === 2);
    clock.set(START + 50 * MINUTE);
    await ticksAre('01:00');
    await scheduleIs('broken', (schedule) => schedule.status?.conditions?.[0]?.reason === 'LaunchPlanMissing');
  });

  it('keeps the tick it owes until it can run', async () => {
    await createSchedule('hourly');
    start();
    await until('known', async () => scheduler?.counters.active === 1);
    clock.set(START + 50 * MINUTE);
    await until('failed once', async () => (scheduler?.counters.failed ?? 0) > 0);
    await scheduleIs('hourly', (schedule) => schedule.status?.owedSince !== undefined);
    await createPlan();
    clock.set(START + 51 * MINUTE);
    await ticksAre('01:00');
    await scheduleIs('hourly', (schedule) => schedule.status?.conditions === undefined);
  });
});
