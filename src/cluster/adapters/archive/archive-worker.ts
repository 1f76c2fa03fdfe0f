import { parentPort, workerData } from 'node:worker_threads';
import { ARCHIVE_CACHE_BYTES } from '../../../base/index.ts';
import { InvalidError } from '../../errors.ts';
import type { ArchiveLimits, HistoryQuery } from '../../index.ts';
import { sqliteCode } from './archive-error.ts';
import { openTables } from './tables.ts';
import { type ArchiveRow, type ArchiveWriter, archiveWriter, type PageRequest } from './writer.ts';

/** What the archive's thread is asked for. */
export type ArchiveCall =
  | { readonly op: 'put'; readonly rows: readonly ArchiveRow[] }
  | { readonly op: 'search'; readonly query: HistoryQuery; readonly page: PageRequest }
  | { readonly op: 'remove'; readonly namespace: string; readonly name: string }
  | { readonly op: 'expire'; readonly limits: ArchiveLimits }
  | { readonly op: 'count' }
  | { readonly op: 'close' };

/** Its answer; an error that is the caller's fault says so, one of the file has SQLite's number. */
export type ArchiveAnswer =
  | { readonly result: unknown }
  | { readonly error: { readonly message: string; readonly isInvalid: boolean; readonly code?: number } };

/** The archiving thread: one call per message, answered in order. */
const port = parentPort;
if (port === null) throw new Error('archive-worker runs as a worker thread only');
const db = openTables((workerData as { path: string }).path, ARCHIVE_CACHE_BYTES);
const writer = archiveWriter(db);

port.on('message', (call: ArchiveCall) => {
  if (call.op === 'close') {
    db.close();
    port.close();
    return;
  }
  port.postMessage(answer(call));
});

function answer(call: Exclude<ArchiveCall, { op: 'close' }>): ArchiveAnswer {
  try {
    return { result: perform(writer, call) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = sqliteCode(error);
    return { error: { message, isInvalid: error instanceof InvalidError, ...(code !== undefined && { code }) } };
  }
}

function perform(to: ArchiveWriter, call: Exclude<ArchiveCall, { op: 'close' }>): unknown {
  switch (call.op) {
    case 'put':
      return to.put(call.rows);
    case 'search':
      return to.search(call.query, call.page);
    case 'remove':
      return to.remove(call.namespace, call.name);
    case 'expire':
      return to.expire(call.limits);
    case 'count':
      return to.count();
  }
}
