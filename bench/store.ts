import { constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedStore, openEmbeddedStore } from '../src/cluster/adapters/embedded/index.ts';
import type { KubeObject, Write } from '../src/cluster/index.ts';
import { hostClock, hostRandom } from '../src/main/host.ts';

/** The embedded store beside what the disk takes for as many bytes, in the same folder and round. */
export interface StoreRound {
  /** 40 status deltas, each durable before the next: milliseconds of the store, and of bare O_DSYNC writes. */
  readonly sequentialMs: number;
  readonly sequentialFloorMs: number;
  /** Status deltas per second of `writers` concurrent writers, and records a second of a bare group-committed log. */
  readonly deltasPerSecond: number;
  readonly recordsPerSecondFloor: number;
  /** This process' CPU per delta, writer included. */
  readonly cpuMicrosPerDelta: number;
  readonly writers: number;
}

export interface ColdRound {
  readonly objects: number;
  readonly reopenMs: number;
  /** Growth of RSS by reopening, per object. */
  readonly rssBytesPerObject: number;
}

const SEQUENTIAL = 40;
const DELTAS_PER_WRITER = 200;
const namespace = 'bench';

/** One round of writes. */
export async function benchStore(writers: number): Promise<StoreRound> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-store-'));
  const store = await open(folder);
  try {
    await store.write(range(writers).map((i) => ({ op: 'create', object: execution(`e${i}`) })));
    const floor = openSync(join(folder, 'floor'), constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC);
    writeSync(floor, Buffer.alloc(4 * 1024 * 1024), 0, 4 * 1024 * 1024, 0);
    const sequentialFloorMs = bareWrites(floor, SEQUENTIAL, 200);
    const sequentialMs = await sequential(store);
    const perFrame = bareWrites(floor, 20, writers * 200) / 20;
    const cpu = process.cpuUsage();
    const startMs = performance.now();
    await Promise.all(range(writers).map((i) => deltas(store, `e${i}`)));
    const elapsedMs = performance.now() - startMs;
    const { user, system } = process.cpuUsage(cpu);
    const count = writers * DELTAS_PER_WRITER;
    return {
      sequentialMs,
      sequentialFloorMs,
      deltasPerSecond: (count / elapsedMs) * 1000,
      recordsPerSecondFloor: (writers / perFrame) * 1000,
      cpuMicrosPerDelta: (user + system) / count,
      writers,
    };
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** One round of reopening a store with `objects` parked executions of 12 nodes each. */
export async function benchReopen(objects: number): Promise<ColdRound> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-reopen-'));
  try {
    const filled = await open(folder);
    for (let from = 0; from < objects; from += 500) await filled.write(parked(from, 500), { discard: true });
    await filled.close();
    const rss = process.memoryUsage.rss();
    const startMs = performance.now();
    const store = await open(folder);
    const reopenMs = performance.now() - startMs;
    const rssBytesPerObject = (process.memoryUsage.rss() - rss) / objects;
    await store.close();
    return { objects, reopenMs, rssBytesPerObject };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function sequential(store: EmbeddedStore): Promise<number> {
  const startMs = performance.now();
  for (let i = 0; i < SEQUENTIAL; i++) await store.write([delta('e0', i)], { discard: true });
  return performance.now() - startMs;
}

async function deltas(store: EmbeddedStore, name: string): Promise<void> {
  for (let i = 0; i < DELTAS_PER_WRITER; i++) await store.write([delta(name, i)], { discard: true });
}

/** Milliseconds of `count` durable overwrites of `sizeBytes`, one after another. */
function bareWrites(fd: number, count: number, sizeBytes: number): number {
  const bytes = Buffer.alloc(sizeBytes, 1);
  const startMs = performance.now();
  for (let i = 0; i < count; i++) writeSync(fd, bytes, 0, sizeBytes, (i * sizeBytes) % (3 * 1024 * 1024));
  return performance.now() - startMs;
}

function open(folder: string): Promise<EmbeddedStore> {
  return openEmbeddedStore({
    folder: join(folder, 'store'),
    clock: hostClock,
    random: hostRandom,
    log: { write: () => {} },
  });
}

function delta(name: string, i: number): Write {
  const at = '2026-01-02T03:04:05.000Z';
  const node = { phase: 'Succeeded', attempt: 1, startedAt: at, finishedAt: at, outputs: { value: i } };
  return { op: 'patchStatus', key: { kind: 'Execution', namespace, name }, patch: { nodes: { [`n${i % 10}`]: node } } };
}

function parked(from: number, count: number): readonly Write[] {
  return range(count).flatMap((i): readonly Write[] => {
    const name = `parked-${String(from + i).padStart(8, '0')}`;
    const nodes = Object.fromEntries(range(12).map((n) => [`node${n}`, { phase: 'Succeeded', attempt: 1 }]));
    const key = { kind: 'Execution', namespace, name };
    return [
      { op: 'create', object: execution(name) },
      { op: 'patchStatus', key, patch: { phase: 'Running', nodes } },
    ];
  });
}

function execution(name: string): KubeObject {
  const spec = { repository: 'r', commit: 'c'.repeat(40), workflow: 'etl', closure: 'd'.repeat(64), inputs: {} };
  return { apiVersion: 'pipectl.dev/v1', kind: 'Execution', metadata: { name, namespace }, spec };
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}
