import { isJsonObject } from '../../../base/index.ts';
import { moveToNewest } from './changes.ts';
import { type Entry, mainOf } from './entry.ts';
import { collectAfter, dropDependent, type Orphans, ownersOf, updateOwners } from './owners.ts';
import { NOT_PARKED, parkedUntilOf } from './parked.ts';
import type { Op } from './stage.ts';
import { patchStatusTree, readStatus } from './status-tree.ts';
import { kindTable, removeEntry, snapshot, type Table } from './table.ts';

/** Makes one durable change visible. Returns whether more than status changed. */
export function commitOp(table: Table, orphans: Orphans, op: Op): boolean {
  if (op.kind === 'none') return false;
  const { entry, rv } = op;
  const { pending } = entry;
  if (pending !== undefined && --pending.writes === 0) entry.pending = undefined;
  switch (op.kind) {
    case 'put':
      commitPut(table, orphans, entry, op.main, rv);
      break;
    case 'status':
      commitStatus(table, entry, op.patch, op.bytes);
      break;
    case 'delete':
      commitDelete(table, orphans, entry, rv);
      break;
  }
  entry.rv = rv;
  table.committedRv = rv;
  if (op.kind !== 'status') entry.mainRv = rv;
  moveToNewest(kindTable(table, entry.shelf.kind).changes, entry);
  if (op.kind !== 'delete') table.dirty.add(entry);
  return op.kind !== 'status';
}

function commitPut(
  table: Table,
  orphans: Orphans,
  entry: Entry,
  main: NonNullable<Entry['hot']>['main'],
  rv: number,
): void {
  const hot = entry.hot!;
  table.hotBytes += main.length - hot.main.length;
  hot.sizeBytes += main.length - hot.main.length;
  const isNew = entry.rv === 0;
  const ownersBefore = isNew ? [] : ownersOf(entry);
  hot.main = main;
  hot.snapshot = undefined;
  // Another generation is news to whoever parked it.
  if (entry.parkedUntil !== NOT_PARKED) entry.parkedUntil = parkedUntilOf(hot);
  if (isNew) {
    entry.createdRv = rv;
    entry.previous = undefined;
    entry.shelf.sorted = undefined;
    table.objects++;
  }
  updateOwners(table, orphans, entry, ownersBefore);
}

function commitStatus(table: Table, entry: Entry, patch: Parameters<typeof patchStatusTree>[1], bytes: number): void {
  const hot = entry.hot!;
  patchStatusTree(hot.status, patch);
  hot.snapshot = undefined;
  hot.sizeBytes += bytes;
  table.hotBytes += bytes;
  if (patch.phase !== undefined) entry.phase = phaseOf(readStatus(hot.status));
  if (patch.parked !== undefined) entry.parkedUntil = parkedUntilOf(hot);
}

function commitDelete(table: Table, orphans: Orphans, entry: Entry, rv: number): void {
  const last = snapshot(table, entry);
  const { status, snapshot: _, main, touched } = entry.hot!;
  for (const { uid } of ownersOf(entry)) dropDependent(table, uid, entry);
  collectAfter(table, orphans, entry);
  removeEntry(table, entry);
  entry.isDeleted = true;
  table.objects--;
  // Kept for watches until the tombstone is trimmed; outside the heap's books, because it is bounded there.
  const object = { ...last, metadata: { ...last.metadata, resourceVersion: String(rv) } };
  entry.hot = { main: { ...mainOf(''), value: main.value }, status, snapshot: object, touched, sizeBytes: 0 };
  kindTable(table, entry.shelf.kind).changes.tombstones.push(entry);
  table.dirty.delete(entry);
  table.deletedIds.push(entry.id);
}

const PHASES = new Map<string, string>();

/** `status.phase` as one shared string: there are a handful of phases and very many objects. */
export function phaseOf(status: unknown): string | undefined {
  const phase = isJsonObject(status) ? status.phase : undefined;
  return typeof phase === 'string' ? internPhase(phase) : undefined;
}

export function internPhase(phase: string): string {
  const known = PHASES.get(phase);
  if (known !== undefined) return known;
  if (PHASES.size < 1_000) PHASES.set(phase, phase);
  return phase;
}
