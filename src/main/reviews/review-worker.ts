import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { StalledError } from '../../base/index.ts';
import type { ObjectReader, ReadResult } from '../../git/index.ts';
import type { History } from '../../review/index.ts';
import type { FromThread, ReviewAnswer, ReviewCall, ToThread } from './review-calls.ts';
import { type ReviewJob, reviewJob } from './review-job.ts';

/** A thread that makes one report of what others wrote: it holds up nobody, and ends when it takes too long. */
const port = parentPort;
if (port === null) throw new Error('review-worker runs as a worker thread only');
const say = (message: FromThread): void => (port as MessagePort).postMessage(message);
const waiting = new Map<number, { resolve: (value: ReviewAnswer) => void; reject: (error: Error) => void }>();
let calls = 0;

port.on('message', (told: ToThread) => {
  const call = waiting.get(told.id);
  waiting.delete(told.id);
  if (told.kind === 'answer') call?.resolve(told.value);
  else call?.reject(new Error(told.message));
});

function ask<T extends ReviewAnswer>(call: ReviewCall): Promise<T> {
  calls += 1;
  const id = calls;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve: (value) => resolve(value as T), reject });
    say({ kind: 'call', id, call });
  });
}

const objects: ObjectReader = {
  read: (oid, maxBytes, expected) => ask<ReadResult>({ ask: 'read', oid, maxBytes, expected }),
  prefetch: (blobs) => ask<undefined>({ ask: 'prefetch', blobs }),
};

const historyOf = (namespace: string) => ask<History | undefined>({ ask: 'history', namespace });

try {
  say({ kind: 'report', report: await reviewJob(workerData as ReviewJob, { objects, historyOf }) });
} catch (error) {
  const reason = error instanceof StalledError ? error.reason : 'ReviewFailed';
  say({ kind: 'failed', reason, message: error instanceof Error ? error.message : String(error) });
}
port.close();
