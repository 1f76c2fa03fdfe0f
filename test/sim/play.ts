import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { SimResult } from './run.ts';
import type { WorkerData } from './worker.ts';

export interface PlayOptions extends WorkerData {
  readonly from: number;
  readonly to: number;
  /** Threads. */
  readonly jobs: number;
  /** Whether a seed is not to be played. Absent: none. */
  readonly skips?: (seed: number) => boolean;
  /** Told each result; true: enough, no further seed begins. */
  readonly seen: (result: SimResult) => boolean;
}

/**
 * A world makes 230 MB, nearly all of which lives shortly: with room for a third of it, little is looked at by the
 * collector more than once.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 256 };
/** As much from the first world on: it would grow slowly, and twice as often be looked at meanwhile. */
const MIN_SEMI_SPACE_FLAG = '--min-semi-space-size=64';

/** Plays the seeds from `from` to `to` on several threads, in no particular order. */
export async function playSeeds({ from, to, jobs, seen, skips, ...data }: PlayOptions): Promise<void> {
  setFlagsFromString(MIN_SEMI_SPACE_FLAG);
  let next = from;
  let isEnough = false;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: data, resourceLimits });
      const go = (): void => {
        while (next <= to && skips?.(next) === true) next++;
        if (isEnough || next > to) void worker.terminate().then(() => resolve());
        else worker.postMessage(next++);
      };
      worker.on('error', reject);
      worker.on('message', (message: SimResult | 'ready') => {
        if (message !== 'ready') isEnough = seen(message) || isEnough;
        go();
      });
    });
  await Promise.all(Array.from({ length: Math.min(jobs, to - from + 1) }, one));
}
