import { Worker } from 'node:worker_threads';
import { type Clock, MAX_REVIEW_HEAP_MB, MAX_REVIEW_MS, StalledError } from '../../base/index.ts';
import type { Report } from '../../review/index.ts';
import type { FromThread, ReviewAnswer, ReviewCall, ToThread } from './review-calls.ts';
import type { JobSupplies, ReviewJob } from './review-job.ts';

export interface ReviewSupplies extends JobSupplies {
  readonly clock: Pick<Clock, 'now' | 'at'>;
  readonly signal: AbortSignal;
}

/**
 * Reviews in a thread of its own, which reads objects and histories through this one. Errors: StalledError ReviewTooLarge when it
 * takes more time or memory than it may, ReviewFailed, ReviewEnded when it is told to end, and what reviewing itself says.
 */
export function reviewApart(job: ReviewJob, { objects, historyOf, clock, signal }: ReviewSupplies): Promise<Report> {
  const worker = startWorker(job);
  const answer = async (call: ReviewCall): Promise<ReviewAnswer> => {
    switch (call.ask) {
      case 'read':
        return objects.read(call.oid, call.maxBytes, call.expected);
      case 'prefetch':
        await objects.prefetch?.(call.blobs);
        return undefined;
      case 'history':
        return historyOf(call.namespace);
    }
  };
  const tell = (told: ToThread): void => worker.postMessage(told);
  const { promise, resolve, reject } = Promise.withResolvers<Report>();
  worker.on('message', (said: FromThread) => {
    if (said.kind === 'report') resolve(said.report);
    else if (said.kind === 'failed') reject(new StalledError(said.reason, said.message));
    else {
      const { id, call } = said;
      answer(call).then(
        (value) => tell({ kind: 'answer', id, value }),
        (error: unknown) => tell({ kind: 'refused', id, message: error instanceof Error ? error.message : 'failed' }),
      );
    }
  });
  const tooLarge = (what: string): StalledError =>
    new StalledError('ReviewTooLarge', `the review takes too much ${what}`);
  worker.on('error', (error: NodeJS.ErrnoException) => {
    reject(
      error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooLarge('memory') : new StalledError('ReviewFailed', error.message),
    );
  });
  worker.on('exit', () => reject(new StalledError('ReviewFailed', 'the thread of the review has ended')));
  const cancel = clock.at(clock.now() + MAX_REVIEW_MS, () => reject(tooLarge('time')));
  const end = (): void => reject(new StalledError('ReviewEnded', 'the review is not wanted any more'));
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  return promise.finally(async () => {
    cancel();
    signal.removeEventListener('abort', end);
    await worker.terminate();
  });
}

/** From source the worker is a .ts file next to this one; bundled it is `review-worker.js` next to the chunk. */
function startWorker(job: ReviewJob): Worker {
  const file = import.meta.url.endsWith('.ts') ? './review-worker.ts' : './review-worker.js';
  return new Worker(new URL(file, import.meta.url), {
    workerData: job,
    // Nothing of the environment is of use to a review, and some of it is secret.
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: MAX_REVIEW_HEAP_MB },
  });
}
