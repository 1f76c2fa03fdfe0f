import { canonicalJson, type Digest, type Json, sha256 } from '../../base/index.ts';
import type { Repository } from '../../cluster/index.ts';
import { matchesAnyRef, type Oid, type Refs, type RefUpdate, type RemoteRefs, ZERO_OID } from '../../git/index.ts';

/** The refs of a remote that a repository follows. */
export function followedRefs({ refs }: RemoteRefs, patterns: readonly string[] | undefined): Refs {
  if (patterns === undefined) return refs;
  return new Map([...refs].filter(([ref]) => matchesAnyRef(patterns, ref)));
}

/** What is to be dealt with, as one value: the refs, and all of the spec that their judgement hangs on. */
export function observationDigest({ source, verify }: Repository['spec'], refs: Refs): Digest {
  const about =
    source.kind === 'remote' ? { url: source.url, refs: source.refs ?? null, depth: source.depth ?? null } : null;
  const listed = [...refs].map(([ref, oid]) => `${oid} ${ref}`).sort();
  return sha256(canonicalJson({ about, verify: (verify ?? null) as Json, listed }));
}

/** Ref → what it showed when it was rejected. */
export type Rejected = ReadonlyMap<string, Oid>;

/**
 * What has to move for our refs to show what the remote's do, in the order in which it is decided: what goes; then the
 * branch that HEAD names, since the first commit of all fixes the project; other branches; tags. Where signed tags
 * are asked for they come first, since a branch is accepted by the tag that names its commit.
 */
export function updatesBetween(
  local: Refs,
  wanted: Refs,
  { head, tagsFirst, rejected }: { readonly head?: string; readonly tagsFirst: boolean; readonly rejected: Rejected },
): readonly RefUpdate[] {
  const updates: RefUpdate[] = [];
  for (const [ref, before] of local) {
    if (isOurs(ref) && !wanted.has(ref)) updates.push({ ref, before, after: ZERO_OID });
  }
  for (const [ref, after] of wanted) {
    const before = local.get(ref) ?? ZERO_OID;
    if (before !== after && rejected.get(ref) !== after) updates.push({ ref, before, after });
  }
  const rank = ({ ref, after }: RefUpdate): number => {
    if (after === ZERO_OID) return 0;
    if (ref.startsWith('refs/tags/')) return tagsFirst ? 1 : 4;
    return ref === head ? 2 : 3;
  };
  return updates.sort((a, b) => rank(a) - rank(b) || (a.ref < b.ref ? -1 : 1));
}

function isOurs(ref: string): boolean {
  return ref.startsWith('refs/heads/') || ref.startsWith('refs/tags/');
}
