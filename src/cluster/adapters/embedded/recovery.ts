import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type JsonObject, StalledError } from '../../../base/index.ts';
import { internPhase, phaseOf } from './commit.ts';
import type { Entry } from './entry.ts';
import { mainOf, newEntry } from './entry.ts';
import { type Frame, framesOf } from './log-frame.ts';
import { type LogLine, parseLines } from './log-line.ts';
import {
  addDependent,
  collectAfter,
  collectOwned,
  dropDependent,
  type Orphans,
  ownersOf,
  updateOwners,
} from './owners.ts';
import { NOT_PARKED, parkedUntilOf } from './parked.ts';
import type { Segment } from './segments.ts';
import { patchStatusTree, readStatus } from './status-tree.ts';
import { addEntry, heat, latestEntry, removeEntry, shelfOf, type Table } from './table.ts';

/** What the log of earlier runs holds. */
export interface Recovered {
  readonly old: readonly { readonly segment: Segment; readonly lastSequence: number }[];
  readonly lastSequence: number;
}

/**
 * Reads the index of all objects: names and versions, no bodies. Rows are deleted with the last chunk of a projection: one that
 * was cut off before leaves an object beside the one that took its name since, of whose end the log tells nothing any more.
 */
export function loadIndex(table: Table, orphans: Orphans): void {
  const { progress } = table.database;
  table.lastRv = progress.rv;
  table.lastId = progress.id;
  const left = table.database.orphans();
  const owned: [Entry, readonly string[]][] = [];
  const replaced: number[] = [];
  for (const [id, kind, namespace, name, rv, createdRv, mainRv, phase, owners, parkedUntil] of table.database.rows()) {
    const shelf = shelfOf(table, kind, namespace);
    const entry = newEntry(shelf, name, id);
    table.lastRv = Math.max(table.lastRv, rv);
    table.lastId = Math.max(table.lastId, id);
    const namesake = shelf.entries.get(name);
    if (namesake !== undefined) {
      const isOlder = createdRv < namesake.createdRv;
      replaced.push(isOlder ? id : namesake.id);
      if (isOlder) continue;
      table.objects--;
    }
    entry.rv = rv;
    entry.createdRv = createdRv;
    entry.mainRv = mainRv;
    entry.projectedRv = rv;
    entry.parkedUntil = parkedUntil;
    if (phase !== null) entry.phase = internPhase(phase);
    shelf.entries.set(name, entry);
    table.objects++;
    if (owners !== null) owned.push([entry, JSON.parse(owners) as string[]]);
    if (left.has(id)) orphans.entries.add(entry);
  }
  for (const entry of orphans.entries) {
    if (entry.shelf.entries.get(entry.name) !== entry) orphans.entries.delete(entry);
  }
  for (const [entry, uids] of owned) {
    if (entry.shelf.entries.get(entry.name) === entry) for (const uid of uids) addDependent(table, uid, entry);
  }
  for (const id of replaced) forgetReplaced(table, orphans, id);
}

/** Its row goes with the next projection, and now what belongs to it. */
function forgetReplaced(table: Table, orphans: Orphans, id: number): void {
  table.deletedIds.push(id);
  const { metadata } = JSON.parse(table.database.body(id)?.main ?? '{}') as { metadata?: { uid?: string } };
  if (metadata?.uid !== undefined) collectOwned(table, orphans, metadata.uid);
}

/**
 * Applies what the log has beyond the database file. A torn tail is where an unacknowledged write stopped, and is cut;
 * a frame that is missing before a whole one is damage, which throws StalledError with the file and the place.
 */
export function replayLog(table: Table, orphans: Orphans, segments: readonly Segment[]): Recovered {
  const applied = table.database.progress.sequence;
  // Segments that the database file made needless may be there or not, so what it covers counts as read.
  let last = applied;
  const old: { segment: Segment; lastSequence: number }[] = [];
  let space: Buffer = Buffer.alloc(0);
  for (const segment of segments) {
    let end = 0;
    space = readSegment(segment, space);
    for (const frame of framesOf(space, segment.number)) {
      if (frame.sequence > last + 1) throw damaged(segment, end, last + 1);
      if (frame.sequence > last) applyFrame(table, orphans, segment, frame);
      last = Math.max(last, frame.sequence);
      end = frame.end;
    }
    old.push({ segment, lastSequence: last });
  }
  table.committedRv = table.lastRv;
  return { old, lastSequence: last };
}

/** The segment's bytes, in `space` when they fit exactly: segments are large and mostly of one size. */
function readSegment({ path }: Segment, space: Buffer): Buffer {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const bytes = space.length === size ? space : Buffer.allocUnsafeSlow(size);
    for (let at = 0; at < size; ) {
      const count = readSync(fd, bytes, at, size - at, at);
      if (count === 0) return bytes.subarray(0, at);
      at += count;
    }
    return bytes;
  } finally {
    closeSync(fd);
  }
}

/** Deletions before the start are unknown, so every watch from before it must list again. */
export function setHorizons(table: Table): void {
  for (const { changes } of table.kinds.values()) changes.horizonRv = table.committedRv;
}

function applyFrame(table: Table, orphans: Orphans, segment: Segment, { offset, payload }: Frame): void {
  try {
    for (const line of parseLines(payload)) applyLine(table, orphans, line);
  } catch (cause) {
    if (cause instanceof StalledError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StalledError('StoreCorrupt', `${segment.path}, offset ${offset}: a record cannot be read: ${why}`, {
      cause,
    });
  }
}

/** The database file may be ahead of any line, never behind all of them: a line at or below an entry's version is in. */
function applyLine(table: Table, orphans: Orphans, line: LogLine): void {
  const { objectKind: kind, namespace, name, rv } = line;
  table.lastRv = Math.max(table.lastRv, rv);
  const entry = latestEntry(table, kind, namespace, name);
  if (entry !== undefined && rv <= entry.rv) return;
  if (line.kind === 'put') {
    const main = mainOf(line.json);
    const target = entry ?? addEntry(table, shelfOf(table, kind, namespace), name, main);
    // One of an earlier run is cold: its owners before this line are in the database file.
    heat(table, target);
    const ownersBefore = entry === undefined ? [] : ownersOf(target);
    if (entry === undefined) {
      target.createdRv = rv;
      table.objects++;
    } else {
      heat(table, target).main = main;
    }
    target.mainRv = rv;
    if (target.parkedUntil !== NOT_PARKED) target.parkedUntil = parkedUntilOf(target.hot!);
    changed(table, target, rv);
    updateOwners(table, orphans, target, ownersBefore);
  } else if (entry === undefined) {
    return;
  } else if (line.kind === 'status') {
    const hot = heat(table, entry);
    const patch = JSON.parse(line.json) as JsonObject;
    patchStatusTree(hot.status, patch);
    entry.phase = phaseOf(readStatus(hot.status));
    if (patch.parked !== undefined) entry.parkedUntil = parkedUntilOf(hot);
    changed(table, entry, rv);
  } else {
    heat(table, entry);
    for (const { uid } of ownersOf(entry)) dropDependent(table, uid, entry);
    collectAfter(table, orphans, entry);
    removeEntry(table, entry);
    entry.isDeleted = true;
    table.dirty.delete(entry);
    table.deletedIds.push(entry.id);
    table.objects--;
  }
}

function changed(table: Table, entry: Entry, rv: number): void {
  entry.rv = rv;
  entry.hot!.snapshot = undefined;
  table.dirty.add(entry);
}

function damaged(segment: Segment, offset: number, sequence: number): StalledError {
  return new StalledError(
    'StoreCorrupt',
    `${segment.path}, offset ${offset}: record ${sequence} of the log is damaged and later ones exist: restore the data folder from a copy`,
  );
}
