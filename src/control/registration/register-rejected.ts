import {
  canonicalJson,
  type Diagnostic,
  type Json,
  MAX_REJECTED_REVISION_BYTES,
  MAX_REJECTED_REVISIONS,
} from '../../base/index.ts';
import {
  API_VERSION,
  type Cluster,
  findObject,
  LABEL,
  type Revision,
  SYSTEM_NAMESPACE,
  type Write,
} from '../../cluster/index.ts';
import type { Commit, Oid } from '../../git/index.ts';

/** A commit that was refused, and why. */
export interface RejectedCommit {
  readonly repository: string;
  readonly ref: string;
  readonly oid: Oid;
  /** Absent when it cannot be read. */
  readonly commit: Commit | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Leaves a revision that says why, for later reading; the oldest ones past MAX_REJECTED_REVISIONS of the repository go. A
 * commit that was registered before keeps what it has, and one that is refused again for the same reasons costs no write.
 */
export async function storeRejected(cluster: Cluster, commits: readonly RejectedCommit[]): Promise<void> {
  for (const rejected of commits.slice(0, MAX_REJECTED_REVISIONS)) {
    const revision = rejectedRevision(rejected);
    const { name } = revision.metadata;
    const key = { kind: 'Revision', namespace: SYSTEM_NAMESPACE, name };
    const live = await findObject<Revision>(cluster, key);
    if (live !== undefined && (live.spec.rejected !== true || isSame(live, revision))) continue;
    await cluster.write([
      ...(live === undefined ? await deletesFor(cluster, rejected.repository) : replacedBy(live)),
      { op: 'create', object: revision },
    ]);
  }
}

/** The write that takes a rejected revision away, where there is one, so that the real one can take its name. */
export function replacedBy(live: Revision | undefined): readonly Write[] {
  if (live?.spec.rejected !== true) return [];
  const { name, uid } = live.metadata;
  const key = { kind: 'Revision', namespace: SYSTEM_NAMESPACE, name };
  return [{ op: 'delete', key, ...(uid !== undefined && { if: { uid } }) }];
}

/** Makes room for one more. */
async function deletesFor(cluster: Cluster, repository: string): Promise<readonly Write[]> {
  const oldestFirst = [...(await rejectedOf(cluster, repository))].sort(byAge);
  return oldestFirst.slice(0, Math.max(oldestFirst.length + 1 - MAX_REJECTED_REVISIONS, 0)).flatMap(replacedBy);
}

async function rejectedOf(cluster: Cluster, repository: string): Promise<readonly Revision[]> {
  const labelSelector = `${LABEL.rejected}=true,${LABEL.repository}=${repository}`;
  return (await cluster.list<Revision>('Revision', { namespace: SYSTEM_NAMESPACE, labelSelector })).items;
}

/** Times are whole seconds; within one, versions grow, as Kubernetes promises of them as well. */
function byAge({ metadata: a }: Revision, { metadata: b }: Revision): number {
  const [left = '', right = ''] = [a.creationTimestamp, b.creationTimestamp];
  return left === right ? Number(a.resourceVersion) - Number(b.resourceVersion) : left < right ? -1 : 1;
}

function rejectedRevision({ repository, ref, oid, commit, diagnostics }: RejectedCommit): Revision {
  return {
    apiVersion: API_VERSION,
    kind: 'Revision',
    metadata: {
      name: `${repository}-${oid}`,
      namespace: SYSTEM_NAMESPACE,
      labels: { [LABEL.repository]: repository, [LABEL.rejected]: 'true' },
    },
    spec: {
      repository,
      commit: oid,
      tree: commit?.tree ?? '',
      parents: commit?.parents ?? [],
      author: commit?.author ?? '',
      committedAt: commit?.committedAt ?? NO_TIME,
      subject: commit?.subject ?? '',
      refs: [ref],
      rejected: true,
      diagnostics: bounded(diagnostics),
    },
  };
}

/** Of a commit that cannot be read nobody knows when it was made. */
const NO_TIME = '1970-01-01T00:00:00Z';

/** The first findings, as many as there is room for, without what an editor would do about them. */
function bounded(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  let bytes = 0;
  const kept: Diagnostic[] = [];
  for (const { fix: _, ...diagnostic } of diagnostics) {
    bytes += Buffer.byteLength(JSON.stringify(diagnostic));
    if (bytes > MAX_REJECTED_REVISION_BYTES) break;
    kept.push(diagnostic);
  }
  return kept;
}

function isSame(live: Revision, revision: Revision): boolean {
  const text = ({ spec }: Revision): string => canonicalJson({ ...spec, refs: [] } as unknown as Json);
  return text(live) === text(revision);
}
