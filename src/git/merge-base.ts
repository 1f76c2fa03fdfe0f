import { createHeap, MAX_ANCESTRY_COMMITS, MAX_COMMIT_BYTES, popHeap, pushHeap } from '../base/index.ts';
import { parseCommit } from './commit.ts';
import type { Oid } from './oid.ts';
import type { ObjectReader } from './reader.ts';

interface Reached {
  readonly oid: Oid;
  readonly committedAt: string;
  readonly parents: readonly Oid[];
}

/**
 * A commit that both have behind them, the newest as their authors tell the time, as `git merge-base` finds it where clocks
 * are right; undefined when there is none, as behind the end of a shallow history, or none within MAX_ANCESTRY_COMMITS.
 */
export async function mergeBase(
  objects: ObjectReader,
  a: Oid,
  b: Oid,
  limit: number = MAX_ANCESTRY_COMMITS,
): Promise<Oid | undefined> {
  if (a === b) return a;
  const sides = new Map<Oid, Set<'a' | 'b'>>();
  const queue = createHeap<Reached>((one, other) => one.committedAt > other.committedAt);
  const visit = async (oid: Oid, from: Iterable<'a' | 'b'>): Promise<void> => {
    const known = sides.get(oid);
    const reached = known ?? new Set<'a' | 'b'>();
    const before = reached.size;
    for (const side of from) reached.add(side);
    if (known !== undefined && reached.size === before) return;
    sides.set(oid, reached);
    // One that was reached from the other side before is looked at again: what it has learnt must reach its parents.
    const read = await objects.read(oid, MAX_COMMIT_BYTES);
    const commit = read.kind === 'found' && read.type === 'commit' ? parseCommit(read.bytes) : undefined;
    if (commit === undefined) sides.delete(oid);
    else pushHeap(queue, { oid, committedAt: commit.committedAt, parents: commit.parents });
  };
  await visit(a, ['a']);
  await visit(b, ['b']);
  for (let next = popHeap(queue); next !== undefined; next = popHeap(queue)) {
    const from = sides.get(next.oid) ?? new Set();
    if (from.size === 2) return next.oid;
    if (sides.size > limit) return undefined;
    for (const parent of next.parents) await visit(parent, from);
  }
  return undefined;
}
