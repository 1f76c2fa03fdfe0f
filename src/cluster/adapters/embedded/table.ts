import { BugError } from '../../../base/index.ts';
import { KINDS } from '../../kinds.ts';
import type { KubeObject } from '../../object.ts';
import { type ChangeList, newChangeList } from './changes.ts';
import type { Database } from './database.ts';
import { assemble, type Entry, type Hot, type Main, mainOf, mainText, newEntry, type Shelf, visible } from './entry.ts';
import { shareStatus, statusFromText } from './status-tree.ts';

/** All objects of one kind. */
export interface KindTable {
  readonly kind: string;
  readonly shelves: Map<string, Shelf>;
  readonly changes: ChangeList;
  /** Names that lists by phase, or of what is due, have selected for their next pages. */
  readonly selectedNames: Map<string, readonly string[]>;
}

/** The heap side of the store: every entry, and the content of those touched lately. */
export interface Table {
  readonly kinds: ReadonlyMap<string, KindTable>;
  readonly database: Database;
  /** Entries with heap content. */
  readonly hot: Set<Entry>;
  hotBytes: number;
  /** Number of the present sweep: entries touched in it or the last one stay. */
  sweep: number;
  /** Entries whose last commit is not in the database file yet. */
  dirty: Set<Entry>;
  /** Ids of deleted rows that the database file may still have. */
  deletedIds: number[];
  /** Version of the last committed change, and the last version given out. */
  committedRv: number;
  lastRv: number;
  lastId: number;
  /** Owner's uid → its dependents; most have one, and a set costs ten times an entry's place in the map. */
  readonly dependents: Map<string, Entry | Set<Entry>>;
  objects: number;
  /** Told before a cold entry becomes hot. */
  onWarming: () => void;
}

export function newTable(database: Database): Table {
  const kinds = new Map<string, KindTable>();
  for (const { kind } of KINDS)
    kinds.set(kind, { kind, shelves: new Map(), changes: newChangeList(), selectedNames: new Map() });
  return {
    kinds,
    database,
    hot: new Set(),
    hotBytes: 0,
    sweep: 0,
    dirty: new Set(),
    deletedIds: [],
    committedRv: 0,
    lastRv: 0,
    lastId: 0,
    dependents: new Map(),
    objects: 0,
    onWarming: () => undefined,
  };
}

export function kindTable(table: Table, kind: string): KindTable {
  const found = table.kinds.get(kind);
  if (found === undefined) throw new BugError(`the store has no table for kind "${kind}"`);
  return found;
}

export function shelfOf(table: Table, kind: string, namespace: string): Shelf {
  const { shelves } = kindTable(table, kind);
  let shelf = shelves.get(namespace);
  if (shelf === undefined) {
    shelf = { kind, namespace, entries: new Map(), sorted: undefined };
    shelves.set(namespace, shelf);
  }
  return shelf;
}

/** The newest entry under a name, committed or not. */
export function latestEntry(table: Table, kind: string, namespace: string, name: string): Entry | undefined {
  return table.kinds.get(kind)?.shelves.get(namespace)?.entries.get(name);
}

/** The entry that readers see under a name. */
export function visibleEntry(table: Table, kind: string, namespace: string, name: string): Entry | undefined {
  return visible(latestEntry(table, kind, namespace, name));
}

/** Puts a new entry under its name, hot. It stays invisible until its creation is committed. */
export function addEntry(table: Table, shelf: Shelf, name: string, main: Main): Entry {
  const entry = newEntry(shelf, name, 0, newHot(main));
  putEntry(table, entry, shelf.entries.get(name));
  return entry;
}

export function newHot(main: Main): Hot {
  return { main, status: statusFromText(undefined), snapshot: undefined, touched: 0, sizeBytes: main.length };
}

/** The same of an entry that is there already; `before` has its name. */
export function putEntry(table: Table, entry: Entry, before: Entry | undefined): void {
  const hot = entry.hot as Hot;
  entry.id = ++table.lastId;
  entry.previous = visible(before);
  entry.shelf.entries.set(entry.name, entry);
  hot.touched = table.sweep;
  table.hot.add(entry);
  table.hotBytes += hot.sizeBytes;
}

/** Takes an entry out of the heap's books; its name may already belong to a newer entry. */
export function removeEntry(table: Table, entry: Entry): void {
  const { entries } = entry.shelf;
  if (entries.get(entry.name) === entry) {
    if (entry.previous === undefined) entries.delete(entry.name);
    else entries.set(entry.name, entry.previous);
  }
  entry.shelf.sorted = undefined;
  cool(table, entry);
}

/** The entry's content, read from the database file when it is cold. */
export function heat(table: Table, entry: Entry): Hot {
  if (entry.hot !== undefined) {
    entry.hot.touched = table.sweep;
    return entry.hot;
  }
  table.onWarming();
  const { main, status } = coldBody(table, entry);
  const sizeBytes = main.length + (status?.length ?? 0);
  entry.hot = { main, status: statusFromText(status), snapshot: undefined, touched: table.sweep, sizeBytes };
  table.hot.add(entry);
  table.hotBytes += sizeBytes;
  return entry.hot;
}

export function cool(table: Table, entry: Entry): void {
  if (entry.hot === undefined) return;
  table.hotBytes -= entry.hot.sizeBytes;
  table.hot.delete(entry);
  entry.hot = undefined;
}

/**
 * The object as committed, without making a cold entry hot: for lists, which pass over everything once. Undefined when
 * its text, which had to be parsed, is refused by `mayMatch`.
 */
export function peek(table: Table, entry: Entry, mayMatch: (mainText: string) => boolean): KubeObject | undefined {
  if (entry.hot !== undefined) {
    const { main } = entry.hot;
    return main.value !== undefined || mayMatch(mainText(main)) ? snapshot(table, entry) : undefined;
  }
  const { main, status } = coldBody(table, entry);
  if (!mayMatch(mainText(main))) return undefined;
  return assemble(main, status === undefined ? undefined : JSON.parse(status), entry.rv);
}

/** The object as committed. Readers share it, so nobody may change it. */
export function snapshot(table: Table, entry: Entry): KubeObject {
  const hot = heat(table, entry);
  hot.snapshot ??= assemble(hot.main, shareStatus(hot.status), entry.rv);
  return hot.snapshot;
}

function coldBody(table: Table, entry: Entry): { readonly main: Main; readonly status: string | undefined } {
  const body = table.database.body(entry.id);
  if (body === undefined) {
    throw new BugError(`the database file has no ${entry.shelf.kind} "${entry.name}" in "${entry.shelf.namespace}"`);
  }
  return { main: mainOf(body.main), status: body.status };
}
