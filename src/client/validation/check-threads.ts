import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { CHECK_GROUPS } from '../../base/index.ts';
import type { CheckGroup, FileRecord } from '../../compiler/index.ts';
import { type Checker, type CheckSetup, createChecker, createReader, type FirstLook, type Reader } from './checker.ts';

/** Work that all threads share: each takes the next piece that nobody has taken. */
export interface CheckJob {
  readonly setup: CheckSetup;
  readonly work:
    | { readonly kind: 'look'; readonly pieces: readonly (readonly string[])[] }
    | { readonly kind: 'group'; readonly pieces: readonly CheckGroup[] };
  /** How many pieces are taken. */
  readonly taken: SharedArrayBuffer;
}

/** What a thread found in one piece of the work. */
export interface CheckPart {
  readonly looks: readonly FirstLook[];
  readonly records: readonly FileRecord[];
}

/** What another thread says: piece by piece, so that what it found is taken over while both still work. */
export type CheckAnswer = { readonly kind: 'part'; readonly part: CheckPart } | { readonly kind: 'end' };

/** Threads that check files, this one included. */
export interface CheckThreads {
  look(setup: CheckSetup, files: readonly string[]): Promise<readonly FirstLook[]>;
  checkGroups(setup: CheckSetup, groups: readonly CheckGroup[]): Promise<readonly FileRecord[]>;
  close(): Promise<void>;
}

/** Starts as many threads as so many files are worth. */
export function startThreads(fileCount: number, most: number = threadsHere()): CheckThreads {
  const others = fileCount < CHECK_GROUPS.minFiles ? 0 : most - 1;
  if (others > 0 && fileCount <= CHECK_GROUPS.briefFiles) compileBriefly();
  const workers = Array.from({ length: others }, startWorker);
  const reader = createReader();
  const run = async (setup: CheckSetup, work: CheckJob['work']): Promise<readonly CheckPart[]> => {
    const job: CheckJob = { setup, work, taken: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT) };
    const parts: CheckPart[] = [];
    const take = (part: CheckPart): void => void parts.push(part);
    const asked = work.pieces.length < 2 ? [] : workers.map((worker) => answerOf(worker, job, take));
    await Promise.all([checkParts(job, reader, take), ...asked]);
    return parts;
  };
  return {
    async look(setup, files) {
      return (await run(setup, { kind: 'look', pieces: piecesOf(files) })).flatMap(({ looks }) => looks);
    },
    async checkGroups(setup, groups) {
      return (await run(setup, { kind: 'group', pieces: groups })).flatMap(({ records }) => records);
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
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

/** Pieces to take one after another; the last are small, so that no thread is long at work when the others have none. */
function piecesOf(files: readonly string[]): readonly (readonly string[])[] {
  const pieces: (readonly string[])[] = [];
  for (let at = 0; at < files.length; ) {
    const isLate = files.length - at <= CHECK_GROUPS.files * CHECK_GROUPS.threads;
    const end = at + (isLate ? CHECK_GROUPS.lastFiles : CHECK_GROUPS.files);
    pieces.push(files.slice(at, end));
    at = end;
  }
  return pieces;
}

/** Takes pieces and checks them until none is left. */
export async function checkParts(
  { setup, work, taken }: CheckJob,
  reader: Reader,
  tell: (part: CheckPart) => void,
): Promise<void> {
  const checker = createChecker(setup, reader);
  const counter = new Int32Array(taken);
  for (let at = Atomics.add(counter, 0, 1); at < work.pieces.length; at = Atomics.add(counter, 0, 1)) {
    if (work.kind === 'look') tell({ looks: lookAt(checker, work.pieces[at] ?? []), records: [] });
    else tell({ looks: [], records: checker.checkGroup(work.pieces[at] as CheckGroup) });
    // Signals and answers of other threads come in between.
    await setImmediate();
  }
}

function lookAt(checker: Checker, files: readonly string[]): readonly FirstLook[] {
  return files.map((file) => checker.look(file));
}

/** From source the worker is a .ts file next to this one; bundled it is `check-worker.js` next to the chunk. */
function startWorker(): Worker {
  const file = import.meta.url.endsWith('.ts') ? './check-worker.ts' : './check-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: CHECK_GROUPS.youngMb },
  });
  worker.unref();
  return worker;
}

/** Done when the worker has told all of its parts. */
function answerOf(worker: Worker, job: CheckJob, take: (part: CheckPart) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.unref();
      act();
    };
    const onMessage = (answer: CheckAnswer): void => {
      if (answer.kind === 'part') take(answer.part);
      else settle(resolve);
    };
    const onError = (error: unknown): void => settle(() => reject(error));
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.ref();
    worker.postMessage(job);
  });
}
