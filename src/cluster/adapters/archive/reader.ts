import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { ARCHIVE_READER_CACHE_BYTES } from '../../../base/index.ts';
import type { Execution, MapResults, Pod } from '../../index.ts';
import { unpack } from './pack.ts';
import { openTables } from './tables.ts';

/** Looks by name, on the caller's thread. The file is opened with the first one, and only when it is there. */
export interface ArchiveReader {
  find(namespace: string, name: string): Execution | undefined;
  attempts(namespace: string, execution: string): readonly Pod[];
  results(namespace: string, execution: string): readonly MapResults[];
  close(): void;
}

export function archiveReader(path: string): ArchiveReader {
  let db: DatabaseSync | undefined;
  let look: ((column: string, namespace: string, name: string) => Uint8Array | null | undefined) | undefined;
  const read = <T>(column: 'execution' | 'attempts' | 'results', namespace: string, name: string): T | undefined => {
    if (db === undefined) {
      if (!existsSync(path)) return undefined;
      db = openTables(path, ARCHIVE_READER_CACHE_BYTES);
      look = lookup(db);
    }
    const packed = look!(column, namespace, name);
    return packed === undefined || packed === null ? undefined : (JSON.parse(unpack(packed)) as T);
  };
  return {
    find: (namespace, name) => read<Execution>('execution', namespace, name),
    attempts: (namespace, execution) => read<readonly Pod[]>('attempts', namespace, execution) ?? [],
    results: (namespace, execution) => read<readonly MapResults[]>('results', namespace, execution) ?? [],
    close() {
      db?.close();
      db = undefined;
    },
  };
}

function lookup(db: DatabaseSync) {
  const statementOf = (column: string) =>
    db.prepare(
      `SELECT details.${column} AS packed FROM executions JOIN details ON details.id = executions.id
       WHERE namespace = (SELECT id FROM words WHERE text = ?) AND name = ?`,
    );
  const statements = new Map(['execution', 'attempts', 'results'].map((column) => [column, statementOf(column)]));
  return (column: string, namespace: string, name: string): Uint8Array | null | undefined =>
    (statements.get(column)!.get(namespace, name) as { packed: Uint8Array | null } | undefined)?.packed;
}
