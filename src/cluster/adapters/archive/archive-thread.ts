import { Worker } from 'node:worker_threads';
import { ARCHIVE_THREAD_IDLE_MS, type Clock, StalledError } from '../../../base/index.ts';
import { InvalidError } from '../../errors.ts';
import { archiveError } from './archive-error.ts';
import type { ArchiveAnswer, ArchiveCall } from './archive-worker.ts';

/** The thread that writes and searches the archive. It lives only while there is something to do: it costs 10 MB. */
export interface ArchiveThread {
  ask<T>(call: Exclude<ArchiveCall, { op: 'close' }>): Promise<T>;
  /** Resolves when what was asked is answered and the file is closed. */
  close(): Promise<void>;
}

export function archiveThread(path: string, clock: Clock): ArchiveThread {
  let worker: Worker | undefined;
  let cancelEnd: (() => void) | undefined;
  /** Answers come in the order of the questions. */
  let turn: Promise<unknown> = Promise.resolve();
  const end = async (): Promise<void> => {
    cancelEnd?.();
    const ending = worker;
    worker = undefined;
    if (ending === undefined) return;
    ending.ref();
    await new Promise<void>((resolve) => {
      ending.once('exit', () => resolve());
      ending.postMessage({ op: 'close' } satisfies ArchiveCall);
    });
  };
  const askNow = async (call: ArchiveCall): Promise<unknown> => {
    cancelEnd?.();
    worker ??= startWorker(path);
    const asked = worker;
    try {
      return await answerOf(asked, path, call, () => {
        // A thread that died is replaced for the next call.
        if (worker === asked) worker = undefined;
      });
    } finally {
      asked.unref();
      cancelEnd = clock.at(clock.now() + ARCHIVE_THREAD_IDLE_MS, () => {
        turn = turn.then(end, end);
      });
    }
  };
  return {
    ask<T>(call: ArchiveCall) {
      const asked = turn.then(() => askNow(call));
      turn = asked.catch(() => undefined);
      return asked as Promise<T>;
    },
    async close() {
      await turn;
      await end();
    },
  };
}

function answerOf(worker: Worker, path: string, call: ArchiveCall, died: () => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off('message', onMessage);
      worker.off('error', onError);
    };
    const onMessage = (answer: ArchiveAnswer): void => {
      settle();
      if (!('error' in answer)) resolve(answer.result);
      else if (answer.error.isInvalid) reject(new InvalidError(answer.error.message));
      else if (answer.error.code !== undefined) reject(archiveError(path, answer.error.code, answer.error.message));
      else reject(new Error(`the archive ${path}: ${answer.error.message}`));
    };
    const onError = (cause: unknown): void => {
      settle();
      died();
      const why = cause instanceof Error ? cause.message : String(cause);
      reject(new StalledError('ArchiveUnusable', why, { cause }));
    };
    worker.on('message', onMessage);
    worker.on('error', onError);
    // Work in hand keeps the process alive, an idle thread does not.
    worker.ref();
    worker.postMessage(call);
  });
}

/** From source the worker is a .ts file next to this one; bundled it is `archive-worker.js` next to the chunk. */
function startWorker(path: string): Worker {
  const file = import.meta.url.endsWith('.ts') ? './archive-worker.ts' : './archive-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: { path },
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 },
  });
  // Answered where a call waits for it; without one it must not end the process.
  worker.on('error', () => undefined);
  worker.unref();
  return worker;
}
