import { setImmediate as nextTurn } from 'node:timers/promises';
import { MAX_SELECTED_LISTS } from '../../../base/index.ts';
import { ExpiredError, InvalidError } from '../../errors.ts';
import type { KubeObject } from '../../object.ts';
import type { ListOptions, ObjectList } from '../../port.ts';
import { type Shelf, visible } from './entry.ts';
import { isDue } from './parked.ts';
import { matchesObject, mayMatch, parseQuery, type Query, textFilter } from './query.ts';
import { type KindTable, kindTable, peek, type Table } from './table.ts';

type Due = NonNullable<ListOptions['due']>;

/** Where the next page starts: after this object, in the order of namespace and name. */
interface Position {
  readonly rv: number;
  readonly namespace: string;
  readonly name: string;
}

/** Cold objects read before other work gets a turn. */
const READS_PER_TURN = 250;
/** The same for entries of which nothing is read. */
const LOOKS_PER_TURN = 20_000;

/**
 * See Cluster.list. Items stand as they are when read; the version is that of the beginning (of the first page's, for
 * later pages), so a watch from it repeats what changed meanwhile and misses nothing.
 */
export async function listObjects(table: Table, kind: string, options: ListOptions): Promise<ObjectList> {
  const kinds = kindTable(table, kind);
  const query = parseQuery(options);
  const from = options.continueToken === undefined ? undefined : readToken(kinds, options.continueToken);
  const rv = from?.rv ?? table.committedRv;
  const limit = options.limit === undefined || options.limit <= 0 ? Number.POSITIVE_INFINITY : options.limit;
  const { due } = options;
  const left = due === undefined ? undefined : { leavesOutParked: true as const };
  const reading: Reading = { table, query, due, limit, mayMatchLabels: textFilter(query), items: [], reads: 0 };
  const { items } = reading;
  for (const shelf of shelvesFrom(kinds, query.namespace, from)) {
    const names = await namesOf(kinds, shelf, query, due, from !== undefined);
    let at = from !== undefined && from.namespace === shelf.namespace ? firstAfter(names, from.name) : 0;
    while (at < names.length) {
      at = table.database.reading(() => readSome(reading, shelf, names, at));
      if (items.length > limit) {
        const last = items[limit - 1] as KubeObject;
        const position = { rv, namespace: last.metadata.namespace ?? '', name: last.metadata.name };
        items.pop();
        return { items, resourceVersion: String(rv), continueToken: writeToken(position), ...left };
      }
      if (reading.reads < READS_PER_TURN) continue;
      reading.reads = 0;
      await nextTurn();
    }
  }
  // Nobody is to keep a million names for lists that are over; one that is not begins its selection anew.
  kinds.selectedNames.clear();
  return { items, resourceVersion: String(rv), ...left };
}

interface Reading {
  readonly table: Table;
  readonly query: Query;
  readonly due: Due | undefined;
  readonly limit: number;
  readonly mayMatchLabels: (mainText: string) => boolean;
  /** What was found: one more than `limit` tells that there is more. */
  readonly items: KubeObject[];
  /** Cold objects read in this turn. */
  reads: number;
}

/** Reads on from the name at `at`, as far as one turn may. Returns where the next begins. */
function readSome(reading: Reading, shelf: Shelf, names: readonly string[], at: number): number {
  const { table, query, due, limit, mayMatchLabels, items } = reading;
  let next = at;
  for (; next < names.length && reading.reads < READS_PER_TURN && items.length <= limit; next++) {
    const entry = visible(shelf.entries.get(names[next] as string));
    if (entry === undefined || !mayMatch(query, entry)) continue;
    if (due !== undefined && !isDue(entry.parkedUntil, due)) continue;
    if (entry.hot === undefined) reading.reads++;
    const object = peek(table, entry, mayMatchLabels);
    if (object !== undefined && matchesObject(query, object)) items.push(object);
  }
  return next;
}

/** All names in order, or, when the entries alone tell that few are asked for, those of these. */
function namesOf(
  kinds: KindTable,
  shelf: Shelf,
  query: Query,
  due: Due | undefined,
  isContinued: boolean,
): readonly string[] | Promise<readonly string[]> {
  if (due === undefined && (shelf.sorted !== undefined || !query.fields.some(isSmall))) return sortedNames(shelf);
  const id = JSON.stringify([shelf.namespace, query.fields, due?.from, due?.before]);
  const kept = isContinued ? kinds.selectedNames.get(id) : undefined;
  return kept ?? selectNames(kinds, shelf, query, due, id);
}

function isSmall({ path }: Query['fields'][number]): boolean {
  return path === 'status.phase';
}

/**
 * Passes over all entries and reads none. To put a million names in order takes seconds: only lists of everything need it.
 * Kept for the next pages; what comes in between is for the watch.
 */
async function selectNames(
  { selectedNames }: KindTable,
  shelf: Shelf,
  query: Query,
  due: Due | undefined,
  id: string,
): Promise<readonly string[]> {
  const names: string[] = [];
  let looks = 0;
  for (const [name, latest] of shelf.entries) {
    if (++looks % LOOKS_PER_TURN === 0) await nextTurn();
    const entry = visible(latest);
    if (entry !== undefined && (due === undefined || isDue(entry.parkedUntil, due)) && mayMatch(query, entry)) {
      names.push(name);
    }
  }
  names.sort();
  selectedNames.delete(id);
  selectedNames.set(id, names);
  for (const old of selectedNames.keys()) {
    if (selectedNames.size <= MAX_SELECTED_LISTS) break;
    selectedNames.delete(old);
  }
  return names;
}

function shelvesFrom(kinds: KindTable, namespace: string | undefined, from: Position | undefined): readonly Shelf[] {
  const shelves = [...kinds.shelves.values()].filter(
    (shelf) =>
      (namespace === undefined || shelf.namespace === namespace) &&
      (from === undefined || shelf.namespace >= from.namespace),
  );
  return shelves.sort((a, b) => (a.namespace < b.namespace ? -1 : 1));
}

function sortedNames(shelf: Shelf): readonly string[] {
  shelf.sorted ??= [...shelf.entries.keys()].sort();
  return shelf.sorted;
}

/** Index of the first name after `name`, by bisection. */
function firstAfter(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((names[middle] as string) <= name) low = middle + 1;
    else high = middle;
  }
  return low;
}

function writeToken({ rv, namespace, name }: Position): string {
  return Buffer.from(JSON.stringify([rv, namespace, name])).toString('base64url');
}

function readToken(kinds: KindTable, token: string): Position {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    parts = undefined;
  }
  if (!Array.isArray(parts) || !Number.isSafeInteger(parts[0])) {
    throw new InvalidError('the continue token is not one of this store: start the list again');
  }
  const [rv, namespace, name] = parts as [number, string, string];
  if (rv < kinds.changes.horizonRv) {
    throw new ExpiredError('the list that this continue token belongs to is too old: start it again');
  }
  return { rv, namespace: String(namespace), name: String(name) };
}
