import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { CHECK_GROUPS } from '../../base/index.ts';

/** A thread beside this one. */
export interface CheckWorker {
  readonly thread: Worker;
  /** What it failed by before somebody listened. */
  readonly failure: { error?: unknown };
}

/** Threads to check so many files, this one left out: none for few, as many as there are processors, `most` in all. */
export function startCheckWorkers(fileCount: number, most: number = threadsHere()): readonly CheckWorker[] {
  const others = fileCount < CHECK_GROUPS.minFiles ? 0 : most - 1;
  if (others > 0 && fileCount <= CHECK_GROUPS.briefFiles) compileBriefly();
  return Array.from({ length: others }, startWorker);
}

/**
 * A process that checks and ends is over before V8's last compiler has paid for itself: measured over 10,000 files, its code
 * is a seventh faster, and making it takes a sixth of all processor time. The compiler before it, Maglev, stays.
 */
function compileBriefly(): void {
  setFlagsFromString('--no-turbofan');
}

function threadsHere(): number {
  return Math.min(availableParallelism(), CHECK_GROUPS.threads);
}

/** From source the worker is a .ts file next to this one; bundled it is `check-worker.js` next to the chunk. */
function startWorker(): CheckWorker {
  const file = import.meta.url.endsWith('.ts') ? './check-worker.ts' : './check-worker.js';
  const thread = new Worker(new URL(file, import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: CHECK_GROUPS.youngMb },
  });
  const failure: CheckWorker['failure'] = {};
  thread.on('error', (error) => {
    failure.error = error;
  });
  thread.unref();
  return { thread, failure };
}
