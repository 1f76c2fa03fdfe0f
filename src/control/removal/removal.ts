import { type Clock, type Json, type Log, type Random, RECONCILE_BACKOFF, RECONCILE_PAGE } from '../../base/index.ts';
import {
  type Cluster,
  findObject,
  LABEL,
  type ObjectKey,
  REPOSITORY_FINALIZER,
  type Repository,
  type Revision,
  reflect,
  SYSTEM_NAMESPACE,
  type Write,
} from '../../cluster/index.ts';
import { createKeyQueue } from '../reconciler/index.ts';

export interface RemovalOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Deletes what this control plane holds of a repository's commits, while no push to it is decided. */
  readonly removeObjects: (repository: string) => Promise<void>;
}

export interface Removal {
  /** Stops after the step at hand. */
  close(): Promise<void>;
}

/** Gives every repository its finalizer, and carries out the removal of those that somebody deleted. */
export function startRemoval(options: RemovalOptions): Removal {
  const { cluster, clock, random, log } = options;
  const ending = new AbortController();
  const queue = createKeyQueue({ clock, log, backoff: RECONCILE_BACKOFF, work: (name) => attend(options, name) });
  const reflector = reflect<Repository>(
    cluster,
    'Repository',
    { namespace: SYSTEM_NAMESPACE, clock, random, log },
    {
      changed(changes) {
        for (const change of changes) if (change.type === 'set') queue.add(change.object.metadata.name);
      },
    },
    ending.signal,
  );
  return {
    async close() {
      ending.abort();
      await queue.close();
      await reflector.done;
    },
  };
}

/** One step: the change that it makes, or the reconciler's, brings the next. */
async function attend({ cluster, log, removeObjects }: RemovalOptions, name: string): Promise<void> {
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
  const repository = await findObject<Repository>(cluster, key);
  if (repository === undefined) return;
  const { deletionTimestamp, finalizers = [] } = repository.metadata;
  if (deletionTimestamp === undefined) {
    if (!finalizers.includes(REPOSITORY_FINALIZER)) {
      await putFinalizers(cluster, key, repository, [...finalizers, REPOSITORY_FINALIZER]);
    }
    return;
  }
  if (!finalizers.includes(REPOSITORY_FINALIZER)) return;
  const domains = Object.entries(repository.status?.domains ?? {});
  const tracking = domains.filter(([, { ref }]) => ref !== '');
  if (tracking.length > 0) {
    // A domain without a ref is one that no project declares: it is emptied and forgotten.
    const patch = Object.fromEntries(tracking.map(([domain]): [string, Json] => [domain, { ref: '', desired: null }]));
    await cluster.write([{ op: 'patchStatus', key, patch: { domains: patch } }], { discard: true });
    return;
  }
  if (domains.length > 0) return;
  await removeRevisions(cluster, name);
  await removeObjects(name);
  log.write('info', 'a repository was removed', { repository: name });
  await putFinalizers(
    cluster,
    key,
    repository,
    finalizers.filter((finalizer) => finalizer !== REPOSITORY_FINALIZER),
  );
}

/** Its closures may be another repository's as well: who keeps nothing that nobody refers to sees to them. */
async function removeRevisions(cluster: Cluster, repository: string): Promise<void> {
  const selection = {
    namespace: SYSTEM_NAMESPACE,
    labelSelector: `${LABEL.repository}=${repository}`,
    limit: RECONCILE_PAGE,
  };
  for (;;) {
    const { items } = await cluster.list<Revision>('Revision', selection);
    if (items.length === 0) return;
    const deletes = items.map(
      ({ metadata }): Write => ({
        op: 'delete',
        key: { kind: 'Revision', namespace: SYSTEM_NAMESPACE, name: metadata.name },
      }),
    );
    await cluster.write(deletes, { discard: true });
  }
}

/** At the version that was read: others have finalizers of their own. */
async function putFinalizers(
  cluster: Cluster,
  key: ObjectKey,
  { metadata }: Repository,
  finalizers: readonly string[],
): Promise<void> {
  const { resourceVersion } = metadata;
  const patch = { metadata: { finalizers: finalizers.length === 0 ? null : [...finalizers] } };
  await cluster.write(
    [{ op: 'patch', key, patch, ...(resourceVersion !== undefined && { if: { resourceVersion } }) }],
    {
      discard: true,
    },
  );
}
