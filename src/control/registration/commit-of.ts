import type { Diagnostic } from '../../base/index.ts';
import { MAX_COMMIT_BYTES } from '../../base/index.ts';
import { type Commit, type ObjectReader, type Oid, parseCommit, parseTag } from '../../git/index.ts';
import { treeFinding } from './findings.ts';

/** Tags of tags that are followed. */
const MAX_TAGS = 5;

export type PeeledCommit =
  | { readonly kind: 'commit'; readonly oid: Oid; readonly commit: Commit }
  /** A tag of a tree or a blob: nothing to register. */
  | { readonly kind: 'other' }
  | { readonly kind: 'rejected'; readonly diagnostics: readonly Diagnostic[] };

/** The commit that `oid` is, or that it tags. */
export async function peelCommit(objects: ObjectReader, oid: Oid): Promise<PeeledCommit> {
  let at = oid;
  for (let depth = 0; depth <= MAX_TAGS; depth += 1) {
    const result = await objects.read(at, MAX_COMMIT_BYTES);
    if (result.kind !== 'found') return refused(`${at} is ${result.kind === 'missing' ? 'missing' : 'too large'}`);
    if (result.type === 'commit') {
      const commit = parseCommit(result.bytes);
      return commit === undefined ? refused(`${at} is no valid commit`) : { kind: 'commit', oid: at, commit };
    }
    const tag = result.type === 'tag' ? parseTag(result.bytes) : undefined;
    if (tag === undefined) return { kind: 'other' };
    at = tag.object;
  }
  return refused(`${oid} is a tag of a tag of a tag: tag the commit itself`);
}

function refused(reason: string): PeeledCommit {
  return { kind: 'rejected', diagnostics: [treeFinding('PIPE-TREE-001', '', `the commit cannot be read: ${reason}`)] };
}
