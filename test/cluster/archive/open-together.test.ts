import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, it } from 'vitest';

/** The writer and a reader are threads of their own, and a first request may bring both to a file that is not there. */

const TABLES = new URL('../../../src/cluster/adapters/archive/tables.ts', import.meta.url).href;
const THREADS = 4;
const PROGRAM = `
import { parentPort, workerData } from 'node:worker_threads';
import { openTables } from '${TABLES}';
const gate = new Int32Array(workerData.gate);
for (const path of workerData.paths) {
  // All of them open the next file in the same instant.
  const round = workerData.paths.indexOf(path) + 1;
  if (Atomics.add(gate, 0, 1) + 1 === round * ${THREADS}) {
    Atomics.store(gate, 1, round);
    Atomics.notify(gate, 1);
  }
  for (let seen = Atomics.load(gate, 1); seen < round; seen = Atomics.load(gate, 1)) Atomics.wait(gate, 1, seen);
  openTables(path, 1 << 20).close();
}
parentPort.postMessage('opened');
`;

const folder = mkdtempSync(join(tmpdir(), 'pipectl-archive-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('threads that open a new archive at once all find it whole', async () => {
  const paths = Array.from({ length: 48 }, (_, index) => join(folder, `archive-${index}.sqlite`));
  const gate = new SharedArrayBuffer(8);
  const program = new URL(`data:text/javascript,${encodeURIComponent(PROGRAM)}`);
  const workers = Array.from({ length: THREADS }, () => new Worker(program, { workerData: { gate, paths } }));
  const opened = workers.map(
    (worker) =>
      new Promise<unknown>((resolve) => {
        worker.once('message', resolve);
        worker.once('error', (error) => {
          resolve(error);
          // The others would wait for it.
          for (const each of workers) void each.terminate();
        });
        worker.once('exit', () => resolve('ended'));
      }),
  );
  expect(await Promise.all(opened)).toEqual(workers.map(() => 'opened'));
});
