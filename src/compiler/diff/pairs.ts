import type { DiffEntry, DiffSide } from './contract.ts';

/** One entity in both commits. */
export interface EntityPair {
  readonly before: DiffEntry;
  readonly after: DiffEntry;
}

export interface EntityPairs {
  /** Same kind and name; only those whose text, place or closure differs. */
  readonly suspects: readonly EntityPair[];
  /** Of the old commit only. */
  readonly gone: readonly DiffEntry[];
  /** Of the new commit only. */
  readonly fresh: readonly DiffEntry[];
}

/** Finds what can differ by looking at digests and blob ids alone: the rest of a commit costs two look-ups each. */
export function pairEntities(before: DiffSide, after: DiffSide): EntityPairs {
  const suspects: EntityPair[] = [];
  const gone: DiffEntry[] = [];
  const fresh: DiffEntry[] = [];
  for (const [key, old] of before.entries) {
    const now = after.entries.get(key);
    if (now === undefined) {
      if (after.unreadable?.has(key) !== true) gone.push(old);
    } else if (old.blob !== now.blob || old.file !== now.file || old.digest !== now.digest) {
      suspects.push({ before: old, after: now });
    }
  }
  for (const [key, now] of after.entries) {
    if (!before.entries.has(key) && before.unreadable?.has(key) !== true) fresh.push(now);
  }
  return { suspects: suspects.sort(byNewKey), gone: gone.sort(byKey), fresh: fresh.sort(byKey) };
}

/** Kinds in the order in which one is read: what runs, then what starts it. */
const KINDS: readonly string[] = ['Project', 'Platform', 'Policy', 'Task', 'Workflow', 'LaunchPlan', 'Schedule'];

/** The order of all lists of a comparison. */
export function byKey(
  a: { readonly kind: string; readonly name: string },
  b: { readonly kind: string; readonly name: string },
): number {
  const kinds = KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind);
  return kinds !== 0 ? kinds : a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function byNewKey(a: EntityPair, b: EntityPair): number {
  return byKey(a.after, b.after);
}
