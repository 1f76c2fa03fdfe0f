import type { Clock, Log } from '../../../base/index.ts';
import { PROJECTION_CHUNK } from '../../../base/index.ts';
import type { Collector } from './collector.ts';
import { databaseError, type Progress, type ProjectionRow } from './database.ts';
import { type Entry, mainText } from './entry.ts';
import { ownersOf } from './owners.ts';
import { commitChunk, endThread, endThreadLater, type ProjectionThread } from './projection-thread.ts';
import { statusText } from './status-tree.ts';
import type { Table } from './table.ts';

export interface ProjectorOptions {
  readonly table: Table;
  readonly path: string;
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** What is visible now. */
  readonly progress: () => Progress;
  readonly projected: (progress: Progress) => void;
  /** Of dependents that it has left the database file must tell: the log that has their owners' end is let go. */
  readonly collector: Pick<Collector, 'settled' | 'left'>;
}

/**
 * Writes changed objects to the database file from a thread of its own, in chunks, while commits go on. An object may
 * be written newer than the round's progress; replay skips lines that its version covers, so no moment is special.
 */
export interface Projector {
  readonly options: ProjectorOptions;
  readonly thread: ProjectionThread;
  running: Promise<void> | undefined;
  isAskedAgain: boolean;
  /** Up to which frame the database file has everything. */
  sequence: number;
  /** The database file may name objects that are still to be removed. */
  namesOrphans: boolean;
  rows: number;
  failures: number;
  isFailing: boolean;
}

/** JSON text of one chunk; a single larger object is a chunk of its own. */
const CHUNK_BYTES = 256 * 1024;

export function newProjector(options: ProjectorOptions): Projector {
  const { path, clock, table } = options;
  const thread: ProjectionThread = { path, clock, worker: undefined, cancelEnd: undefined };
  const { sequence } = table.database.progress;
  return {
    options,
    thread,
    running: undefined,
    isAskedAgain: false,
    sequence,
    namesOrphans: true,
    rows: 0,
    failures: 0,
    isFailing: false,
  };
}

/** Brings the database file up to what is committed at the call or later, then lets the log go. Never rejects. */
export function project(projector: Projector): Promise<void> {
  projector.isAskedAgain = true;
  projector.running ??= rounds(projector).finally(() => {
    projector.running = undefined;
  });
  return projector.running;
}

async function rounds(projector: Projector): Promise<void> {
  // A round that is running began before the commits that the next caller means.
  while (projector.isAskedAgain) {
    projector.isAskedAgain = false;
    await round(projector);
  }
}

/** Waits for the running round and ends the thread. */
export async function stopProjector(projector: Projector): Promise<void> {
  await projector.running;
  await endThread(projector.thread);
}

async function round(projector: Projector): Promise<void> {
  const { options, thread } = projector;
  const { table, log, path, folder } = options;
  await options.collector.settled();
  const progress = options.progress();
  const left = options.collector.left();
  const entries = [...table.dirty];
  const deleted = table.deletedIds;
  if (progress.sequence === projector.sequence && entries.length === 0 && deleted.length === 0) return;
  table.dirty.clear();
  table.deletedIds = [];
  let done = 0;
  try {
    while (done < entries.length) {
      const { rows, taken } = nextRows(table, entries, done);
      if (rows.length > 0) await commitChunk(thread, { rows, deleted: [], progress: undefined });
      for (const [entry, rv] of taken) entry.projectedRv = rv;
      done += taken.length;
      projector.rows += rows.length;
    }
    const orphans = left.length > 0 || projector.namesOrphans ? left : undefined;
    await commitChunk(thread, { rows: [], deleted, progress, orphans });
    projector.namesOrphans = left.length > 0;
    projector.sequence = progress.sequence;
    projector.isFailing = false;
    options.projected(progress);
  } catch (error) {
    projector.failures++;
    for (const entry of entries.slice(done)) if (!entry.isDeleted) table.dirty.add(entry);
    table.deletedIds = deleted.concat(table.deletedIds);
    // Said once until it works again: the cause, a full disk mostly, stays for a while.
    if (!projector.isFailing) {
      log.write('warn', 'the database file could not be brought up to date; the log keeps everything', {
        error: databaseError(path, folder, error).message,
      });
    }
    projector.isFailing = true;
  }
  endThreadLater(thread);
}

/** The next chunk of entries, with their versions. One that was deleted meanwhile is taken and has no row. */
function nextRows(
  table: Table,
  entries: readonly Entry[],
  from: number,
): { readonly rows: readonly ProjectionRow[]; readonly taken: readonly (readonly [Entry, number])[] } {
  const rows: ProjectionRow[] = [];
  const taken: [Entry, number][] = [];
  let bytes = 0;
  for (let i = from; i < entries.length && taken.length < PROJECTION_CHUNK && bytes < CHUNK_BYTES; i++) {
    const entry = entries[i] as Entry;
    const { hot } = entry;
    taken.push([entry, entry.rv]);
    if (entry.isDeleted || hot === undefined) continue;
    const row = rowOf(entry, hot);
    const sizeBytes = row[10].length + (row[11]?.length ?? 0);
    // Deltas were counted one by one; now the size is known.
    table.hotBytes += sizeBytes - hot.sizeBytes;
    hot.sizeBytes = sizeBytes;
    bytes += sizeBytes;
    rows.push(row);
  }
  return { rows, taken };
}

function rowOf(entry: Entry, hot: NonNullable<Entry['hot']>): ProjectionRow {
  const { kind, namespace } = entry.shelf;
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
    entry.parkedUntil,
    mainText(hot.main),
    statusText(hot.status) ?? null,
  ];
}
