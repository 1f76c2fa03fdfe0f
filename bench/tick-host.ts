import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Digest } from '../src/base/index.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../src/cluster/adapters/embedded/index.ts';
import {
  ANNOTATION,
  API_VERSION,
  type LaunchPlan,
  SCHEDULER_STATE_NAME,
  type Schedule,
  type SchedulerSettings,
  type ScheduleTicks,
  SYSTEM_NAMESPACE,
  type Write,
} from '../src/cluster/index.ts';
import { startPropeller } from '../src/control/propeller/index.ts';
import { type Scheduler, startScheduler } from '../src/control/scheduler/index.ts';
import { openYoungCollector } from '../src/main/collector.ts';
import { tuneHeap } from '../src/main/heap.ts';
import { hostClock, hostRandom } from '../src/main/host.ts';

/** Store and scheduler of a control plane, with as many schedules as somebody filled in. */
export interface TickHost {
  readonly store: EmbeddedStore;
  readonly scheduler: Scheduler;
  /** From the start of the scheduler until all schedules are in line. */
  readonly startMs: number;
  /** How late the next `count` ticks are whose executions become durable, in milliseconds. */
  late(count: number): Promise<readonly number[]>;
  /** Ends the scheduler alone. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

const base = { clock: hostClock, random: hostRandom, log: { write: () => {} } };
const NAMESPACES = 10;
const BATCH = 2_000;
const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Sydney', 'UTC'];

export interface Folder {
  readonly path: string;
  remove(): void;
}

export function newFolder(name: string): Folder {
  const path = mkdtempSync(join(tmpdir(), `pipectl-bench-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

export function openStore(folder: Folder): Promise<EmbeddedStore> {
  tuneHeap();
  return openEmbeddedStore({ ...base, folder: folder.path });
}

/** A launch plan in each namespace, and where the scheduler was. */
export async function prepare(
  store: EmbeddedStore,
  settledUntil: number,
  workflowClosure = 'e'.repeat(64) as Digest,
): Promise<void> {
  const plans = Array.from({ length: NAMESPACES }, (_, i) => planOf(namespaceOf(i), workflowClosure));
  const metadata = { namespace: SYSTEM_NAMESPACE, name: SCHEDULER_STATE_NAME };
  const state = { apiVersion: API_VERSION, kind: 'SchedulerState', metadata, spec: {} };
  const patch = { version: 1, epoch: 0, settledUntil: new Date(settledUntil).toISOString() };
  await store.write([
    ...plans.map((object): Write => ({ op: 'create', object })),
    { op: 'create', object: state },
    { op: 'patchStatus', key: { kind: 'SchedulerState', ...metadata }, patch },
  ]);
}

/** Creates `count` schedules, spread over namespaces and zones. */
export async function fill(
  store: EmbeddedStore,
  prefix: string,
  count: number,
  ticks: (index: number) => Partial<ScheduleTicks>,
  more: Partial<Schedule['spec']> = {},
  activeSince?: string,
): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    const writes = Array.from({ length: Math.min(BATCH, count - from) }, (_, i): Write => {
      const index = from + i;
      return { op: 'create', object: scheduleOf(prefix, index, { ...ticks(index), ...more }, activeSince) };
    });
    await store.write(writes, { discard: true });
  }
}

/** Once a year, all at different minutes, half a year from now: never while the bench runs. */
export function yearly(index: number): Partial<ScheduleTicks> {
  const month = ((new Date().getUTCMonth() + 6) % 12) + 1;
  return { cron: `${index % 60} ${Math.floor(index / 60) % 24} ${(Math.floor(index / 1_440) % 28) + 1} ${month} *` };
}

export interface TickHostOptions {
  /** Also runs the executions. */
  readonly hasEngine?: boolean;
  readonly settings?: SchedulerSettings;
}

export async function openTickHost(
  store: EmbeddedStore,
  { hasEngine = false }: TickHostOptions = {},
): Promise<TickHost> {
  const late = recorder();
  const propeller = hasEngine ? startPropeller({ ...base, cluster: store, maxStreak: 1 }) : undefined;
  const startedMs = performance.now();
  const scheduler = startScheduler({ ...base, cluster: store, onTick: late.note, onPrepared: openYoungCollector() });
  while (!scheduler.stats().isLeader) await new Promise((resolve) => setTimeout(resolve, 1));
  const startMs = performance.now() - startedMs;
  return {
    store,
    scheduler,
    startMs,
    late: late.take,
    stop: () => scheduler.stop(),
    async close() {
      await scheduler.stop();
      await propeller?.stop();
      await store.close();
    },
  };
}

function recorder() {
  let seen: number[] = [];
  let waiting: { readonly count: number; readonly resolve: (seen: readonly number[]) => void } | undefined;
  return {
    note({ latenessMs }: { readonly latenessMs: number }): void {
      seen.push(latenessMs);
      if (waiting === undefined || seen.length < waiting.count) return;
      waiting.resolve(seen);
      waiting = undefined;
      seen = [];
    },
    take(count: number): Promise<readonly number[]> {
      seen = [];
      return new Promise((resolve) => {
        waiting = { count, resolve };
      });
    },
  };
}

function namespaceOf(index: number): string {
  return `bench-${index % NAMESPACES}`;
}

const source = { repository: 'bench', commit: 'c'.repeat(40), closure: 'd'.repeat(64) as Digest, file: 'nightly.yaml' };

function planOf(namespace: string, workflowClosure: Digest): LaunchPlan {
  return {
    apiVersion: API_VERSION,
    kind: 'LaunchPlan',
    metadata: { name: 'nightly', namespace },
    spec: {
      ...source,
      workflow: 'etl',
      workflowClosure,
      interface: { inputs: { day: { type: 'datetime' }, n: { type: 'integer', default: 3 } }, outputs: {} },
      fixedInputs: {},
    },
  };
}

function scheduleOf(
  prefix: string,
  index: number,
  spec: Partial<Schedule['spec']>,
  activeSince: string | undefined,
): Schedule {
  return {
    apiVersion: API_VERSION,
    kind: 'Schedule',
    metadata: {
      name: `${prefix}-${index}`,
      namespace: namespaceOf(index),
      ...(activeSince !== undefined && { annotations: { [ANNOTATION.activeSince]: activeSince } }),
    },
    spec: {
      ...source,
      launchPlan: 'nightly',
      timeZone: ZONES[Math.floor(index / NAMESPACES) % ZONES.length] as string,
      catchUp: { policy: 'none' },
      kickoffTime: 'day',
      active: true,
      ...spec,
    },
  };
}
