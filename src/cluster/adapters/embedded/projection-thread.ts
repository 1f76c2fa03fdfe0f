import { Worker } from 'node:worker_threads';
import { type Clock, PROJECTOR_IDLE_MS } from '../../../base/index.ts';
import type { ProjectionChunk } from './database.ts';
import type { ProjectionAnswer } from './projection-worker.ts';

/** The thread that writes the database file. It lives only while there is something to write: it costs 10 MB. */
export interface ProjectionThread {
  readonly path: string;
  readonly clock: Clock;
  worker: Worker | undefined;
  cancelEnd: (() => void) | undefined;
}

/** Resolves when the chunk is on the disk; rejects with SQLite's error. One chunk at a time. */
export function commitChunk(thread: ProjectionThread, chunk: ProjectionChunk): Promise<void> {
  thread.cancelEnd?.();
  thread.worker ??= startWorker(thread);
  const { worker } = thread;
  return new Promise((resolve, reject) => {
    const settle = (error: unknown): void => {
      worker.off('message', onMessage);
      worker.off('error', settle);
      worker.unref();
      if (error === undefined) resolve();
      else reject(error);
    };
    const onMessage = ({ error }: ProjectionAnswer): void =>
      settle(error === undefined ? undefined : Object.assign(new Error(error.message), { errcode: error.errcode }));
    worker.on('message', onMessage);
    worker.on('error', settle);
    // Work in hand keeps the process alive, an idle thread does not.
    worker.ref();
    worker.postMessage(chunk);
  });
}

/** Ends the thread unless it gets something to do soon. */
export function endThreadLater(thread: ProjectionThread): void {
  thread.cancelEnd?.();
  thread.cancelEnd = thread.clock.at(thread.clock.now() + PROJECTOR_IDLE_MS, () => void endThread(thread));
}

/** Resolves when the thread closed its file and is gone. */
export async function endThread(thread: ProjectionThread): Promise<void> {
  thread.cancelEnd?.();
  const { worker } = thread;
  if (worker === undefined) return;
  thread.worker = undefined;
  worker.ref();
  await new Promise<void>((resolve) => {
    worker.once('exit', () => resolve());
    worker.postMessage('close');
  });
}

/** From source the worker is a .ts file next to this one; bundled it is `projection-worker.js` next to the chunk. */
function startWorker(thread: ProjectionThread): Worker {
  const file = import.meta.url.endsWith('.ts') ? './projection-worker.ts' : './projection-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: { path: thread.path },
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 },
  });
  // One that died is replaced for the next chunk.
  worker.on('error', () => {
    if (thread.worker === worker) thread.worker = undefined;
  });
  worker.unref();
  return worker;
}
