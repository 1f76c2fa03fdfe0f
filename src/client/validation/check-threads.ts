import { setImmediate } from 'node:timers/promises';
import { CHECK_GROUPS } from '../../base/index.ts';
import type { CheckGroup, FileFacts } from '../../compiler/index.ts';
import { type CheckWorker, startCheckWorkers } from './check-workers.ts';
import { type Checker, type CheckSetup, createChecker, createReader, type Reader } from './checker.ts';
import { type NotedRecord, notedRecord, noteRecord } from './written-record.ts';

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
  /** Of files that refer to others, at first. */
  readonly facts: readonly FileFacts[];
  readonly records: readonly NotedRecord[];
}

/** What another thread says: piece by piece, so that what it found is taken over while both still work. */
export type CheckAnswer = { readonly kind: 'part'; readonly part: SentPart } | { readonly kind: 'end' };

/** A part as it is sent: texts are copied for less than objects. */
interface SentPart {
  readonly facts: readonly FileFacts[];
  readonly records: readonly (readonly [file: string, text: string])[];
}

/** Threads that check files, this one included. */
export interface CheckThreads {
  /** Records of files that refer to nothing outside of themselves, and the facts of all others. */
  look(setup: CheckSetup, files: readonly string[]): Promise<CheckPart>;
  checkGroups(setup: CheckSetup, groups: readonly CheckGroup[]): Promise<readonly NotedRecord[]>;
  close(): void;
}

/** Starts as many threads as so many files are worth; `ahead`: some that were started before. */
export function startThreads(fileCount: number, most?: number, ahead?: readonly CheckWorker[]): CheckThreads {
  const workers = ahead ?? startCheckWorkers(fileCount, most);
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
      const parts = await run(setup, { kind: 'look', pieces: piecesOf(files) });
      return { facts: parts.flatMap(({ facts }) => facts), records: parts.flatMap(({ records }) => records) };
    },
    async checkGroups(setup, groups) {
      return (await run(setup, { kind: 'group', pieces: groups })).flatMap(({ records }) => records);
    },
    close() {
      for (const { thread } of workers) void thread.terminate();
    },
  };
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
    if (work.kind === 'look') tell(lookAt(checker, work.pieces[at] ?? []));
    else tell({ facts: [], records: checker.checkGroup(work.pieces[at] as CheckGroup).map(noteRecord) });
    // Signals and answers of other threads come in between.
    await setImmediate();
  }
}

function lookAt(checker: Checker, files: readonly string[]): CheckPart {
  const facts: FileFacts[] = [];
  const records: NotedRecord[] = [];
  for (const file of files) {
    const look = checker.look(file);
    if (look.kind === 'facts') facts.push(look.facts);
    else records.push(noteRecord(look.record));
  }
  return { facts, records };
}

export function sentPart({ facts, records }: CheckPart): SentPart {
  return { facts, records: records.map(({ record, text }) => [record.file, text]) };
}

function receivedPart({ facts, records }: SentPart): CheckPart {
  return { facts, records: records.map(([file, text]) => notedRecord(file, text)) };
}

/** Done when the worker has told all of its parts. */
function answerOf(worker: CheckWorker, job: CheckJob, take: (part: CheckPart) => void): Promise<void> {
  const { thread, failure } = worker;
  return new Promise((resolve, reject) => {
    if (failure.error !== undefined) return reject(failure.error);
    const settle = (act: () => void): void => {
      thread.off('message', onMessage);
      thread.off('error', onError);
      thread.unref();
      act();
    };
    const onMessage = (answer: CheckAnswer): void => {
      if (answer.kind === 'part') take(receivedPart(answer.part));
      else settle(resolve);
    };
    const onError = (error: unknown): void => settle(() => reject(error));
    thread.on('message', onMessage);
    thread.on('error', onError);
    thread.ref();
    thread.postMessage(job);
  });
}
