import { MAX_FETCHED_BLOBS } from '../base/index.ts';
import type { Oid } from './oid.ts';
import type { ObjectReader } from './reader.ts';

/**
 * A reader of a repository whose fetches left blobs out: a blob that is not there is fetched when it is read. All that
 * are found missing while others are still being looked for are fetched together; one that the remote does not have
 * either is missing, and not asked for again. Errors: those of `local` and of `fetch`.
 */
export function withMissingBlobs(
  local: ObjectReader,
  fetch: (blobs: readonly Oid[]) => Promise<void>,
): ObjectReader & { prefetch(blobs: readonly Oid[]): Promise<void> } {
  const tried = new Set<Oid>();
  let looking = 0;
  let round: { readonly blobs: Set<Oid>; readonly done: Promise<void>; readonly start: () => void } | undefined;

  const fetchAll = async (blobs: readonly Oid[]): Promise<void> => {
    for (let at = 0; at < blobs.length; at += MAX_FETCHED_BLOBS) {
      const part = blobs.slice(at, at + MAX_FETCHED_BLOBS);
      await fetch(part);
      if (tried.size > MAX_REMEMBERED_BLOBS) tried.clear();
      for (const blob of part) tried.add(blob);
    }
  };
  const join = (blob: Oid): Promise<void> => {
    if (round === undefined) {
      const blobs = new Set<Oid>();
      const { promise, resolve } = Promise.withResolvers<void>();
      round = { blobs, done: promise.then(() => fetchAll([...blobs])), start: resolve };
      // Whoever waits handles the failure.
      round.done.catch(() => undefined);
    }
    round.blobs.add(blob);
    return round.done;
  };
  const startWhenAllLooked = (): void => {
    if (looking > 0) return;
    round?.start();
    round = undefined;
  };
  return {
    async read(oid, maxBytes, expected) {
      looking += 1;
      let waiting: Promise<void> | undefined;
      try {
        const found = await local.read(oid, maxBytes, expected);
        if (found.kind !== 'missing' || expected !== 'blob' || tried.has(oid)) return found;
        waiting = join(oid);
      } finally {
        looking -= 1;
        startWhenAllLooked();
      }
      await waiting;
      return local.read(oid, maxBytes, expected);
    },
    prefetch: fetchAll,
  };
}

const MAX_REMEMBERED_BLOBS = 100_000;
