import { MAX_TOMBSTONES } from '../../../base/index.ts';
import type { Entry } from './entry.ts';

/**
 * The entries of one kind that changed since the store was opened, each once, in the order of its last change. It is the
 * whole event history: a watch that comes back walks from the newest end to the version it has seen, so a slow reader
 * costs no memory and sees the newest state of each object. Only deletions must be kept for it, and they are bounded.
 */
export interface ChangeList {
  newest: Entry | undefined;
  oldest: Entry | undefined;
  readonly tombstones: Entry[];
  /** A watch from before this version could have missed a deletion. */
  horizonRv: number;
  /** Wakes the watches that wait; `mainChanged` is false when nothing but status changed. */
  /** What the frame at hand changed, until its watches are woken. */
  rings: 'main' | 'status' | undefined;
  readonly watchers: Set<(mainChanged: boolean) => void>;
}

export function newChangeList(): ChangeList {
  return { newest: undefined, oldest: undefined, tombstones: [], horizonRv: 0, rings: undefined, watchers: new Set() };
}

/** Makes `entry` the newest. */
export function moveToNewest(list: ChangeList, entry: Entry): void {
  if (list.newest === entry) return;
  unlink(list, entry);
  entry.older = list.newest;
  if (list.newest !== undefined) list.newest.newer = entry;
  list.newest = entry;
  list.oldest ??= entry;
}

export function unlink(list: ChangeList, entry: Entry): void {
  if (entry.older !== undefined) entry.older.newer = entry.newer;
  else if (list.oldest === entry) list.oldest = entry.newer;
  if (entry.newer !== undefined) entry.newer.older = entry.older;
  else if (list.newest === entry) list.newest = entry.older;
  entry.older = undefined;
  entry.newer = undefined;
}

/** Forgets the oldest deletions beyond the bound; watches that have not seen them get ExpiredError. */
export function trimTombstones(list: ChangeList): void {
  const excess = list.tombstones.length - MAX_TOMBSTONES;
  if (excess <= 0) return;
  for (const entry of list.tombstones.splice(0, excess)) {
    list.horizonRv = Math.max(list.horizonRv, entry.rv);
    unlink(list, entry);
    entry.hot = undefined;
  }
}

/** A watch finds nothing new after each batch that it gave. */
const NONE: readonly Entry[] = [];

/** Entries changed after `rv`, oldest change first, at most `limit`. */
export function changedSince(list: ChangeList, rv: number, limit: number): readonly Entry[] {
  let first = list.newest;
  if (first === undefined || first.rv <= rv) return NONE;
  while (first.older !== undefined && first.older.rv > rv) first = first.older;
  const changed: Entry[] = [];
  for (let at: Entry | undefined = first; at !== undefined && changed.length < limit; at = at.newer) changed.push(at);
  return changed;
}
