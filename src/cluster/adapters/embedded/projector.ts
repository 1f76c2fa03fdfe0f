import { Worker } from 'node:worker_threads';
import { type Clock, type Log, PROJECTION_CHUNK, PROJECTOR_IDLE_MS } from '../../../base/index.ts';
import { databaseError, type Progress, type ProjectionChunk, type ProjectionRow } from './database.ts';
import type { Entry } from './entry.ts';
import { ownersOf } from './owners.ts';
import type { ProjectionAnswer } from './projection-worker.ts';
import { statusText } from './status-tree.ts';
import type { Table } from './table.ts';

export interface Projector {
  /** Brings the database file up to what is committed now, then lets the log go. Joins a running round; never rejects. */
  readonly project: () => Promise<void>;
  /** Ends the thread. */
  readonly stop: () => Promise<void>;
  /** Up to which frame the database file has everything. */
  readonly sequence: () => number;
  readonly stats: { rounds: number; rows: number; failures: number };
}

export interface ProjectorOptions {
  readonly table: Table;
  readonly path: string;
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** What is visible now. */
  readonly progress: () => Progress;
  readonly projected: (progress: Progress) => void;
  /** Resolves when the dependents of all deleted owners are deleted: only then may the log forget the owners. */
  readonly collected: () => Promise<void>;
}

/** JSON text of one chunk; a single larger object is a chunk of its own. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Writes changed objects to the database file from a thread of its own, in chunks, while commits go on. An object may
 * be written newer than the round's progress; replay skips lines that its version covers, so no moment is special.
 */
export function createProjector(options: ProjectorOptions): Projector {
  const { table, path, folder, clock, log } = options;
  const stats = { rounds: 0, rows: 0, failures: 0 };
  let running: Promise<void> | undefined;
  let worker: Worker | undefined;
  let { sequence: projectedSequence } = table.database.progress;
  let cancelIdle: () => void = () => undefined;
  return {
    stats,
    sequence: () => projectedSequence,
    project() {
      running ??= round().finally(() => {
        running = undefined;
      });
      return running;
    },
    async stop() {
      await running;
      cancelIdle();
      await endWorker();
    },
  };

  async function round(): Promise<void> {
    await options.collected();
    const progress = options.progress();
    const entries = [...table.dirty];
    const deleted = table.deletedIds;
    if (progress.sequence === projectedSequence && entries.length === 0 && deleted.length === 0) return;
    table.dirty.clear();
    table.deletedIds = [];
    cancelIdle();
    let done = 0;
    try {
      while (done < entries.length) {
        const { rows, taken } = nextRows(entries, done);
        await commit({ rows, deleted: [], progress: undefined });
        for (const [entry, rv] of taken) entry.projectedRv = rv;
        done += Math.max(1, taken.length);
        stats.rows += rows.length;
      }
      await commit({ rows: [], deleted, progress });
      stats.rounds++;
      projectedSequence = progress.sequence;
      options.projected(progress);
    } catch (error) {
      stats.failures++;
      for (const entry of entries.slice(done)) if (!entry.isDeleted) table.dirty.add(entry);
      table.deletedIds = deleted.concat(table.deletedIds);
      log.write('warn', 'the database file could not be brought up to date; the log keeps everything', {
        error: databaseError(path, folder, error).message,
      });
    }
    cancelIdle = clock.at(clock.now() + PROJECTOR_IDLE_MS, () => void endWorker());
  }

  /** The next chunk. A deleted entry counts as taken and has no row. */
  function nextRows(entries: readonly Entry[], from: number): { rows: ProjectionRow[]; taken: [Entry, number][] } {
    const rows: ProjectionRow[] = [];
    const taken: [Entry, number][] = [];
    let bytes = 0;
    for (let i = from; i < entries.length && taken.length < PROJECTION_CHUNK && bytes < CHUNK_BYTES; i++) {
      const entry = entries[i] as Entry;
      taken.push([entry, entry.rv]);
      if (entry.isDeleted || entry.hot === undefined) continue;
      const row = rowOf(entry, entry.hot);
      const sizeBytes = row[9].length + (row[10]?.length ?? 0);
      // Deltas were counted one by one; now the size is known.
      table.hotBytes += sizeBytes - entry.hot.sizeBytes;
      entry.hot.sizeBytes = sizeBytes;
      bytes += sizeBytes;
      rows.push(row);
    }
    return { rows, taken };
  }

  function commit(chunk: ProjectionChunk): Promise<void> {
    worker ??= startWorker(path);
    const thread = worker;
    return new Promise((resolve, reject) => {
      const settle = (error: unknown): void => {
        thread.off('message', onMessage);
        thread.off('error', onError);
        thread.unref();
        if (error === undefined) resolve();
        else reject(error);
      };
      const onMessage = ({ error }: ProjectionAnswer): void =>
        settle(error === undefined ? undefined : Object.assign(new Error(error.message), { errcode: error.errcode }));
      const onError = (error: unknown): void => {
        worker = undefined;
        settle(error);
      };
      thread.on('message', onMessage);
      thread.on('error', onError);
      // Work in hand keeps the process alive, an idle thread does not.
      thread.ref();
      thread.postMessage(chunk);
    });
  }

  async function endWorker(): Promise<void> {
    const thread = worker;
    if (thread === undefined || running !== undefined) return;
    worker = undefined;
    thread.ref();
    await new Promise<void>((resolve) => {
      thread.once('exit', () => resolve());
      thread.postMessage('close');
    });
  }
}

function rowOf(entry: Entry, hot: NonNullable<Entry['hot']>): ProjectionRow {
  const { kind, namespace } = entry.shelf;
  const { text } = hot.main;
  const owners = ownersOf(entry).map(({ uid }) => uid);
  return [
    entry.id,
    kind,
    namespace,
    entry.name,
    entry.rv,
    entry.createdRv,
    entry.mainRv,
    entry.phase ?? null,
    owners.length === 0 ? null : JSON.stringify(owners),
    text,
    statusText(hot.status) ?? null,
  ];
}

/** From source the worker is a .ts file next to this one; bundled it is `projection-worker.js` next to the chunk. */
function startWorker(path: string): Worker {
  const file = import.meta.url.endsWith('.ts') ? './projection-worker.ts' : './projection-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: { path },
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 },
  });
  worker.unref();
  return worker;
}
