import type { Archive } from './archive.ts';
import { AlreadyExistsError, NotFoundError } from './errors.ts';
import type { KubeObject, ObjectKey } from './object.ts';
import type { Cluster, ListOptions, ObjectList, Write, WriteOptions } from './port.ts';

/**
 * A cluster in which executions that were archived can still be read by name, searched (`ListOptions.archived`) and
 * deleted, and in which their names stay taken. Everything else, and every batch that neither creates nor deletes
 * an execution, goes straight through.
 */
export function withArchive(cluster: Cluster, archive: Archive): Cluster {
  return {
    // What is on its way is in the archive before it leaves the live objects, so these are asked first.
    async get<T extends KubeObject>(key: ObjectKey): Promise<T> {
      try {
        return await cluster.get<T>(key);
      } catch (error) {
        const found = error instanceof NotFoundError ? findArchived(archive, key) : undefined;
        if (found === undefined) throw error;
        return found as T;
      }
    },
    list<T extends KubeObject>(kind: string, options?: ListOptions): Promise<ObjectList<T>> {
      if (options?.archived === undefined) return cluster.list<T>(kind, options);
      return listArchived(archive, kind, options) as Promise<ObjectList<T>>;
    },
    watch: (kind, options) => cluster.watch(kind, options),
    write: (writes, options) => {
      for (const write of writes) if (isOfName(write)) return writeChecked(cluster, archive, writes, options);
      return cluster.write(writes, options);
    },
    podLogs: (key, options) => cluster.podLogs(key, options),
    ...(cluster.storedOutput && { storedOutput: cluster.storedOutput }),
    ...(cluster.prepare && { prepare: (writes) => cluster.prepare?.(writes) }),
    ...(cluster.writesOneByOne && { writesOneByOne: true }),
  };
}

/** Whether the write gives or takes an execution's name. */
function isOfName(write: Write): boolean {
  if (write.op === 'create') return write.object.kind === 'Execution';
  return (write.op === 'createAlike' || write.op === 'delete') && write.key.kind === 'Execution';
}

function findArchived(archive: Archive, { kind, namespace = '', name }: ObjectKey): KubeObject | undefined {
  if (kind === 'Execution') return archive.find(namespace, name);
  return kind === 'Pod' ? archive.findAttempt(namespace, name) : undefined;
}

async function listArchived(archive: Archive, kind: string, options: ListOptions): Promise<ObjectList> {
  const { archived = {}, namespace = '' } = options;
  if (kind === 'Execution') return archive.list(archived, options);
  return { items: ownedBy(archive, kind, namespace, archived.execution), resourceVersion: '0' };
}

function ownedBy(
  archive: Archive,
  kind: string,
  namespace: string,
  execution: string | undefined,
): readonly KubeObject[] {
  if (execution === undefined) return [];
  if (kind === 'Pod') return archive.attempts(namespace, execution);
  return kind === 'MapResults' ? archive.results(namespace, execution) : [];
}

/** Looks and write happen in one turn: an execution that is archived in between is found in one place or the other. */
function writeChecked(
  cluster: Cluster,
  archive: Archive,
  writes: readonly Write[],
  options: WriteOptions | undefined,
): Promise<readonly KubeObject[]> {
  const taken = firstTaken(archive, writes);
  if (taken !== undefined) return Promise.reject(new AlreadyExistsError(taken));
  const written = cluster.write(writes, options);
  if (options?.dryRun === true) return written;
  const [only] = writes;
  return writes.length === 1 && only?.op === 'delete' ? deleteEverywhere(archive, only.key, written) : written;
}

/** The first execution that would be created under the name of one that is archived. */
function firstTaken(archive: Archive, writes: readonly Write[]): ObjectKey | undefined {
  const byNamespace = new Map<string, string[]>();
  for (const write of writes) {
    const created = createdKey(write);
    if (created?.kind !== 'Execution') continue;
    const { namespace = '', name } = created;
    const names = byNamespace.get(namespace);
    if (names === undefined) byNamespace.set(namespace, [name]);
    else names.push(name);
  }
  for (const [namespace, names] of byNamespace) {
    const taken = archive.taken(namespace, names);
    const name = taken.size === 0 ? undefined : names.find((each) => taken.has(each));
    if (name !== undefined) return { kind: 'Execution', namespace, name };
  }
  return undefined;
}

function createdKey(write: Write): ObjectKey | undefined {
  if (write.op === 'createAlike') return write.key;
  return write.op === 'create' ? { ...write.object.metadata, kind: write.object.kind } : undefined;
}

async function deleteEverywhere(
  archive: Archive,
  key: ObjectKey,
  deleted: Promise<readonly KubeObject[]>,
): Promise<readonly KubeObject[]> {
  const { namespace = '', name } = key;
  let answer: readonly KubeObject[] | undefined;
  try {
    answer = await deleted;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    const found = archive.find(namespace, name);
    if (found === undefined) throw error;
    answer = [found];
  }
  // What is being moved was read before it was deleted, and is put away after.
  await archive.moves.get(`${namespace}/${name}`);
  // A crash between the two halves of archiving leaves a copy, which must not outlive the object.
  if (archive.find(namespace, name) !== undefined) await archive.remove(namespace, name);
  return answer;
}
