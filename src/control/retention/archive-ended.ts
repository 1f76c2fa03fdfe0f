import { ARCHIVE_BATCH, ConflictError } from '../../base/index.ts';
import {
  ANNOTATION,
  type Archive,
  type ArchiveEntry,
  type Cluster,
  type Execution,
  endOf,
  findObject,
  LABEL,
  NotFoundError,
  type Pod,
  type Write,
} from '../../cluster/index.ts';
import { eachOf } from './list-ended.ts';
import type { Ended } from './policy.ts';

/**
 * Moves executions that are over from the live objects to the archive: written there, durably, before they are deleted
 * here. So none is ever in neither; one that a crash leaves in both is put in again and deleted by the next pass.
 * Resolves with how many were moved. One that somebody changes meanwhile stays for the next pass.
 */
export async function archiveEnded(
  cluster: Cluster,
  archive: Archive,
  due: readonly Ended[],
  isStopped: () => boolean,
): Promise<number> {
  let moved = 0;
  for (let start = 0; start < due.length && !isStopped(); start += ARCHIVE_BATCH) {
    moved += await moveBatch(cluster, archive, due.slice(start, start + ARCHIVE_BATCH));
  }
  return moved;
}

async function moveBatch(cluster: Cluster, archive: Archive, due: readonly Ended[]): Promise<number> {
  const found = await Promise.all(due.map((ended) => readEnded(cluster, ended)));
  const executions = await withoutLiveChildren(
    cluster,
    found.flatMap((execution) => execution ?? []),
  );
  if (executions.length === 0) return 0;
  const pods = await podsOf(cluster, executions);
  await archive.put(
    executions.map((execution): ArchiveEntry => {
      return { execution, attempts: pods.get(keyOf(execution)) ?? [] };
    }),
  );
  return deleteAll(cluster, executions);
}

async function readEnded(cluster: Cluster, { namespace, name, uid }: Ended): Promise<Execution | undefined> {
  const execution = await findObject<Execution>(cluster, { kind: 'Execution', namespace, name });
  if (execution === undefined || endOf(execution) === undefined) return undefined;
  return uid === undefined || execution.metadata.uid === uid ? execution : undefined;
}

/**
 * Deleting an execution deletes what it owns. Its children end before it does and are archived as others are, but one
 * that a person kept from ending must not vanish with it: then the parent stays for a later pass.
 */
async function withoutLiveChildren(cluster: Cluster, executions: readonly Execution[]): Promise<readonly Execution[]> {
  const parents = executions.filter(hasChildren);
  if (parents.length === 0) return executions;
  const owners = new Map<string, Execution[]>();
  await eachOf<Execution>(cluster, 'Execution', { labelSelector: LABEL.parent }, (child) => {
    for (const { uid } of child.metadata.ownerReferences ?? []) owners.set(uid, [...(owners.get(uid) ?? []), child]);
  });
  const batch = new Set(executions.map(({ metadata }) => metadata.uid));
  return executions.filter((execution) => {
    const children = owners.get(execution.metadata.uid ?? '') ?? [];
    return children.every(({ metadata }) => batch.has(metadata.uid));
  });
}

function hasChildren({ status }: Execution): boolean {
  return Object.values(status?.nodes ?? {}).some((node) => 'child' in node);
}

/** Pods of all these executions in one pass: a list for each would read the namespace a hundred times. */
async function podsOf(cluster: Cluster, executions: readonly Execution[]): Promise<ReadonlyMap<string, Pod[]>> {
  const found = new Map<string, Pod[]>();
  const namespaces = new Set<string>();
  for (const execution of executions) {
    if (!hasAttempts(execution)) continue;
    namespaces.add(execution.metadata.namespace ?? '');
    found.set(keyOf(execution), []);
  }
  const uids = new Map(executions.map((execution) => [keyOf(execution), execution.metadata.uid]));
  for (const namespace of namespaces) {
    await eachOf<Pod>(cluster, 'Pod', { namespace, labelSelector: LABEL.execution }, (pod) => {
      const { annotations, labels, ownerReferences = [] } = pod.metadata;
      const key = `${namespace}/${annotations?.[ANNOTATION.execution] ?? labels?.[LABEL.execution]}`;
      // An execution of the same name that was deleted before may have left pods that are still being collected.
      if (ownerReferences.length === 0 || ownerReferences.some(({ uid }) => uid === uids.get(key))) {
        found.get(key)?.push(pod);
      }
    });
  }
  return found;
}

function hasAttempts({ status }: Execution): boolean {
  return Object.values(status?.nodes ?? {}).some((node) => node.attempt !== undefined || node.map !== undefined);
}

async function deleteAll(cluster: Cluster, executions: readonly Execution[]): Promise<number> {
  const deletes = executions.map(({ metadata: { namespace = '', name, uid, resourceVersion } }): Write => {
    const condition = { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) };
    return { op: 'delete', key: { kind: 'Execution', namespace, name }, if: condition };
  });
  try {
    await cluster.write(deletes, { discard: true });
    return deletes.length;
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  // One of them changed or went: the others go one by one.
  let deleted = 0;
  for (const write of deletes) {
    try {
      await cluster.write([write], { discard: true });
      deleted++;
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
  return deleted;
}

function isRefusal(error: unknown): boolean {
  return error instanceof NotFoundError || error instanceof ConflictError;
}

function keyOf({ metadata }: Execution): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
