import { BugError, COLLECTION } from '../../base/index.ts';
import {
  type Archive,
  type Cluster,
  DEFINITION_KINDS,
  type DefinitionSource,
  type Execution,
  entityKey,
  type KubeObject,
  type LaunchPlan,
  loadIndexBucket,
  loadIndexRoot,
  NotFoundError,
  type Repository,
  SYSTEM_NAMESPACE,
} from '../../cluster/index.ts';
import { eachOf } from './list-ended.ts';

/** What something refers to: revisions by name, closures and blobs by digest; blobs only of executions. */
export interface Referenced {
  readonly revisions: Set<string>;
  readonly closures: Set<string>;
  readonly blobs: Set<string>;
}

/**
 * All that is referred to from outside of revisions: heads, what domains want, show and showed, active definitions, and
 * executions, live and archived. Executions are read live first: one that is archived meanwhile is found there.
 */
export async function referenced(cluster: Cluster, archive: Archive | undefined): Promise<Referenced> {
  const found: Referenced = { revisions: new Set(), closures: new Set(), blobs: new Set() };
  await eachOf<Repository>(cluster, 'Repository', { namespace: SYSTEM_NAMESPACE }, ({ metadata, status }) => {
    const commits = [...Object.values(status?.heads ?? {})];
    for (const { desired, lastAttempted, lastApplied, history = [] } of Object.values(status?.domains ?? {})) {
      commits.push(...[desired, lastAttempted, lastApplied].flatMap((commit) => commit ?? []));
      commits.push(...history.map(({ commit }) => commit));
    }
    for (const commit of commits) found.revisions.add(`${metadata.name}-${commit}`);
  });
  for (const kind of DEFINITION_KINDS) await eachOf(cluster, kind, {}, (object) => noteDefinition(found, object));
  await eachOf<Execution>(cluster, 'Execution', {}, (execution) => noteExecution(found, execution));
  for (let continueToken: string | undefined; archive !== undefined; ) {
    const page = { limit: COLLECTION.archivePage, ...(continueToken !== undefined && { continueToken }) };
    const list = await archive.list({}, page);
    for (const execution of list.items) noteExecution(found, execution);
    continueToken = list.continueToken;
    if (continueToken === undefined) break;
  }
  return found;
}

function noteDefinition({ revisions, closures }: Referenced, { spec }: KubeObject): void {
  const { repository, commit, closure, workflowClosure } = (spec ?? {}) as Partial<
    DefinitionSource & LaunchPlan['spec']
  >;
  if (repository !== undefined && commit !== undefined) revisions.add(`${repository}-${commit}`);
  if (closure !== undefined) closures.add(closure);
  if (workflowClosure !== undefined) closures.add(workflowClosure);
}

function noteExecution({ revisions, closures, blobs }: Referenced, { spec, status }: Execution): void {
  revisions.add(`${spec.repository}-${spec.commit}`);
  closures.add(spec.closure);
  // Workflows that its tasks have written are in no revision.
  for (const { closure, storedOutputs } of Object.values(status?.nodes ?? {})) {
    if (closure !== undefined) closures.add(closure);
    if (storedOutputs !== undefined) for (const { digest } of Object.values(storedOutputs)) blobs.add(digest);
  }
  for (const { digest } of Object.values(status?.storedOutputs ?? {})) blobs.add(digest);
}

/** Adds to `closures` the index named by `root`, its pages, and all entities that they name; what is in it is passed over. */
export async function markIndex(cluster: Cluster, root: string, closures: Set<string>): Promise<void> {
  if (closures.has(root)) return;
  try {
    const { buckets } = await loadIndexRoot(cluster, root);
    for (const bucket of Object.values(buckets)) {
      if (closures.has(bucket)) continue;
      for (const { kind, name, digest } of await loadIndexBucket(cluster, bucket)) {
        closures.add(digest);
        if (closures.size > COLLECTION.maxClosures) {
          throw new BugError(`more than ${COLLECTION.maxClosures} closures are in use, at ${entityKey(kind, name)}`);
        }
      }
      closures.add(bucket);
    }
    closures.add(root);
  } catch (error) {
    // A revision that is deleted meanwhile takes nothing with it that another one has.
    if (!(error instanceof NotFoundError)) throw error;
  }
}
