import { CACHE_RETENTION, instantMs, REFLECTOR_PAGE_SIZE, type UnixMs } from '../../base/index.ts';
import { type CacheEntry, type Cluster, type Execution, findObject, isTerminalPhase } from '../../cluster/index.ts';
import type { Ended } from './policy.ts';

interface Kept extends Ended {
  readonly bytes: number;
}

/**
 * Cache entries to delete: those that expired, the oldest past the bounds of number and bytes, and old reservations that
 * nobody holds any more. Reads all entries once, page by page.
 */
export async function staleCacheEntries(
  cluster: Cluster,
  now: UnixMs,
  limits: {
    readonly maxEntries: number;
    readonly maxBytes: number;
    readonly staleReservationMs: number;
  } = CACHE_RETENTION,
): Promise<readonly Ended[]> {
  const stale: Ended[] = [];
  const kept: Kept[] = [];
  for (let continueToken: string | undefined; ; ) {
    const page = { limit: REFLECTOR_PAGE_SIZE, ...(continueToken !== undefined && { continueToken }) };
    const list = await cluster.list<CacheEntry>('CacheEntry', page);
    for (const entry of list.items) {
      const its = endedOf(entry);
      if (its === undefined) continue;
      const isStale = await isStaleEntry(cluster, entry, now, limits.staleReservationMs);
      if (isStale) stale.push(its);
      else kept.push({ ...its, bytes: Buffer.byteLength(entry.spec.outputs ?? '') });
    }
    continueToken = list.continueToken;
    if (continueToken === undefined) break;
  }
  return [...stale, ...beyond(kept, limits)];
}

function endedOf({ metadata, spec }: CacheEntry): Ended | undefined {
  const { namespace = '', name, uid, creationTimestamp } = metadata;
  const finishedAt = instantMs(spec.madeAt) ?? instantMs(spec.reservation?.since) ?? instantMs(creationTimestamp);
  return finishedAt === undefined ? undefined : { namespace, name, uid, finishedAt };
}

async function isStaleEntry(
  cluster: Cluster,
  { metadata, spec }: CacheEntry,
  now: UnixMs,
  staleReservationMs: number,
): Promise<boolean> {
  if (spec.outputs !== undefined) return (instantMs(spec.expiresAt) ?? Number.POSITIVE_INFINITY) <= now;
  const { reservation } = spec;
  if (reservation === undefined) return true;
  if (now - (instantMs(reservation.since) ?? 0) < staleReservationMs) return false;
  const key = { kind: 'Execution', namespace: metadata.namespace ?? '', name: reservation.execution };
  const holder = await findObject<Execution>(cluster, key);
  if (holder === undefined || holder.metadata.uid !== reservation.uid) return true;
  return isTerminalPhase(holder.status?.phase ?? 'Pending');
}

/** The oldest ones past the bounds. */
function beyond(kept: readonly Kept[], { maxEntries, maxBytes }: { maxEntries: number; maxBytes: number }): Ended[] {
  let bytes = 0;
  const newestFirst = [...kept].sort((a, b) => b.finishedAt - a.finishedAt);
  return newestFirst.filter((entry, place) => {
    bytes += entry.bytes;
    return place >= maxEntries || bytes > maxBytes;
  });
}
