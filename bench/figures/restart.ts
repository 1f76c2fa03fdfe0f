import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json, JsonObject } from '../../src/base/index.ts';
import { openEmbeddedStore } from '../../src/cluster/adapters/embedded/index.ts';
import type { Execution, Write } from '../../src/cluster/index.ts';
import { hostClock, hostRandom } from '../../src/main/host.ts';
import { startDaemonProcess } from '../daemon-process.ts';
import type { Session } from '../figure.ts';
import { residentBytes } from '../machine.ts';
import { halfWay, NAMESPACE, park, parkedFiles } from '../parked.ts';
import { push, writeRepository } from '../repository.ts';

const BATCH = 500;
const PORT = 27_412;
/** Until the loops have listed what there is and the process has given back what that took. */
const settleMsOf = (count: number): number => 20_000 + count / 5;

export function open(): Promise<Session> {
  return openParked(100_000);
}

/** One data folder with one execution that the engine parked, and another with `count` like it. */
export async function openParked(count: number): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-restart-'));
  const data = join(folder, 'data');
  const empty = join(folder, 'empty');
  for (const each of [data, empty]) await fill(folder, each, each === data ? count : 1);
  let rounds = 0;
  return {
    async round() {
      // Memory settles slowly and differs little from start to start: one look is enough.
      const settleMs = rounds++ === 0 ? settleMsOf(count) : 0;
      const few = await start(empty, settleMs);
      const many = await start(data, settleMs);
      const bytesPerExecution = (many.residentBytes - few.residentBytes) / (count - 1);
      return { emptyMs: few.readyMs, readyMs: many.readyMs, ...(settleMs > 0 && { bytesPerExecution }) };
    },
    async close() {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function start(
  data: string,
  settleMs: number,
): Promise<{ readonly readyMs: number; readonly residentBytes: number }> {
  const daemon = await startDaemonProcess(data, PORT);
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  const { all } = residentBytes(daemon.pid);
  await daemon.stop();
  return { readyMs: daemon.readyMs, residentBytes: all };
}

/** Has the engine park one execution, then writes its like into the store of the stopped control plane. */
async function fill(folder: string, data: string, count: number): Promise<void> {
  const work = join(folder, `work-${count}`);
  writeRepository(work, parkedFiles(0));
  const daemon = await startDaemonProcess(data, PORT);
  await push(work, daemon.gitUrl, daemon.token);
  const make = await halfWay(daemon);
  const { status } = await park(daemon, [make('parked-first')]);
  await daemon.stop();
  const store = await openEmbeddedStore({
    folder: join(data, 'store'),
    clock: hostClock,
    random: hostRandom,
    log: { write: () => {} },
  });
  for (let from = 1; from < count; from += BATCH) {
    const executions = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => make(`parked-${from + i}`));
    await store.write(
      executions.flatMap((execution) => writesOf(execution, status as unknown as JsonObject)),
      { discard: true },
    );
  }
  await store.close();
}

function writesOf(execution: Execution, status: Json & object): readonly Write[] {
  const key = { kind: 'Execution', namespace: NAMESPACE, name: execution.metadata.name };
  return [
    { op: 'create', object: execution },
    { op: 'patchStatus', key, patch: status as JsonObject },
  ];
}
