import { BLOB_SWEEP, type Log, parseBlobRefs, type UnixMs } from '../../base/index.ts';
import type { BlobEntry, BlobStore } from '../../blobs/index.ts';
import { ANNOTATION, type CacheEntry, type Cluster, OUTPUTS_STORED, type Pod } from '../../cluster/index.ts';
import { eachOf } from './list-ended.ts';

/** Keeps a blob from being stored and deleted at the same time. */
export interface BlobUse {
  /** Runs what stores blobs. */
  storing<T>(work: () => Promise<T>): Promise<T>;
  /** Runs what deletes one, unless something is being stored: it may be that. Resolves with whether it ran. */
  deleting(work: () => Promise<void>): Promise<boolean>;
}

/** What sweeps of the object store have done, and what the last one found. */
export interface BlobStats {
  blobs: number;
  bytes: number;
  deleted: number;
  deletedBytes: number;
  unfinished: number;
}

export interface BlobSweepOptions {
  readonly cluster: Cluster;
  /** Undefined: git names no store. Rejects as BlobStore does. */
  readonly store: () => Promise<BlobStore | undefined>;
  readonly use: BlobUse;
  readonly log: Log;
  readonly limits?: BlobSweepLimits;
}

export interface BlobSweepLimits {
  /** What was written later is never taken: it may be about to be named. */
  readonly minAgeMs: number;
  /** Between the first pass that finds no use for a blob and the one that deletes it. */
  readonly graceMs: number;
  readonly unfinishedMs: number;
  readonly maxDeletes: number;
  readonly maxCandidates: number;
}

export interface BlobSweep {
  readonly stats: BlobStats;
  /** One pass. `named`: digests that executions name, live and archived. */
  run(named: ReadonlySet<string>, now: UnixMs): Promise<void>;
}

export function createBlobUse(): BlobUse {
  let storing = 0;
  let deletion: Promise<unknown> | undefined;
  return {
    async storing(work) {
      while (deletion !== undefined) await deletion;
      storing++;
      try {
        return await work();
      } finally {
        storing--;
      }
    },
    async deleting(work) {
      while (deletion !== undefined) await deletion;
      if (storing > 0) return false;
      const mine = work().finally(() => {
        deletion = undefined;
      });
      deletion = mine.catch(() => undefined);
      await mine;
      return true;
    },
  };
}

/**
 * Deletes blobs that nothing names any more: no execution, no cache entry, no attempt. One goes when it is old, and two
 * passes, a good while apart, have found no use for it: what is taken over from an execution that is deleted meanwhile stays.
 */
export function createBlobSweep(options: BlobSweepOptions): BlobSweep {
  const { limits = BLOB_SWEEP } = options;
  const stats: BlobStats = { blobs: 0, bytes: 0, deleted: 0, deletedBytes: 0, unfinished: 0 };
  /** Since when no use was found. A restart forgets it, which only puts their end off. */
  const unused = new Map<string, UnixMs>();
  return {
    stats,
    async run(executions, now) {
      const store = await options.store();
      if (store === undefined) return;
      stats.unfinished += await store.dropUnfinished(now - limits.unfinishedMs);
      const named = new Set(executions);
      await nameOthers(options.cluster, named);
      const due = await dueOf(store, { named, unused, limits, stats }, now);
      let deleted = 0;
      for (const { digest, sizeBytes } of due) {
        const isDone = await options.use.deleting(async () => {
          // It may have been stored again since it was listed.
          const entry = await store.head(digest);
          if (entry === undefined || now - entry.modifiedAt < limits.minAgeMs) return;
          await store.delete(digest);
          deleted++;
          stats.deleted++;
          stats.deletedBytes += sizeBytes;
        });
        if (isDone) unused.delete(digest);
      }
      if (deleted > 0) options.log.write('info', 'blobs without use deleted', { count: deleted, place: store.place });
    },
  };
}

interface Sweeping {
  readonly named: ReadonlySet<string>;
  readonly unused: Map<string, UnixMs>;
  readonly limits: BlobSweepLimits;
  readonly stats: BlobStats;
}

async function dueOf(store: BlobStore, sweeping: Sweeping, now: UnixMs): Promise<readonly BlobEntry[]> {
  const { named, unused, limits, stats } = sweeping;
  const due: BlobEntry[] = [];
  const before = new Map(unused);
  unused.clear();
  let blobs = 0;
  let bytes = 0;
  for await (const entry of store.list()) {
    blobs++;
    bytes += entry.sizeBytes;
    const isOld = now - entry.modifiedAt >= limits.minAgeMs;
    if (named.has(entry.digest) || !isOld) continue;
    const since = before.get(entry.digest) ?? now;
    if (unused.size < limits.maxCandidates) unused.set(entry.digest, since);
    if (before.has(entry.digest) && now - since >= limits.graceMs && due.length < limits.maxDeletes) due.push(entry);
  }
  stats.blobs = blobs;
  stats.bytes = bytes;
  return due;
}

/** Adds what cache entries and attempts name. */
async function nameOthers(cluster: Cluster, named: Set<string>): Promise<void> {
  const add = (text: string | undefined): void => {
    const refs = text === undefined ? undefined : parseBlobRefs(text);
    for (const { digest } of Object.values(refs ?? {})) named.add(digest);
  };
  await eachOf<CacheEntry>(cluster, 'CacheEntry', {}, ({ spec }) => add(spec.storedOutputs));
  await eachOf<Pod>(cluster, 'Pod', {}, ({ metadata, status }) => {
    add(metadata.annotations?.[ANNOTATION.storedInputs]);
    add(status?.conditions?.find(({ type }) => type === OUTPUTS_STORED)?.message);
  });
}
