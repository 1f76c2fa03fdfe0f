import { compareEntries, readEntry, skipEntry, type TreeEntry } from './tree.ts';

/** One entry that differs between two versions of a folder; `before` is absent when added, `after` when removed. */
export interface EntryChange {
  readonly name: string;
  readonly before?: TreeEntry;
  readonly after?: TreeEntry;
}

/**
 * The entries that differ between two tree objects. Decodes only what lies between the common prefix and suffix of
 * the bytes, so that one changed file in a folder of 10,000 costs two comparisons of memory and one entry.
 * Undefined when either is no tree. A change from file to folder is a removal and an addition.
 */
export function diffTreeBytes(before: Uint8Array, after: Uint8Array): readonly EntryChange[] | undefined {
  const start = entryStart(before, commonPrefix(before, after));
  const suffix = commonSuffix(before, after);
  const changes: EntryChange[] = [];
  const left = { bytes: before, at: start };
  const right = { bytes: after, at: start };
  while (!atCommonEnd(left, right, suffix)) {
    const old = peek(left);
    const fresh = peek(right);
    if (old === 'broken' || fresh === 'broken') return undefined;
    if (old === undefined && fresh === undefined) break;
    const order = old === undefined ? 1 : fresh === undefined ? -1 : compareEntries(old.entry, fresh.entry);
    if (order === 0 && old !== undefined && fresh !== undefined) {
      if (old.entry.oid !== fresh.entry.oid || old.entry.kind !== fresh.entry.kind) {
        changes.push({ name: fresh.entry.name, before: old.entry, after: fresh.entry });
      }
    } else if (order < 0 && old !== undefined) changes.push({ name: old.entry.name, before: old.entry });
    else if (fresh !== undefined) changes.push({ name: fresh.entry.name, after: fresh.entry });
    if (order <= 0 && old !== undefined) left.at = old.end;
    if (order >= 0 && fresh !== undefined) right.at = fresh.end;
  }
  return changes;
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function peek(cursor: Cursor): { readonly entry: TreeEntry; readonly end: number } | 'broken' | undefined {
  if (cursor.at >= cursor.bytes.length) return undefined;
  return readEntry(cursor.bytes, cursor.at) ?? 'broken';
}

/** Both cursors stand at an entry, and all that follows is the same bytes. */
function atCommonEnd(left: Cursor, right: Cursor, suffix: number): boolean {
  const rest = left.bytes.length - left.at;
  return rest === right.bytes.length - right.at && rest <= suffix;
}

/** The start of the entry that holds byte `limit`: entries have no marker to search backwards for. */
function entryStart(bytes: Uint8Array, limit: number): number {
  let start = 0;
  for (;;) {
    const next = skipEntry(bytes, start);
    if (next > limit || next >= bytes.length) return next === limit ? next : start;
    start = next;
  }
}

function commonPrefix(a: Uint8Array, b: Uint8Array): number {
  return longest(Math.min(a.length, b.length), (size) => equal(a, 0, b, 0, size));
}

function commonSuffix(a: Uint8Array, b: Uint8Array): number {
  return longest(Math.min(a.length, b.length), (size) => equal(a, a.length - size, b, b.length - size, size));
}

/** The largest size for which `holds`, by bisection: each probe is one memory comparison. */
function longest(limit: number, holds: (size: number) => boolean): number {
  let low = 0;
  let high = limit;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function equal(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, size: number): boolean {
  return Buffer.compare(a.subarray(aStart, aStart + size), b.subarray(bStart, bStart + size)) === 0;
}
