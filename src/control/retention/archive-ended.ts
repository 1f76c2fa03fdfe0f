import { ARCHIVE_BATCH, ConflictError } from '../../base/index.ts';
import {
  type Archive,
  type ArchiveEntry,
  type Cluster,
  type Execution,
  endOf,
  findObject,
  type KubeObject,
  keepsResults,
  LABEL,
  type MapResults,
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
  const { promise, resolve } = Promise.withResolvers<void>();
  const keys = due.map(({ namespace, name }) => `${namespace}/${name}`);
  // Before they are read: somebody may delete one from now on.
  for (const key of keys) archive.moves.set(key, promise);
  try {
    return await move(cluster, archive, due);
  } finally {
    for (const key of keys) archive.moves.delete(key);
    resolve();
  }
}

async function move(cluster: Cluster, archive: Archive, due: readonly Ended[]): Promise<number> {
  const found = await Promise.all(due.map((ended) => readEnded(cluster, ended)));
  const executions = await withoutLiveChildren(
    cluster,
    found.flatMap((execution) => execution ?? []),
  );
  if (executions.length === 0) return 0;
  const pods = await ownedBy<Pod>(cluster, 'Pod', executions.filter(hasAttempts));
  const results = await ownedBy<MapResults>(cluster, 'MapResults', executions.filter(hasResults));
  await archive.put(
    executions.map((execution): ArchiveEntry => {
      const key = keyOf(execution);
      return { execution, attempts: pods.get(key) ?? [], results: results.get(key) ?? [] };
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

/** What these executions own, in one pass: a list for each would read the namespace a hundred times. */
async function ownedBy<T extends KubeObject>(
  cluster: Cluster,
  kind: 'Pod' | 'MapResults',
  executions: readonly Execution[],
): Promise<ReadonlyMap<string, T[]>> {
  const owned = new Map(executions.map((execution) => [keyOf(execution), [] as T[]]));
  const ofUid = new Map(executions.map((execution) => [execution.metadata.uid ?? '', owned.get(keyOf(execution))]));
  const namespaces = new Set(executions.map(({ metadata }) => metadata.namespace ?? ''));
  for (const namespace of namespaces) {
    await eachOf<T>(cluster, kind, { namespace, labelSelector: LABEL.execution }, (object) => {
      for (const { uid } of object.metadata.ownerReferences ?? []) ofUid.get(uid)?.push(object);
    });
  }
  return owned;
}

function hasAttempts({ status }: Execution): boolean {
  return Object.values(status?.nodes ?? {}).some((node) => node.attempt !== undefined || node.map !== undefined);
}

function hasResults({ status }: Execution): boolean {
  return Object.values(status?.nodes ?? {}).some(keepsResults);
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
