import { MAX_ANCESTRY_COMMITS, MAX_COMMIT_BYTES } from '../../../base/index.ts';
import { isOid, type ObjectReader, type Oid, parseCommit, type RefUpdate, ZERO_OID } from '../../index.ts';

/**
 * Whether history of what is pushed ends where it did not end before: at a new commit that the pusher's clone is cut
 * off at (`ends`), or at one that is neither in `pushed` nor `stored`. Git refuses the first even if the commit behind
 * it is stored. Walks what is new only; past MAX_ANCESTRY_COMMITS the answer is left to git.
 */
export async function endsInNothing(
  updates: readonly RefUpdate[],
  ends: ReadonlySet<Oid>,
  pushed: ObjectReader,
  stored: ObjectReader,
): Promise<boolean> {
  const seen = new Set<Oid>(updates.map(({ after }) => after).filter((oid) => oid !== ZERO_OID));
  // A set gives what is added to it meanwhile as well.
  for (const oid of seen) {
    if (seen.size > MAX_ANCESTRY_COMMITS) return false;
    if ((await stored.read(oid, MAX_COMMIT_BYTES)).kind === 'found') continue;
    const object = await pushed.read(oid, MAX_COMMIT_BYTES);
    if (object.kind === 'missing' || ends.has(oid)) return true;
    if (object.kind !== 'found') continue;
    for (const next of behind(object.type, object.bytes)) seen.add(next);
  }
  return false;
}

/** The parents of a commit, and what a tag is of. */
function behind(type: string, bytes: Uint8Array): readonly Oid[] {
  if (type === 'commit') return parseCommit(bytes)?.parents ?? [];
  const target = type === 'tag' ? Buffer.from(bytes.subarray(7, 47)).toString('latin1') : '';
  return isOid(target) ? [target] : [];
}
