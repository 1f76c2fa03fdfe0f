import { DatabaseSync } from 'node:sqlite';
import { StalledError } from '../../../base/index.ts';
import { storageError } from './log.ts';

/** Version of the tables and of the log's lines; a store of another version is refused, never guessed at. */
const FORMAT = 3;

/**
 * The projection: one row per object in `entries` (small, read whole at the start), its JSON in `bodies` (read when a
 * cold object is touched). `progress` says up to which frame of the log all is in here, and `orphans` what was still to be
 * removed by then because its owner or namespace is gone: nothing else tells of that once the log is let go.
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    rv INTEGER NOT NULL, created_rv INTEGER NOT NULL, main_rv INTEGER NOT NULL, phase TEXT, owners TEXT,
    parked_until INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE IF NOT EXISTS bodies (id INTEGER PRIMARY KEY, main TEXT NOT NULL, status TEXT);
  CREATE TABLE IF NOT EXISTS progress (
    one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL, rv INTEGER NOT NULL, id INTEGER NOT NULL
  );
  INSERT OR IGNORE INTO progress VALUES (1, 0, 0, 0);
`;

/** From format 2 on. */
const ORPHANS = 'CREATE TABLE IF NOT EXISTS orphans (id INTEGER PRIMARY KEY);';

/** From format 1. What was parked is not known to be: whoever parked it looks at it once more. */
const PARKED_COLUMN = 'ALTER TABLE entries ADD COLUMN parked_until INTEGER NOT NULL DEFAULT 0;';

/** A row of `entries`, in the order of INDEX_COLUMNS. `owners` is a JSON list of uids. */
export type IndexRow = readonly [
  id: number,
  kind: string,
  namespace: string,
  name: string,
  rv: number,
  createdRv: number,
  mainRv: number,
  phase: string | null,
  owners: string | null,
  parkedUntil: number,
];

export interface Progress {
  readonly sequence: number;
  readonly rv: number;
  readonly id: number;
}

export interface Database {
  readonly progress: Progress;
  readonly rows: () => Iterable<IndexRow>;
  /** Ids of objects that are still to be removed, because their owner or namespace is gone. */
  readonly orphans: () => ReadonlySet<number>;
  /** The JSON texts of one object; undefined when there is no such row. */
  readonly body: (id: number) => { readonly main: string; readonly status: string | undefined } | undefined;
  /** Calls `work`, all of whose reads are one transaction: beginning one costs several times what a row does. */
  readonly reading: <T>(work: () => T) => T;
  readonly close: () => void;
}

/** Opens the database file and makes its tables. Throws StalledError: another version, a damaged file, no permission. */
export function openDatabase(path: string, folder: string): Database {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    // The reader's page cache stays small: rows are read once each and then live on the heap.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -512;');
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version > FORMAT) {
      throw new StalledError(
        'StoreVersion',
        `${path} has format ${version}, this pipectl reads format ${FORMAT}: use the pipectl that wrote it, or another data folder`,
      );
    }
    if (version < FORMAT) {
      const older = version === 0 ? TABLES : version === 1 ? PARKED_COLUMN : '';
      db.exec(`BEGIN; ${older} ${ORPHANS} PRAGMA user_version = ${FORMAT}; COMMIT;`);
    }
    return reader(db);
  } catch (error) {
    db?.close();
    throw databaseError(path, folder, error);
  }
}

function reader(db: DatabaseSync): Database {
  const row = db.prepare('SELECT sequence, rv, id FROM progress').get() as { sequence: number; rv: number; id: number };
  const body = db.prepare('SELECT main, status FROM bodies WHERE id = ?');
  body.setReturnArrays(true);
  const begin = db.prepare('BEGIN');
  const end = db.prepare('COMMIT');
  return {
    progress: { sequence: row.sequence, rv: row.rv, id: row.id },
    rows() {
      const all = db.prepare(
        'SELECT id, kind, namespace, name, rv, created_rv, main_rv, phase, owners, parked_until FROM entries',
      );
      all.setReturnArrays(true);
      return all.iterate() as unknown as Iterable<IndexRow>;
    },
    orphans() {
      const all = db.prepare('SELECT id FROM orphans').all() as unknown as readonly { readonly id: number }[];
      return new Set(all.map(({ id }) => id));
    },
    body(id) {
      const found = body.get(id) as unknown as [string, string | null] | undefined;
      return found === undefined ? undefined : { main: found[0], status: found[1] ?? undefined };
    },
    reading(work) {
      begin.run();
      try {
        return work();
      } finally {
        end.run();
      }
    },
    close: () => db.close(),
  };
}

/** One transaction of the projection. */
export interface ProjectionChunk {
  readonly rows: readonly ProjectionRow[];
  readonly deleted: readonly number[];
  /** Set on the last chunk: everything up to this frame is in the file once this commits. */
  readonly progress: Progress | undefined;
  /** What is still to be removed at that frame, by id; undefined: nothing, as before. */
  readonly orphans?: readonly number[] | undefined;
}

export type ProjectionRow = readonly [...IndexRow, main: string, status: string | null];

export interface ProjectionWriter {
  readonly commit: (chunk: ProjectionChunk) => void;
  readonly close: () => void;
}

/** The writing side, for the projecting thread: a commit returns when it is on the disk. */
export function openProjectionWriter(path: string): ProjectionWriter {
  const db = new DatabaseSync(path);
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -1024; PRAGMA busy_timeout = 5000;',
  );
  const entry = db.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const body = db.prepare('INSERT OR REPLACE INTO bodies VALUES (?, ?, ?)');
  const dropEntry = db.prepare('DELETE FROM entries WHERE id = ?');
  const dropBody = db.prepare('DELETE FROM bodies WHERE id = ?');
  const dropOrphans = db.prepare('DELETE FROM orphans');
  const orphan = db.prepare('INSERT INTO orphans VALUES (?)');
  const progress = db.prepare('UPDATE progress SET sequence = ?, rv = ?, id = ?');
  return {
    commit(chunk) {
      db.exec('BEGIN IMMEDIATE');
      try {
        for (const [
          id,
          kind,
          namespace,
          name,
          rv,
          createdRv,
          mainRv,
          phase,
          owners,
          parkedUntil,
          main,
          status,
        ] of chunk.rows) {
          entry.run(id, kind, namespace, name, rv, createdRv, mainRv, phase, owners, parkedUntil);
          body.run(id, main, status);
        }
        for (const id of chunk.deleted) {
          dropEntry.run(id);
          dropBody.run(id);
        }
        if (chunk.orphans !== undefined) {
          dropOrphans.run();
          for (const id of chunk.orphans) orphan.run(id);
        }
        if (chunk.progress !== undefined) progress.run(chunk.progress.sequence, chunk.progress.rv, chunk.progress.id);
        db.exec('COMMIT');
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => db.close(),
  };
}

/** SQLite's result codes as what a person can act on. */
export function databaseError(path: string, folder: string, cause: unknown): StalledError {
  if (cause instanceof StalledError) return cause;
  const code = (cause as { errcode?: unknown } | null)?.errcode;
  const primary = typeof code === 'number' ? code & 0xff : undefined;
  // https://www.sqlite.org/rescode.html: 13 FULL, 8 READONLY, 14 CANTOPEN, 11 CORRUPT, 26 NOTADB.
  if (primary === 13)
    return storageError(folder, Object.assign(new Error('database full', { cause }), { code: 'ENOSPC' }));
  if (primary === 8 || primary === 14) {
    return storageError(folder, Object.assign(new Error('database not writable', { cause }), { code: 'EACCES' }));
  }
  if (primary === 11 || primary === 26) {
    return new StalledError('StoreCorrupt', `${path} is damaged: restore it from a copy, or use another data folder`, {
      cause,
    });
  }
  return storageError(folder, cause);
}
