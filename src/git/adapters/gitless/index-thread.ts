import { Worker } from 'node:worker_threads';
import { INDEX_THREAD, SMALL_PACK } from '../../../base/index.ts';
import { RemoteError } from '../../index.ts';
import { type IndexJob, type IndexOutcome, indexPack } from './index-pack.ts';

type Indexed = Extract<IndexOutcome, { readonly kind: 'indexed' }>;

/**
 * `indexPack` in a thread, which ends with the signal or when it takes too long. What an ordinary commit brings is looked
 * through here and now: it takes less than starting a thread. Errors: RemoteError.
 */
export async function indexApart(job: IndexJob, sizeBytes: number, signal: AbortSignal): Promise<Indexed> {
  if (sizeBytes <= SMALL_PACK.packedBytes) {
    const outcome = indexPack({ ...job, maxUnpackedBytes: SMALL_PACK.unpackedBytes });
    if (outcome.kind === 'indexed') return outcome;
    if (outcome.reason !== 'TooLarge') throw new RemoteError(outcome.reason, outcome.message);
  }
  return indexInThread(job, signal);
}

async function indexInThread(job: IndexJob, signal: AbortSignal): Promise<Indexed> {
  // From source the worker is a .ts file next to this one; bundled it is `index-worker.js` next to the chunk.
  const file = import.meta.url.endsWith('.ts') ? './index-worker.ts' : './index-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: INDEX_THREAD.heapMb },
  });
  const within = AbortSignal.any([signal, AbortSignal.timeout(INDEX_THREAD.timeoutMs)]);
  try {
    const outcome = await new Promise<IndexOutcome>((resolve, reject) => {
      const onAbort = (): void => reject(ended(signal));
      within.addEventListener('abort', onAbort, { once: true });
      if (within.aborted) onAbort();
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new RemoteError('FetchFailed', 'what was fetched could not be looked through')));
    });
    if (outcome.kind === 'refused') throw new RemoteError(outcome.reason, outcome.message);
    return outcome;
  } catch (error) {
    if ((error as { readonly code?: string }).code !== 'ERR_WORKER_OUT_OF_MEMORY') throw error;
    throw new RemoteError('TooLarge', 'what was fetched takes too much memory to look through');
  } finally {
    await worker.terminate();
  }
}

function ended(signal: AbortSignal): RemoteError {
  if (signal.aborted) return new RemoteError('Unreachable', 'it is not to be followed any more');
  return new RemoteError(
    'TooLarge',
    `what was fetched takes longer than ${INDEX_THREAD.timeoutMs / 1_000} s to look through`,
  );
}
