import { COLLECTION, instantMs, type Log, type UnixMs } from '../../base/index.ts';
import {
  type Archive,
  type Closure,
  type Cluster,
  NotFoundError,
  type Revision,
  SYSTEM_NAMESPACE,
  type Write,
} from '../../cluster/index.ts';
import type { ClosureUse } from '../closures/index.ts';
import type { BlobSweep } from './blobs.ts';
import { eachOf } from './list-ended.ts';
import { markIndex, type Referenced, referenced } from './reachable.ts';

export interface CollectOptions {
  readonly cluster: Cluster;
  readonly archive?: Archive;
  readonly use: ClosureUse;
  readonly log: Log;
  /** Of the object store, where values may be kept in one. */
  readonly blobs?: BlobSweep;
  readonly limits?: CollectionLimits;
}

export interface CollectionLimits {
  /** Revisions that nothing refers to are kept for so long, and the newest of each repository for ever. */
  readonly revisionAgeMs: number;
  readonly newestRevisions: number;
  /** A closure must have been without use for so long. */
  readonly graceMs: number;
}

/** What a pass deleted. */
export interface Collected {
  readonly revisions: number;
  readonly closures: number;
}

/** Closures that nothing was found to use → since when. A restart forgets them, which only puts their end off. */
export type Unused = Map<string, UnixMs>;

/**
 * Deletes revisions, then closures, that nothing refers to. A revision goes before what only it has, so none is ever
 * there without its parts; what a crash leaves of them is found by a later pass. A closure goes when two passes, a good
 * while apart, have found no use for it, and never while a push is under way.
 */
export async function collect(options: CollectOptions, unused: Unused, now: UnixMs): Promise<Collected> {
  const { cluster, archive, use, log, limits = COLLECTION } = options;
  const found = await referenced(cluster, archive);
  const revisions = await listRevisions(cluster);
  for (const name of kept(revisions, limits, now)) found.revisions.add(name);
  const dead = [...revisions.values()].filter(({ name }) => !found.revisions.has(name));
  for (const { name, index } of revisions.values()) {
    if (index !== undefined && found.revisions.has(name)) await markIndex(cluster, index, found.closures);
  }
  let deleted = 0;
  for (const batch of batchesOf(dead)) {
    deleted += await use.collecting((used) =>
      deleteAll(
        cluster,
        'Revision',
        batch.map(({ name }) => name).filter((name) => !used.has(name)),
      ),
    );
  }
  const stored = await listClosures(cluster);
  const due = dueOf(stored, found, unused, limits, now);
  let closures = 0;
  for (const batch of batchesOf(due)) {
    closures += await use.collecting(async (used) => {
      // What was pushed since this pass began may use what it has found without use.
      await markUsed(cluster, used, found);
      const wanted = withChunks(found.closures, stored);
      return deleteAll(
        cluster,
        'Closure',
        batch.filter((name) => !wanted.has(name)),
      );
    });
    for (const name of batch) unused.delete(name);
  }
  await options.blobs?.run(found.blobs, now).catch((error: unknown) => {
    log.write('warn', 'blobs without use could not be deleted', { error: String(error) });
  });
  return { revisions: deleted, closures };
}

interface KnownRevision {
  readonly name: string;
  readonly repository: string;
  readonly index: string | undefined;
  readonly createdAt: UnixMs;
}

async function listRevisions(cluster: Cluster): Promise<ReadonlyMap<string, KnownRevision>> {
  const revisions = new Map<string, KnownRevision>();
  await eachOf<Revision>(cluster, 'Revision', { namespace: SYSTEM_NAMESPACE }, ({ metadata, spec }) => {
    const createdAt = instantMs(metadata.creationTimestamp) ?? 0;
    const { name } = metadata;
    revisions.set(name, { name, repository: spec.repository, index: spec.index, createdAt });
  });
  return revisions;
}

/** Names of revisions that stay though nothing refers to them. */
function kept(
  revisions: ReadonlyMap<string, KnownRevision>,
  { revisionAgeMs, newestRevisions }: CollectionLimits,
  now: UnixMs,
): readonly string[] {
  const places = new Map<string, number>();
  const newestFirst = [...revisions.values()].sort((a, b) => b.createdAt - a.createdAt);
  return newestFirst.flatMap(({ name, repository, createdAt }) => {
    const place = places.get(repository) ?? 0;
    places.set(repository, place + 1);
    return place < newestRevisions || now - createdAt < revisionAgeMs ? [name] : [];
  });
}

/** Names of all closures → the chunks that one consists of, where it does. */
async function listClosures(cluster: Cluster): Promise<ReadonlyMap<string, readonly string[]>> {
  const closures = new Map<string, readonly string[]>();
  await eachOf<Closure>(cluster, 'Closure', { namespace: SYSTEM_NAMESPACE }, ({ metadata, spec }) => {
    closures.set(metadata.name, spec.chunks ?? NO_CHUNKS);
  });
  return closures;
}

const NO_CHUNKS: readonly string[] = [];

/** Closures to delete now; those that are found without use for the first time are remembered. */
function dueOf(
  stored: ReadonlyMap<string, readonly string[]>,
  { closures }: Referenced,
  unused: Unused,
  { graceMs }: CollectionLimits,
  now: UnixMs,
): readonly string[] {
  const wanted = withChunks(closures, stored);
  for (const name of unused.keys()) if (wanted.has(name) || !stored.has(name)) unused.delete(name);
  const due: string[] = [];
  for (const name of stored.keys()) {
    if (wanted.has(name)) continue;
    const since = unused.get(name);
    if (since === undefined) unused.set(name, now);
    else if (now - since >= graceMs) due.push(name);
  }
  return due;
}

function withChunks(
  closures: ReadonlySet<string>,
  stored: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const all = new Set(closures);
  for (const name of closures) for (const chunk of stored.get(name) ?? []) all.add(chunk);
  return all;
}

async function markUsed(
  cluster: Cluster,
  used: ReadonlySet<string>,
  { revisions, closures }: Referenced,
): Promise<void> {
  for (const name of used) {
    if (revisions.has(name)) continue;
    const key = { kind: 'Revision', namespace: SYSTEM_NAMESPACE, name };
    const index = await cluster.get<Revision>(key).then(
      ({ spec }) => spec.index,
      (error: unknown) => {
        if (error instanceof NotFoundError) return undefined;
        throw error;
      },
    );
    if (index !== undefined) await markIndex(cluster, index, closures);
    revisions.add(name);
  }
}

function batchesOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const batches: (readonly T[])[] = [];
  for (let start = 0; start < items.length; start += COLLECTION.batch) {
    batches.push(items.slice(start, start + COLLECTION.batch));
  }
  return batches;
}

async function deleteAll(cluster: Cluster, kind: string, names: readonly string[]): Promise<number> {
  if (names.length === 0) return 0;
  const deletes = names.map((name): Write => ({ op: 'delete', key: { kind, namespace: SYSTEM_NAMESPACE, name } }));
  try {
    await cluster.write(deletes, { discard: true });
    return names.length;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
  // Somebody else has deleted one of them: the others go one by one.
  let deleted = 0;
  for (const write of deletes) {
    try {
      await cluster.write([write], { discard: true });
      deleted += 1;
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }
  return deleted;
}
