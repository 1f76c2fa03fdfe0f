import { type Json, MAX_NOTED_HEADS } from '../../base/index.ts';
import { type ObjectReader, type Oid, type RefUpdate, ZERO_OID } from '../../git/index.ts';
import { peelCommit } from './commit-of.ts';

/** Branch or tag, as `refs/heads/main`, → the commit that it shows. */
export type Heads = Readonly<Record<string, Oid>>;

/** Branches and tags are registered; other refs are stored and mean nothing. */
export function isRegistered(ref: string): boolean {
  return ref.startsWith('refs/heads/') || ref.startsWith('refs/tags/');
}

/**
 * The merge patch that brings the noted heads to where refs moved: a revision keeps only the refs that brought it first,
 * which says nothing once a branch goes back. Refs past MAX_NOTED_HEADS are not noted; their commits can be named.
 */
export async function headsPatch(
  before: Heads,
  updates: readonly RefUpdate[],
  objects: ObjectReader,
): Promise<Record<string, Json>> {
  const patch: Record<string, Json> = Object.create(null);
  let room = MAX_NOTED_HEADS - Object.keys(before).length;
  for (const { ref, after } of updates) {
    if (!isRegistered(ref)) continue;
    const isNoted = Object.hasOwn(before, ref);
    if (after === ZERO_OID) {
      if (isNoted) patch[ref] = null;
      continue;
    }
    const commit = await commitAt(ref, after, objects);
    if (commit === undefined || (isNoted && before[ref] === commit)) continue;
    if (!isNoted && --room < 0) continue;
    patch[ref] = commit;
  }
  return patch;
}

/** A branch shows a commit by git's own rule; a tag may be an object that names one. */
async function commitAt(ref: string, oid: Oid, objects: ObjectReader): Promise<Oid | undefined> {
  if (ref.startsWith('refs/heads/')) return oid;
  const peeled = await peelCommit(objects, oid);
  return peeled.kind === 'commit' ? peeled.oid : undefined;
}
