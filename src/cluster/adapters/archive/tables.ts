import { DatabaseSync } from 'node:sqlite';
import { StalledError } from '../../../base/index.ts';
import { archiveError, sqliteCode } from './archive-error.ts';

/** Version of the tables and of the packed form; a file of another version is refused, never guessed at. */
const FORMAT = 1;

/**
 * What is searched and sorted by stands in `executions`, what is shown in `details`, so that a search reads few pages.
 * Words that repeat (namespaces, workflows, …) are numbers into `words`: an index entry is a dozen bytes.
 */
const TABLES = `
  CREATE TABLE words (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
  CREATE TABLE executions (
    id INTEGER PRIMARY KEY, namespace INTEGER NOT NULL, name TEXT NOT NULL, phase INTEGER NOT NULL,
    workflow INTEGER NOT NULL, launch_plan INTEGER, schedule INTEGER,
    created INTEGER NOT NULL, started INTEGER NOT NULL, finished INTEGER NOT NULL
  );
  CREATE UNIQUE INDEX executions_by_name ON executions (namespace, name);
  CREATE INDEX executions_by_end ON executions (finished);
  CREATE INDEX executions_by_namespace ON executions (namespace, finished);
  CREATE INDEX executions_by_phase ON executions (phase, finished);
  CREATE INDEX executions_by_workflow ON executions (workflow, finished);
  CREATE INDEX executions_by_launch_plan ON executions (launch_plan, finished) WHERE launch_plan IS NOT NULL;
  CREATE INDEX executions_by_schedule ON executions (schedule, finished) WHERE schedule IS NOT NULL;
  CREATE TABLE details (id INTEGER PRIMARY KEY, execution BLOB NOT NULL, attempts BLOB, results BLOB);
  PRAGMA user_version = ${FORMAT};
`;

/** How long one thread waits for the other. */
const BUSY_MS = 5_000;
const BUSY_PAUSE_MS = 5;
const SQLITE_BUSY = 5;

/** Opens the file, making its tables when it is new. Throws StalledError: another version, damaged, not writable, no room. */
export function openTables(path: string, cacheBytes: number): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    // Both threads may open the file in the same instant, and one of them makes it.
    db = new DatabaseSync(path, { timeout: BUSY_MS });
    const version = versionOf(db);
    if (version !== 0 && version !== FORMAT) {
      throw new StalledError(
        'ArchiveVersion',
        `${path} has format ${version}, this pipectl reads format ${FORMAT}: use the pipectl that wrote it, or move the file away`,
      );
    }
    if (version === 0) makeTables(db);
    setWriteAhead(db);
    db.exec(`PRAGMA synchronous = FULL; PRAGMA cache_size = -${cacheBytes >> 10};`);
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof StalledError) throw error;
    throw archiveError(path, sqliteCode(error), error instanceof Error ? error.message : String(error), error);
  }
}

function makeTables(db: DatabaseSync): void {
  db.exec('PRAGMA auto_vacuum = INCREMENTAL; BEGIN IMMEDIATE;');
  // It was another's turn, and it has made them.
  if (versionOf(db) === 0) db.exec(TABLES);
  db.exec('COMMIT');
}

/** Two that switch a file to WAL at once wait for each other, so SQLite tells one of them at once, whatever the timeout. */
function setWriteAhead(db: DatabaseSync): void {
  for (let attempt = 1; ; attempt++) {
    try {
      db.exec('PRAGMA journal_mode = WAL;');
      return;
    } catch (error) {
      if (((sqliteCode(error) ?? 0) & 0xff) !== SQLITE_BUSY || attempt * BUSY_PAUSE_MS >= BUSY_MS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_PAUSE_MS);
    }
  }
}

function versionOf(db: DatabaseSync): number {
  return (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}
