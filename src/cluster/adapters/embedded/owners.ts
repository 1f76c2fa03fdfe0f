import { MAX_DELETED_OWNERS } from '../../../base/index.ts';
import type { OwnerReference } from '../../object.ts';
import { type Entry, mainText, mainValue } from './entry.ts';
import { heat, type Table } from './table.ts';

/** Owners whose dependents must go, found by commits and worked off by the collector. */
export interface Orphans {
  /** Uids of owners deleted lately, oldest first: a dependent created after its owner's end goes too. */
  readonly deletedOwners: Set<string>;
  readonly entries: Set<Entry>;
  /** Namespaces that were deleted: what is in them goes. */
  readonly namespaces: Set<string>;
}

/** Notes whose dependents a deletion leaves behind. */
export function collectAfter(table: Table, orphans: Orphans, entry: Entry): void {
  const { uid } = mainValue(heat(table, entry).main).metadata;
  if (entry.shelf.kind === 'Namespace') orphans.namespaces.add(entry.name);
  if (uid !== undefined) collectOwned(table, orphans, uid);
}

/** The same, of an owner of which no more than the uid is known. */
export function collectOwned(table: Table, orphans: Orphans, uid: string): void {
  orphans.deletedOwners.add(uid);
  if (orphans.deletedOwners.size > MAX_DELETED_OWNERS) {
    orphans.deletedOwners.delete(orphans.deletedOwners.values().next().value as string);
  }
  for (const dependent of dependentsOf(table, uid)) orphans.entries.add(dependent);
  table.dependents.delete(uid);
}

export function ownersOf(entry: Entry): readonly OwnerReference[] {
  const { main } = entry.hot!;
  // Looking at the text first spares most objects the parse. What is printed by a stencil has none.
  if (main.print !== undefined) return [];
  return mainText(main).includes('"ownerReferences"') ? (mainValue(main).metadata.ownerReferences ?? []) : [];
}

export function updateOwners(table: Table, orphans: Orphans, entry: Entry, before: readonly OwnerReference[]): void {
  for (const { uid } of before) dropDependent(table, uid, entry);
  for (const { uid } of ownersOf(entry)) {
    addDependent(table, uid, entry);
    if (orphans.deletedOwners.has(uid)) orphans.entries.add(entry);
  }
}

export function addDependent(table: Table, uid: string, entry: Entry): void {
  const dependents = table.dependents.get(uid);
  if (dependents === undefined) table.dependents.set(uid, entry);
  else if (dependents instanceof Set) dependents.add(entry);
  else if (dependents !== entry) table.dependents.set(uid, new Set([dependents, entry]));
}

export function dropDependent(table: Table, uid: string, entry: Entry): void {
  const dependents = table.dependents.get(uid);
  if (dependents instanceof Set) {
    dependents.delete(entry);
    if (dependents.size === 0) table.dependents.delete(uid);
  } else if (dependents === entry) table.dependents.delete(uid);
}

function dependentsOf(table: Table, uid: string): Iterable<Entry> {
  const dependents = table.dependents.get(uid);
  if (dependents === undefined) return [];
  return dependents instanceof Set ? dependents : [dependents];
}
