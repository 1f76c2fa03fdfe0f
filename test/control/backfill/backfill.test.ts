import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedStore, openEmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import {
  API_VERSION,
  type Backfill,
  type BackfillStatus,
  deleteObject,
  type Execution,
  InvalidError,
  type LaunchPlan,
  patchObject,
  patchStatus,
  type Schedule,
} from '../../../src/cluster/index.ts';
import { type Backfills, startBackfills } from '../../../src/control/backfill/index.ts';
import { tickExecutionName } from '../../../src/control/scheduler/index.ts';
import { hostRandom } from '../../../src/main/host.ts';
import { type ManualClock, manualClock } from '../fixtures/manual-clock.ts';
import { until } from '../fixtures/world.ts';

const NAMESPACE = 'shop-production';
const START = Date.parse('2026-02-01T00:00:00Z');
const KEY = { kind: 'Backfill', namespace: NAMESPACE, name: 'again' };
const SOURCE = { repository: 'shop', commit: 'c'.repeat(40), closure: 'd'.repeat(64), file: 'a.yaml' };
const silent = { write: () => {} };

let folder: string;
let clock: ManualClock;
let store: EmbeddedStore;
let backfills: Backfills | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-backfill-'));
  clock = manualClock(START);
  store = await open();
  await store.write([
    { op: 'create', object: PLAN },
    { op: 'create', object: SCHEDULE },
  ]);
});

afterEach(async () => {
  await end();
  rmSync(folder, { recursive: true, force: true });
});

function open(): Promise<EmbeddedStore> {
  return openEmbeddedStore({ folder, clock, random: hostRandom, log: silent });
}

function start(): void {
  backfills = startBackfills({ cluster: store, clock, random: hostRandom, log: silent });
}

async function end(): Promise<void> {
  await backfills?.stop();
  backfills = undefined;
  await store.close();
}

const PLAN: LaunchPlan = {
  apiVersion: API_VERSION,
  kind: 'LaunchPlan',
  metadata: { name: 'nightly', namespace: NAMESPACE },
  spec: {
    ...SOURCE,
    workflow: 'etl',
    workflowClosure: 'e'.repeat(64),
    interface: { inputs: { day: { type: 'datetime' }, n: { type: 'integer', default: 3 } }, outputs: {} },
    fixedInputs: {},
  },
};

const SCHEDULE: Schedule = {
  apiVersion: API_VERSION,
  kind: 'Schedule',
  metadata: { name: 'nightly', namespace: NAMESPACE },
  spec: {
    ...SOURCE,
    launchPlan: 'nightly',
    cron: '0 2 * * *',
    timeZone: 'UTC',
    exclude: [{ dates: ['2026-01-03'] }],
    catchUp: { policy: 'none' },
    kickoffTime: 'day',
    active: true,
  },
};

async function ask(spec: Partial<Backfill['spec']> = {}): Promise<void> {
  const object: Backfill = {
    apiVersion: API_VERSION,
    kind: 'Backfill',
    metadata: { name: KEY.name, namespace: NAMESPACE },
    spec: { schedule: 'nightly', from: '2026-01-01T00:00:00Z', to: '2026-01-06T00:00:00Z', ...spec },
  };
  await store.write([{ op: 'create', object }]);
}

async function status(): Promise<BackfillStatus | undefined> {
  return (await store.get<Backfill>(KEY)).status;
}

async function statusOf(wanted: (status: BackfillStatus) => boolean): Promise<BackfillStatus> {
  await until(async () => {
    const found = await status();
    return found !== undefined && wanted(found);
  });
  return (await status()) as BackfillStatus;
}

async function executions(): Promise<readonly Execution[]> {
  return (await store.list<Execution>('Execution', { namespace: NAMESPACE })).items;
}

async function liveDays(): Promise<readonly string[]> {
  const live = (await executions()).filter((execution) => execution.status === undefined);
  return live.map(({ spec }) => String(spec.inputs.day).slice(0, 10)).sort();
}

/** Ends all executions that are live. */
async function finish(phase: 'Succeeded' | 'Failed'): Promise<void> {
  for (const { metadata, status: ended } of await executions()) {
    if (ended !== undefined) continue;
    await patchStatus(store, { kind: 'Execution', namespace: NAMESPACE, name: metadata.name }, { phase });
  }
}

describe('a backfill', () => {
  it('runs each tick of its span once, one after the other, and leaves out what the schedule excludes', async () => {
    start();
    await ask();
    const days: string[] = [];
    for (const started of [1, 2, 3, 4]) {
      await statusOf((found) => found.started === started && found.live.length === 1);
      days.push(...(await liveDays()));
      await finish('Succeeded');
    }
    expect(days).toEqual(['2026-01-01', '2026-01-02', '2026-01-04', '2026-01-05']);
    const over = await statusOf((found) => found.finishedAt !== undefined);
    expect(over).toMatchObject({
      phase: 'Succeeded',
      total: 4,
      started: 4,
      succeeded: 4,
      failed: 0,
      running: 0,
      live: [],
    });
    const [first] = await executions();
    expect(first?.spec.trigger).toMatchObject({ kind: 'schedule', schedule: 'nightly', backfill: 'again' });
    expect(first?.metadata.name).toBe(tickExecutionName(SCHEDULE, Date.parse(String(first?.spec.inputs.day))));
  });

  it('runs the newest first, and as many at a time as it may', async () => {
    start();
    await ask({ reverse: true, concurrency: 3 });
    await statusOf((found) => found.live.length === 3);
    expect(await liveDays()).toEqual(['2026-01-02', '2026-01-04', '2026-01-05']);
    await finish('Failed');
    await statusOf((found) => found.started === 4);
    await finish('Succeeded');
    expect(await statusOf((found) => found.finishedAt !== undefined)).toMatchObject({
      phase: 'Failed',
      failed: 3,
      succeeded: 1,
    });
  });

  it('passes over ticks whose execution exists', async () => {
    start();
    await ask({ to: '2026-01-03T00:00:00Z', concurrency: 5 });
    await statusOf((found) => found.live.length === 2);
    await finish('Succeeded');
    await statusOf((found) => found.finishedAt !== undefined);
    await deleteObject(store, KEY);
    await ask({ concurrency: 5 });
    const second = await statusOf((found) => found.live.length === 2);
    expect(second).toMatchObject({ skipped: 2, started: 2 });
    expect(await liveDays()).toEqual(['2026-01-04', '2026-01-05']);
  });

  it('is carried on by the next process, with what ended meanwhile', async () => {
    start();
    await ask({ concurrency: 2 });
    await statusOf((found) => found.live.length === 2);
    await end();
    store = await open();
    await finish('Succeeded');
    start();
    expect(await statusOf((found) => found.started === 4)).toMatchObject({ succeeded: 2, live: { length: 2 } });
    expect(await executions()).toHaveLength(4);
  });

  it('starts nothing while it is suspended, and goes on when it is resumed', async () => {
    start();
    await ask();
    await statusOf((found) => found.live.length === 1);
    await patchObject(store, KEY, { spec: { desired: 'Paused' } });
    await finish('Succeeded');
    await statusOf((found) => found.succeeded === 1);
    expect(await status()).toMatchObject({ phase: 'Running', started: 1, running: 0 });
    await patchObject(store, KEY, { spec: { desired: 'Running' } });
    await statusOf((found) => found.started === 2);
  });

  it('is over when it is aborted and what it ran has ended', async () => {
    start();
    await ask({ concurrency: 2 });
    await statusOf((found) => found.live.length === 2);
    await patchObject(store, KEY, { spec: { desired: 'Aborted' } });
    await until(async () => (await executions()).every(({ spec }) => spec.desired === 'Aborted'));
    expect((await status())?.finishedAt).toBeUndefined();
    await finish('Failed');
    expect(await statusOf((found) => found.finishedAt !== undefined)).toMatchObject({
      phase: 'Aborted',
      started: 2,
      failed: 2,
    });
  });

  it('keeps to the rule that the schedule had at its begin', async () => {
    start();
    await ask();
    await statusOf((found) => found.live.length === 1);
    await patchObject(
      store,
      { ...KEY, kind: 'Schedule', name: 'nightly' },
      { spec: { cron: '0 9 * * *', exclude: null } },
    );
    await finish('Succeeded');
    await statusOf((found) => found.started === 2);
    expect(String((await executions()).find((found) => found.status === undefined)?.spec.inputs.day)).toBe(
      '2026-01-02T02:00:00.000Z',
    );
  });

  it('waits for a launch plan that is gone, and says so', async () => {
    await deleteObject(store, { kind: 'LaunchPlan', namespace: NAMESPACE, name: 'nightly' });
    start();
    await ask();
    const { message } = await statusOf((found) => found.message !== undefined);
    expect(message).toBe('launch plan "nightly" is not active in shop-production');
    const { metadata: _, ...plan } = PLAN;
    await store.write([{ op: 'create', object: { ...plan, metadata: { name: 'nightly', namespace: NAMESPACE } } }]);
    await until(async () => {
      clock.set(clock.now() + 60_000);
      return (await status())?.started === 1;
    });
    expect((await status())?.message).toBeUndefined();
  });

  it('counts an execution that somebody deleted as one that failed', async () => {
    start();
    await ask({ to: '2026-01-02T00:00:00Z' });
    const { live } = await statusOf((found) => found.live.length === 1);
    await deleteObject(store, { kind: 'Execution', namespace: NAMESPACE, name: live[0] as string });
    expect(await statusOf((found) => found.finishedAt !== undefined)).toMatchObject({ phase: 'Failed', failed: 1 });
  });

  it.each([
    [
      'a schedule that there is not',
      { schedule: 'other' },
      'Failed',
      'schedule "other" is not active in shop-production',
    ],
    ['a span without a tick', { to: '2026-01-01T01:00:00Z' }, 'Succeeded', 'the schedule has no tick in this span'],
    [
      'what is to come',
      { from: '2026-03-01T00:00:00Z', to: '2026-04-01T00:00:00Z' },
      'Succeeded',
      'the schedule has no tick in this span',
    ],
  ])('of %s is over at once', async (_name, spec, phase, message) => {
    start();
    await ask(spec);
    expect(await statusOf((found) => found.finishedAt !== undefined)).toMatchObject({ phase, message, total: 0 });
    expect(await executions()).toEqual([]);
  });

  it('of more ticks than there may be is refused', async () => {
    await patchObject(
      store,
      { ...KEY, kind: 'Schedule', name: 'nightly' },
      { spec: { cron: '* * * * * *', exclude: null } },
    );
    start();
    await ask({ from: '2024-01-01T00:00:00Z' });
    const over = await statusOf((found) => found.finishedAt !== undefined);
    expect(over).toMatchObject({
      phase: 'Failed',
      message: 'the span has more than 1000000 ticks; ask for a shorter one',
    });
  });
});

describe('the API', () => {
  it.each([
    ['a span that ends before it begins', { to: '2025-01-01T00:00:00Z' }, 'spec.to: must be after spec.from'],
    ['no time', { from: 'yesterday' }, 'spec.from: must be an instant'],
    ['too many at a time', { concurrency: 101 }, 'spec.concurrency: must be an integer from 1 to 100'],
    ['none at a time', { concurrency: 0 }, 'spec.concurrency: must be an integer from 1 to 100'],
  ])('refuses %s', async (_name, spec, message) => {
    await expect(ask(spec)).rejects.toThrow(message);
  });

  it('lets nothing but desired change', async () => {
    await ask();
    await expect(patchObject(store, KEY, { spec: { to: '2026-01-09T00:00:00Z' } })).rejects.toThrow(InvalidError);
  });
});
