import { createHeap, MAX_ANCESTRY_COMMITS, MAX_COMMIT_BYTES, popHeap, pushHeap } from '../base/index.ts';
import { type Commit, parseCommit } from './commit.ts';
import type { Oid } from './oid.ts';
import type { ObjectReader } from './reader.ts';

interface Seen {
  readonly oid: Oid;
  readonly commit: Commit | undefined;
  /** Reached from the descendant, and from the ancestor. */
  isAbove: boolean;
  isBelow: boolean;
}

/**
 * Whether `descendant` has `ancestor` behind it: a ref that moves so leaves no commit behind. Reads commits from both
 * ends, newest first, until what is left to read stands behind both; so a branch that was rewritten is known by its
 * newest commits, and no clock of an author can make the answer wrong, only slow. `unknown` past MAX_ANCESTRY_COMMITS.
 */
export async function isAncestor(
  objects: ObjectReader,
  ancestor: Oid,
  descendant: Oid,
  limit: number = MAX_ANCESTRY_COMMITS,
): Promise<'yes' | 'no' | 'unknown'> {
  if (ancestor === descendant) return 'yes';
  const seen = new Map<Oid, Seen>();
  const queue = createHeap<Seen>((a, b) => timeOf(a) > timeOf(b));
  /** Queued commits that stand behind the descendant only: where the ancestor may still be found. */
  let open = 0;
  const isOpen = ({ isAbove, isBelow }: Seen): boolean => isAbove && !isBelow;
  const visit = async (oid: Oid, isAbove: boolean, isBelow: boolean): Promise<void> => {
    const known = seen.get(oid);
    if (known !== undefined && (known.isAbove || !isAbove) && (known.isBelow || !isBelow)) return;
    const entry = known ?? { oid, commit: await readCommit(objects, oid), isAbove: false, isBelow: false };
    // One that is queued already is queued once more: what it has learnt must reach its parents.
    const next = { ...entry, isAbove: entry.isAbove || isAbove, isBelow: entry.isBelow || isBelow };
    seen.set(oid, next);
    pushHeap(queue, next);
    if (isOpen(next)) open += 1;
  };
  await visit(descendant, true, false);
  await visit(ancestor, false, true);
  while (open > 0) {
    const next = popHeap(queue);
    if (next === undefined) break;
    if (isOpen(next)) open -= 1;
    if (seen.get(next.oid) !== next) continue;
    for (const parent of next.commit?.parents ?? []) {
      if (parent === ancestor && next.isAbove) return 'yes';
      if (seen.size >= limit) return 'unknown';
      await visit(parent, next.isAbove, next.isBelow);
    }
  }
  return 'no';
}

function timeOf({ commit }: Seen): string {
  return commit?.committedAt ?? '';
}

/** A commit that is not there, as behind the end of a shallow history, has no parents. */
async function readCommit(objects: ObjectReader, oid: Oid): Promise<Commit | undefined> {
  const result = await objects.read(oid, MAX_COMMIT_BYTES);
  return result.kind === 'found' && result.type === 'commit' ? parseCommit(result.bytes) : undefined;
}
