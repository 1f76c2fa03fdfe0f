import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ARCHIVE_EXPIRY_BATCH, ARCHIVE_PAGE_SIZE, MAX_ARCHIVE_SCAN } from '../../../base/index.ts';
import { matchesFields, parseFieldSelector } from '../../field-selector.ts';
import type { ArchiveLimits, Execution, HistoryQuery } from '../../index.ts';
import { matchesLabels, parseLabelSelector } from '../../selector.ts';
import { pack, unpack } from './pack.ts';
import { readToken, searchFor, writeToken } from './search.ts';

/** A row to put in: what is searched by, and the JSON texts of the rest. */
export interface ArchiveRow {
  readonly namespace: string;
  readonly name: string;
  readonly phase: string;
  readonly workflow: string;
  readonly launchPlan: string | undefined;
  readonly schedule: string | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly created: number;
  readonly started: number;
  readonly finished: number;
  readonly execution: string;
  /** Undefined: no attempts. */
  readonly attempts: string | undefined;
  readonly results: string | undefined;
}

export interface PageRequest {
  readonly namespace: string | undefined;
  readonly labelSelector: string | undefined;
  readonly fieldSelector: string | undefined;
  readonly limit: number;
  readonly continueToken: string | undefined;
}

export interface Page {
  /** JSON texts. */
  readonly executions: readonly string[];
  readonly continueToken: string | undefined;
}

/** The side that changes and searches the file, for the archive's thread. Each call is one transaction. */
export interface ArchiveWriter {
  put(rows: readonly ArchiveRow[]): void;
  search(query: HistoryQuery, page: PageRequest): Page;
  remove(namespace: string, name: string): boolean;
  expire(limits: ArchiveLimits): number;
  count(): number;
}

export function archiveWriter(db: DatabaseSync): ArchiveWriter {
  const words = wordBook(db);
  const old = db.prepare('SELECT id FROM executions WHERE namespace = ? AND name = ?');
  const dropDetail = db.prepare('DELETE FROM details WHERE id = ?');
  const dropRow = db.prepare('DELETE FROM executions WHERE id = ?');
  const total = db.prepare('SELECT count(*) AS n FROM executions');
  const remove = (namespace: string, name: string): boolean => {
    const found = old.get(words.find(namespace), name) as { id: number } | undefined;
    if (found === undefined) return false;
    dropDetail.run(found.id);
    dropRow.run(found.id);
    return true;
  };
  const insert = inserter(db, words, remove);
  const count = (): number => (total.get() as { n: number }).n;
  return {
    put: (rows) => transaction(db, () => rows.forEach(insert)),
    search: (query, page) => search(db, words.find, query, page),
    remove: (namespace, name) => transaction(db, () => remove(namespace, name)),
    expire: (limits) => expire(db, limits, count),
    count,
  };
}

function inserter(
  db: DatabaseSync,
  words: WordBook,
  remove: (namespace: string, name: string) => boolean,
): (row: ArchiveRow) => void {
  const row = db.prepare('INSERT INTO executions VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const detail = db.prepare('INSERT INTO details VALUES (?, ?, ?, ?)');
  return (it) => {
    remove(it.namespace, it.name);
    const { lastInsertRowid } = row.run(
      words.add(it.namespace),
      it.name,
      words.add(it.phase),
      words.add(it.workflow),
      it.launchPlan === undefined ? null : words.add(it.launchPlan),
      it.schedule === undefined ? null : words.add(it.schedule),
      it.created,
      it.started,
      it.finished,
    );
    detail.run(lastInsertRowid, pack(it.execution), packed(it.attempts), packed(it.results));
  };
}

function packed(text: string | undefined): Uint8Array | null {
  return text === undefined ? null : pack(text);
}

/** With selectors, which no index knows, rows are unpacked one by one, up to MAX_ARCHIVE_SCAN for a page. */
function search(
  db: DatabaseSync,
  wordOf: (word: string) => number,
  query: HistoryQuery,
  { namespace, labelSelector, fieldSelector, limit, continueToken }: PageRequest,
): Page {
  const labels = labelSelector === undefined ? [] : parseLabelSelector(labelSelector);
  const fields = fieldSelector === undefined ? [] : parseFieldSelector(fieldSelector);
  const selects = labels.length > 0 || fields.length > 0;
  const wanted = Math.min(limit, ARCHIVE_PAGE_SIZE);
  const from = continueToken === undefined ? undefined : readToken(continueToken);
  const reads = selects ? MAX_ARCHIVE_SCAN : wanted;
  const { sql, parameters } = searchFor(query, namespace, from, reads + 1, wordOf);
  const statement = db.prepare(sql);
  statement.setReturnArrays(true);
  const executions: string[] = [];
  let read = 0;
  let last: readonly [string | number, number] | undefined;
  for (const found of statement.iterate(...parameters)) {
    if (executions.length === wanted || read === reads) return { executions, continueToken: writeToken(last!) };
    const [id, key, detail] = found as unknown as [number, string | number, Uint8Array];
    read++;
    last = [key, id];
    const text = unpack(detail);
    if (selects) {
      const execution = JSON.parse(text) as Execution;
      if (!matchesLabels(labels, execution.metadata.labels) || !matchesFields(fields, execution)) continue;
    }
    executions.push(text);
  }
  return { executions, continueToken: undefined };
}

function expire(db: DatabaseSync, { before, maxCount }: ArchiveLimits, count: () => number): number {
  const excess = Math.max(0, count() - maxCount);
  const chosen = db.prepare('SELECT id, finished FROM executions ORDER BY finished LIMIT ?').all(ARCHIVE_EXPIRY_BATCH);
  const ids = (chosen as { id: number; finished: number }[])
    .filter(({ finished }, place) => finished < before || place < excess)
    .map(({ id }) => id);
  if (ids.length === 0) return 0;
  transaction(db, () => {
    for (const table of ['details', 'executions']) {
      const drop: StatementSync = db.prepare(`DELETE FROM ${table} WHERE id = ?`);
      for (const id of ids) drop.run(id);
    }
  });
  db.exec('PRAGMA incremental_vacuum(1000)');
  return ids.length;
}

interface WordBook {
  /** The number of a word, or 0, which no word has. */
  find(word: string): number;
  add(word: string): number;
}

/** Not cached: a lookup is a microsecond, and a transaction that is rolled back takes its new words with it. */
function wordBook(db: DatabaseSync): WordBook {
  const find = db.prepare('SELECT id FROM words WHERE text = ?');
  const add = db.prepare('INSERT INTO words (text) VALUES (?)');
  const lookUp = (word: string): number => (find.get(word) as { id: number } | undefined)?.id ?? 0;
  return { find: lookUp, add: (word) => lookUp(word) || Number(add.run(word).lastInsertRowid) };
}

function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
