import { type Cluster, NotFoundError, type Repository, type Revision, SYSTEM_NAMESPACE } from '../cluster/index.ts';
import { listAll } from './follow.ts';

/**
 * The registered revision that `rev` names: a name (`<repository>-<commit>`), a commit or its beginning (four digits
 * at least), or a branch or tag: then what it shows now. Undefined when there is none; throws AmbiguousRevisionError when a beginning
 * fits several commits. `repository` narrows the search.
 */
export async function resolveRevision(
  cluster: Cluster,
  rev: string,
  repository?: string,
): Promise<Revision | undefined> {
  const exact = await getRevision(cluster, rev);
  if (exact !== undefined && (repository === undefined || exact.spec.repository === repository)) return exact;
  if (repository !== undefined && /^[0-9a-f]{40}$/.test(rev)) return getRevision(cluster, `${repository}-${rev}`);
  const { items } = await listAll<Revision>(cluster, 'Revision', { namespace: SYSTEM_NAMESPACE });
  const candidates = items.filter(({ spec }) => repository === undefined || spec.repository === repository);
  // A branch may be called `cafe`: what a person named is found before what happens to begin so.
  return (
    (await headOf(cluster, candidates, rev)) ??
    (/^[0-9a-f]{4,40}$/.test(rev) ? oneBeginning(candidates, rev) : undefined)
  );
}

/** A beginning of a commit that several registered commits have. */
export class AmbiguousRevisionError extends Error {
  override readonly name = 'AmbiguousRevisionError';
}

function oneBeginning(revisions: readonly Revision[], rev: string): Revision | undefined {
  const fitting = revisions.filter(({ spec }) => spec.commit.startsWith(rev));
  const registered = fitting.filter(({ spec }) => spec.rejected !== true);
  const found = registered.length > 0 ? registered : fitting;
  if (new Set(found.map(({ spec }) => spec.commit)).size > 1) {
    const commits = found.slice(0, MAX_NAMED).map(({ spec }) => spec.commit.slice(0, 12));
    throw new AmbiguousRevisionError(`"${rev}" begins several commits: ${commits.join(', ')}`);
  }
  return found[0];
}

/** What a branch, else a tag, of this name shows, as its repository notes it. */
async function headOf(cluster: Cluster, revisions: readonly Revision[], rev: string): Promise<Revision | undefined> {
  const refs = rev.startsWith('refs/') ? [rev] : [`refs/heads/${rev}`, `refs/tags/${rev}`];
  const { items } = await listAll<Repository>(cluster, 'Repository', { namespace: SYSTEM_NAMESPACE });
  for (const ref of refs) {
    for (const { metadata, status } of items) {
      const heads = status?.heads ?? {};
      const commit = Object.hasOwn(heads, ref) ? heads[ref] : undefined;
      const found = revisions.find(({ spec }) => spec.repository === metadata.name && spec.commit === commit);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** Those of `commits` that are registered in a repository, by commit. */
export async function revisionsOf(
  cluster: Cluster,
  repository: string,
  commits: Iterable<string>,
): Promise<ReadonlyMap<string, Revision>> {
  const found = await Promise.all(
    [...new Set(commits)].map((commit) => getRevision(cluster, `${repository}-${commit}`)),
  );
  return new Map(found.flatMap((revision) => (revision === undefined ? [] : [[revision.spec.commit, revision]])));
}

async function getRevision(cluster: Cluster, name: string): Promise<Revision | undefined> {
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)) return undefined;
  try {
    return await cluster.get<Revision>({ kind: 'Revision', namespace: SYSTEM_NAMESPACE, name });
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

const MAX_NAMED = 5;
