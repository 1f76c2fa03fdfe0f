import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { ARCHIVE_READER_CACHE_BYTES } from '../../../base/index.ts';
import type { Execution, MapResults, Pod } from '../../index.ts';
import { unpack } from './pack.ts';
import { openTables } from './tables.ts';

/** Looks by name, on the caller's thread. The file is opened with the first one, and only when it is there. */
export interface ArchiveReader {
  find(namespace: string, name: string): Execution | undefined;
  /** Which of these names it has. */
  taken(namespace: string, names: readonly string[]): ReadonlySet<string>;
  attempts(namespace: string, execution: string): readonly Pod[];
  results(namespace: string, execution: string): readonly MapResults[];
  close(): void;
}

export function archiveReader(path: string): ArchiveReader {
  let db: DatabaseSync | undefined;
  let looks: Lookups | undefined;
  const opened = (): Lookups | undefined => {
    if (db === undefined && existsSync(path)) {
      db = openTables(path, ARCHIVE_READER_CACHE_BYTES);
      looks = lookups(db);
    }
    return looks;
  };
  const read = <T>(column: 'execution' | 'attempts' | 'results', namespace: string, name: string): T | undefined => {
    const packed = opened()?.packed(column, namespace, name);
    return packed === undefined || packed === null ? undefined : (JSON.parse(unpack(packed)) as T);
  };
  return {
    find: (namespace, name) => read<Execution>('execution', namespace, name),
    taken: (namespace, names) => new Set(opened()?.taken(namespace, names)),
    attempts: (namespace, execution) => read<readonly Pod[]>('attempts', namespace, execution) ?? [],
    results: (namespace, execution) => read<readonly MapResults[]>('results', namespace, execution) ?? [],
    close() {
      db?.close();
      db = undefined;
      looks = undefined;
    },
  };
}

interface Lookups {
  readonly packed: (column: string, namespace: string, name: string) => Uint8Array | null | undefined;
  readonly taken: (namespace: string, names: readonly string[]) => readonly string[];
}

function lookups(db: DatabaseSync): Lookups {
  const statementOf = (column: string) =>
    db.prepare(
      `SELECT details.${column} AS packed FROM executions JOIN details ON details.id = executions.id
       WHERE namespace = (SELECT id FROM words WHERE text = ?) AND name = ?`,
    );
  const statements = new Map(['execution', 'attempts', 'results'].map((column) => [column, statementOf(column)]));
  // Names as one JSON text: each crossing from JavaScript to SQLite costs more than the look itself.
  const some = db.prepare(
    `SELECT name FROM executions WHERE namespace = (SELECT id FROM words WHERE text = ?)
     AND name IN (SELECT value FROM json_each(?))`,
  );
  return {
    packed: (column, namespace, name) =>
      (statements.get(column)!.get(namespace, name) as { packed: Uint8Array | null } | undefined)?.packed,
    taken: (namespace, names) =>
      (some.all(namespace, JSON.stringify(names)) as { readonly name: string }[]).map(({ name }) => name),
  };
}
