import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openArchive } from '../../src/cluster/adapters/archive/index.ts';
import { openEmbeddedStore } from '../../src/cluster/adapters/embedded/index.ts';
import {
  type Archive,
  type ArchiveEntry,
  type Cluster,
  type Execution,
  LABEL,
  newExecution,
  type Pod,
  withArchive,
} from '../../src/cluster/index.ts';
import { hostClock, hostRandom } from '../../src/main/host.ts';
import { startDaemonProcess } from '../daemon-process.ts';
import type { Session } from '../figure.ts';
import { residentBytes } from '../machine.ts';

const NAMESPACE = 'bench-production';
/** Larger than what retention moves at a time, so that filling takes minutes and not the disk's patience. */
const BATCH = 2_000;
const CREATES = 2_000;
const PORT = 27_413;
const EPOCH = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

export function open(): Promise<Session> {
  return openArchived(1_000_000);
}

/** A control plane with `count` archived executions, one a second, beside one that has archived a single one. */
export async function openArchived(count: number): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-archive-'));
  const many = await openSide(join(folder, 'many'), count);
  const few = await openSide(join(folder, 'few'), 1);
  let rounds = 0;
  return {
    async round() {
      const round = rounds++;
      // In turns, so that what else the machine does falls on both.
      const fewCreate = await createMicros(few.cluster, `f${round}`);
      const manyCreate = await createMicros(many.cluster, `m${round}`);
      const samples = {
        fewCreateMicros: fewCreate,
        manyCreateMicros: manyCreate,
        ...(await searches(many.archive, count)),
        archiveMicros: many.archiveMicros,
        bytesPerExecution: many.bytesPerExecution,
      };
      return { ...samples, ...(await starts(folder)) };
    },
    async close() {
      for (const side of [many, few]) await side.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function openSide(data: string, count: number) {
  const store = await openEmbeddedStore({
    folder: join(data, 'live'),
    clock: hostClock,
    random: hostRandom,
    log: { write: () => undefined },
  });
  const path = join(data, 'archive.sqlite');
  const archive = openArchive({ path, clock: hostClock });
  const startMs = performance.now();
  for (let at = 0; at < count; at += BATCH) {
    await archive.put(Array.from({ length: Math.min(BATCH, count - at) }, (_, i) => entry(at + i)));
  }
  const archiveMicros = ((performance.now() - startMs) / count) * 1_000;
  return {
    archive,
    archiveMicros,
    bytesPerExecution: statSync(path).size / count,
    cluster: withArchive(store, archive),
    async close() {
      await archive.close();
      await store.close();
    },
  };
}

/** Processor time of creating executions through the archive's checks, which every way in takes. */
async function createMicros(cluster: Cluster, prefix: string): Promise<number> {
  const objects = Array.from({ length: CREATES }, (_, i) => request(`${prefix}-${i}`));
  const before = process.threadCpuUsage();
  for (const object of objects) await cluster.write([{ op: 'create', object }], { discard: true });
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / CREATES;
}

async function searches(archive: Archive, count: number) {
  const end = EPOCH + count * 1_000;
  const timed = async (work: () => unknown): Promise<number> => {
    const startMs = performance.now();
    await work();
    return performance.now() - startMs;
  };
  // The first call starts the thread when it had ended.
  await archive.list({}, { limit: 1 });
  return {
    byNameMs: await timed(() => archive.find(NAMESPACE, nameOf(Math.floor(count / 2)))),
    failedMs: await timed(() => archive.list({ phases: ['Failed'], since: end - HOUR_MS }, { limit: 100 })),
    workflowMs: await timed(() => archive.list({ workflow: 'w7' }, { namespace: NAMESPACE, limit: 100 })),
    durationMs: await timed(() => archive.list({ sort: '-duration' }, { limit: 100 })),
  };
}

async function starts(folder: string) {
  const start = async (side: string) => {
    const daemon = await startDaemonProcess(join(folder, side), PORT);
    const { all } = residentBytes(daemon.pid);
    await daemon.stop();
    return { readyMs: daemon.readyMs, megabytes: all / 1024 / 1024 };
  };
  const few = await start('few');
  const many = await start('many');
  return {
    fewReadyMs: few.readyMs,
    manyReadyMs: many.readyMs,
    fewStartMb: few.megabytes,
    manyStartMb: many.megabytes,
  };
}

const nameOf = (index: number): string => `nightly-${index.toString(36).padStart(6, '0')}`;

function request(name: string): Execution {
  return newExecution({
    namespace: NAMESPACE,
    name,
    repository: 'bench',
    commit: '3f2c1ab5'.repeat(5),
    workflow: 'w1',
    closure: 'ab'.repeat(32) as Execution['spec']['closure'],
    launchPlan: 'nightly',
    inputs: { n: 1 },
    trigger: { kind: 'manual', by: 'ada' },
  });
}

/** Twelve nodes, one of them a task; a tenth failed. */
function entry(index: number): ArchiveEntry {
  const name = nameOf(index);
  const finished = EPOCH + index * 1_000;
  const startedAt = new Date(finished - 1_000 - (index % 977) * 100).toISOString();
  const finishedAt = new Date(finished).toISOString();
  const made = request(name);
  const nodes = Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [
      `n${i}`,
      i === 6
        ? {
            phase: 'Succeeded' as const,
            attempt: 1,
            startedAt,
            runningAt: startedAt,
            finishedAt,
            outputs: { x: index },
          }
        : { phase: 'Succeeded' as const, outputs: { x: index + i } },
    ]),
  );
  const uid = `${index.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
  const execution: Execution = {
    ...made,
    metadata: { ...made.metadata, uid, creationTimestamp: startedAt, resourceVersion: String(index) },
    spec: { ...made.spec, workflow: `w${index % 50}` },
    status: { phase: index % 10 === 0 ? 'Failed' : 'Succeeded', startedAt, finishedAt, nodeCount: 12, nodes },
  };
  return { execution, attempts: [attemptOf(name, startedAt, finishedAt)], results: [] };
}

function attemptOf(execution: string, startedAt: string, finishedAt: string): Pod {
  const terminated = { exitCode: 0, reason: 'Completed', startedAt, finishedAt };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: NAMESPACE,
      name: `${execution}-n6-1`,
      labels: { [LABEL.execution]: execution, [LABEL.node]: 'n6', [LABEL.attempt]: '1' },
    },
    spec: { restartPolicy: 'Never', containers: [{ name: 'task', image: '', command: ['true'] }] },
    status: {
      phase: 'Succeeded',
      containerStatuses: [{ name: 'task', ready: false, restartCount: 0, image: '', state: { terminated } }],
    },
  };
}
