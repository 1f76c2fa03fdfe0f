import { BOOKMARK_INTERVAL_MS, type Clock, MAX_WATCH_BATCH, MAX_WATCHES, WaitError } from '../../../base/index.ts';
import { ExpiredError, InvalidError } from '../../errors.ts';
import type { KubeObject } from '../../object.ts';
import type { WatchEvent, WatchOptions } from '../../port.ts';
import { changedSince } from './changes.ts';
import type { Entry, Main } from './entry.ts';
import { labelFilter, matchesObject, mayEverMatch, mayMatch, parseQuery, type Query, textFilter } from './query.ts';
import { type KindTable, kindTable, peek, snapshot, type Table } from './table.ts';

export interface WatchContext {
  readonly table: Table;
  readonly clock: Clock;
  /** Aborted when the store closes. */
  readonly closing: AbortSignal;
  watches: number;
}

/**
 * See Cluster.watch. "From now on" is from this call, not from the first read. Ends when the signal aborts or the store
 * closes; refusals come with the first read.
 */
export function watchEvents(
  context: WatchContext,
  kind: string,
  options: WatchOptions,
): AsyncGenerator<readonly WatchEvent[]> {
  return events(context, kind, options, context.table.committedRv);
}

async function* events(
  context: WatchContext,
  kind: string,
  options: WatchOptions,
  nowRv: number,
): AsyncGenerator<readonly WatchEvent[]> {
  const { table, clock } = context;
  const kinds = kindTable(table, kind);
  const query = parseQuery(options);
  let seenRv = startRv(table, options.resourceVersion, nowRv);
  if (seenRv < kinds.changes.horizonRv) throw expired(seenRv);
  if (context.watches >= MAX_WATCHES) throw new WaitError(`already ${MAX_WATCHES} watches`, 1_000);
  const known = query.selects ? matchingNow(table, kinds, query, seenRv) : undefined;
  const reader: Reader = { query, known, mayMatchLabels: query.labels.length > 0 ? labelFilter(query) : undefined };
  const startedRv = table.committedRv;
  const bell = newBell(kinds, clock, options.ignoreStatusChanges === true, [options.signal, context.closing]);
  context.watches++;
  try {
    while (!bell.isOver()) {
      if (seenRv < kinds.changes.horizonRv) throw expired(seenRv);
      bell.isRung = false;
      const upTo = table.committedRv;
      const changed = changedSince(kinds.changes, seenRv, MAX_WATCH_BATCH);
      let batch: WatchEvent[] | undefined;
      for (const entry of changed) {
        if (options.ignoreStatusChanges === true && entry.mainRv <= seenRv) continue;
        const event = eventOf(table, entry, reader, seenRv, startedRv);
        if (event === undefined) continue;
        if (batch === undefined) batch = [event];
        else batch.push(event);
      }
      const isMore = changed.length === MAX_WATCH_BATCH;
      seenRv = isMore ? changed.at(-1)!.rv : upTo;
      if (bell.isBookmarkDue) {
        bell.isBookmarkDue = false;
        batch = [...(batch ?? []), { type: 'BOOKMARK', resourceVersion: String(seenRv) }];
      }
      if (batch !== undefined) yield batch;
      else if (!isMore) await bell.rung();
    }
  } finally {
    context.watches--;
    bell.remove();
  }
}

interface Reader {
  readonly query: Query;
  /** The objects that it has, where it selects. */
  readonly known: Set<Entry> | undefined;
  /** Tells by the look of an object that its labels do not match. */
  readonly mayMatchLabels: ((main: Main) => boolean) | undefined;
}

/** What a change of `entry` means to this watch; undefined when it is not of its objects. */
function eventOf(
  table: Table,
  entry: Entry,
  { query, known, mayMatchLabels }: Reader,
  seenRv: number,
  startedRv: number,
): WatchEvent | undefined {
  if (query.namespace !== undefined && entry.shelf.namespace !== query.namespace) return undefined;
  if (known !== undefined && !mayEverMatch(query, entry)) return undefined;
  const existed = entry.createdRv <= seenRv;
  // Changed between the reader's list and the start of this watch: whether it matched then, nobody knows any more.
  const mayHaveMatched = existed && seenRv < startedRv && entry.rv <= startedRv;
  // A look at the entry spares the snapshot: after one the next change of a large status has to copy it.
  if (known !== undefined && !mayHaveMatched && !known.has(entry)) {
    if (!mayMatch(query, entry)) return undefined;
    if (mayMatchLabels !== undefined && entry.hot !== undefined && !mayMatchLabels(entry.hot.main)) return undefined;
  }
  const object = entry.isDeleted ? (entry.hot!.snapshot as KubeObject) : snapshot(table, entry);
  if (known === undefined) {
    if (entry.isDeleted) return existed ? { type: 'DELETED', object } : undefined;
    return { type: existed ? 'MODIFIED' : 'ADDED', object };
  }
  const wasKnown = known.delete(entry);
  if (!entry.isDeleted && matchesObject(query, object)) {
    known.add(entry);
    return { type: wasKnown ? 'MODIFIED' : 'ADDED', object };
  }
  return wasKnown || mayHaveMatched ? { type: 'DELETED', object } : undefined;
}

/** The objects that a selecting reader already has: those that match and did not change since the version it names. */
function matchingNow(table: Table, kinds: KindTable, query: Query, seenRv: number): Set<Entry> {
  const known = new Set<Entry>();
  const mayMatchLabels = textFilter(query);
  for (const shelf of kinds.shelves.values()) {
    if (query.namespace !== undefined && shelf.namespace !== query.namespace) continue;
    for (const entry of shelf.entries.values()) {
      if (entry.rv === 0 || entry.rv > seenRv || entry.isDeleted || !mayMatch(query, entry)) continue;
      const object = peek(table, entry, mayMatchLabels);
      if (object !== undefined && matchesObject(query, object)) known.add(entry);
    }
  }
  return known;
}

function startRv(table: Table, resourceVersion: string | undefined, nowRv: number): number {
  if (resourceVersion === undefined || resourceVersion === '') return nowRv;
  const rv = Number(resourceVersion);
  if (!Number.isSafeInteger(rv) || rv < 0) {
    throw new InvalidError(`"${resourceVersion}" is not a resourceVersion of this store`);
  }
  if (rv > table.committedRv) throw expired(rv);
  return rv;
}

function expired(rv: number): ExpiredError {
  return new ExpiredError(`too old resource version: ${rv}; list again and watch from the list's version`);
}

/** Wakes a watch: a commit to its kind, the hour of a bookmark, or its end. */
interface Bell {
  isRung: boolean;
  isBookmarkDue: boolean;
  readonly rung: () => Promise<void>;
  readonly isOver: () => boolean;
  readonly remove: () => void;
}

function newBell(kinds: KindTable, clock: Clock, mainOnly: boolean, signals: readonly AbortSignal[]): Bell {
  let wake: (() => void) | undefined;
  const ring = (): void => {
    bell.isRung = true;
    const waiting = wake;
    wake = undefined;
    waiting?.();
  };
  let isOver = signals.some((signal) => signal.aborted);
  const end = (): void => {
    isOver = true;
    ring();
  };
  const onCommit = (mainChanged: boolean): void => {
    if (mainChanged || !mainOnly) ring();
  };
  let cancel = bookmarkLater();
  const bell: Bell = {
    isRung: false,
    isBookmarkDue: false,
    rung: () =>
      new Promise((resolve) => {
        if (bell.isRung) resolve();
        else wake = resolve;
      }),
    isOver: () => isOver,
    remove() {
      cancel();
      kinds.changes.watchers.delete(onCommit);
      for (const signal of signals) signal.removeEventListener('abort', end);
    },
  };
  kinds.changes.watchers.add(onCommit);
  for (const signal of signals) signal.addEventListener('abort', end);
  return bell;

  function bookmarkLater(): () => void {
    return clock.at(clock.now() + BOOKMARK_INTERVAL_MS, () => {
      cancel = bookmarkLater();
      bell.isBookmarkDue = true;
      ring();
    });
  }
}
