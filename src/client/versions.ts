import type { Digest } from '../base/index.ts';
import { type Cluster, domainOf, findEntity, type Revision } from '../cluster/index.ts';

export interface VersionQuery {
  readonly kind: string;
  readonly name: string;
  /** Whose domain says which of a definition's variants is meant. */
  readonly namespace: string;
  /** At most so many. */
  readonly limit: number;
}

/** The versions of a definition that revisions brought. */
export interface Versions {
  /** The revisions that brought them, in the order that was given. */
  readonly revisions: readonly Revision[];
  /** Whether there may be earlier ones, beyond `limit` or what was looked at. */
  readonly isCut: boolean;
}

/** Revisions that are looked at for the versions of one definition, at most: each costs two reads. */
const MAX_LOOKED_REVISIONS = 500;

/**
 * Of `revisions`, latest first, those in which the definition became what it is: another closure than in the registered one
 * before. Rejected revisions bring nothing.
 */
export async function versionsOf(
  cluster: Cluster,
  revisions: readonly Revision[],
  { kind, name, namespace, limit }: VersionQuery,
): Promise<Versions> {
  const registered = revisions.filter(({ spec }) => spec.index !== undefined);
  const found: Revision[] = [];
  /** The latest revision so far that has the version at hand, and what that is. */
  let holder: Revision | undefined;
  let held: Digest | undefined;
  for (const revision of registered.slice(0, MAX_LOOKED_REVISIONS)) {
    const entry = await findEntity(cluster, revision.spec.index as Digest, domainOf(namespace, revision.spec.project), {
      kind,
      name,
    });
    if (entry?.digest !== held && holder !== undefined && held !== undefined) found.push(holder);
    if (found.length >= limit) return { revisions: found, isCut: true };
    holder = revision;
    held = entry?.digest;
  }
  const isCut = registered.length > MAX_LOOKED_REVISIONS;
  if (held !== undefined && holder !== undefined && !isCut) found.push(holder);
  return { revisions: found, isCut };
}
