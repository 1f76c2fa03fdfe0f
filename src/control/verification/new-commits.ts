import { createHeap, MAX_COMMIT_BYTES, popHeap, pushHeap } from '../../base/index.ts';
import { type Commit, type ObjectReader, type Oid, parseCommit } from '../../git/index.ts';

/** A commit that is new, with its bytes. */
export interface NewCommit {
  readonly oid: Oid;
  readonly commit: Commit;
  readonly bytes: Uint8Array;
}

export type NewCommits =
  | { readonly kind: 'found'; readonly commits: readonly NewCommit[] }
  /** More than the bounds allow would have to be looked at. */
  | { readonly kind: 'tooMany' };

interface Seen extends Partial<NewCommit> {
  readonly oid: Oid;
  /** Reached from what is known. */
  isOld: boolean;
}

/**
 * The commits that `head` brings and none of `known` has: `git rev-list head --not known`. Newest first by the time that
 * they say; a time that is wrong can make an old commit pass for new, never a new one for old. Commits that are not
 * there, as behind the end of a shallow history, end the walk.
 */
export async function newCommits(
  objects: ObjectReader,
  head: Oid,
  known: readonly Oid[],
  bounds: { readonly commits: number; readonly reads: number },
): Promise<NewCommits> {
  const seen = new Map<Oid, Seen>();
  const queue = createHeap<Seen>((a, b) => timeOf(a) > timeOf(b));
  /** Queued commits that are not known to be old. */
  let open = 0;
  const visit = async (oid: Oid, isOld: boolean): Promise<void> => {
    const before = seen.get(oid);
    if (before !== undefined && (before.isOld || !isOld)) return;
    const entry: Seen = before ?? { oid, ...(await readCommit(objects, oid)), isOld };
    const next = { ...entry, isOld };
    seen.set(oid, next);
    pushHeap(queue, next);
    if (!isOld) open += 1;
  };
  for (const oid of known) await visit(oid, true);
  await visit(head, false);
  while (open > 0) {
    const next = popHeap(queue);
    if (next === undefined) break;
    // What became old since it was queued was counted as open then.
    if (!next.isOld) open -= 1;
    const isOld = seen.get(next.oid)?.isOld === true;
    for (const parent of next.commit?.parents ?? []) {
      if (seen.size > bounds.reads) return { kind: 'tooMany' };
      await visit(parent, isOld);
    }
  }
  const commits = [...seen.values()].filter(
    (each): each is Seen & NewCommit => !each.isOld && each.commit !== undefined,
  );
  return commits.length > bounds.commits ? { kind: 'tooMany' } : { kind: 'found', commits };
}

function timeOf({ commit }: Seen): string {
  return commit?.committedAt ?? '';
}

async function readCommit(objects: ObjectReader, oid: Oid): Promise<Partial<NewCommit>> {
  const result = await objects.read(oid, MAX_COMMIT_BYTES);
  const commit = result.kind === 'found' && result.type === 'commit' ? parseCommit(result.bytes) : undefined;
  return result.kind === 'found' && commit !== undefined ? { commit, bytes: result.bytes } : {};
}
