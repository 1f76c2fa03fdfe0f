import { type Clock, REMEMBERED_USES, type UnixMs } from '../../base/index.ts';

/**
 * Lets pushes and the collection of what nothing refers to keep out of each other's way, inside of one process: a push
 * reuses closures that are stored, and relies on their still being there when its revision is.
 */
export interface ClosureUse {
  /** Runs work that may reuse what is stored; nothing is collected meanwhile. Any number at a time. */
  reusing<T>(work: () => Promise<T>): Promise<T>;
  /** Notes that a revision is about to be referred to, though nothing that is stored says so yet. */
  used(revision: string): void;
  /** Runs work that deletes, alone. `used` names the revisions that were noted of late. */
  collecting<T>(work: (used: ReadonlySet<string>) => Promise<T>): Promise<T>;
}

export function createClosureUse(clock: Clock): ClosureUse {
  const used = new Map<string, UnixMs>();
  const reusing = new Set<Promise<unknown>>();
  /** The last collection that waits or runs; undefined when there is none. */
  let collecting: Promise<unknown> | undefined;
  return {
    async reusing(work) {
      // Others may have queued up meanwhile.
      while (collecting !== undefined) await collecting;
      const run = work();
      const end = run.then(
        () => undefined,
        () => undefined,
      );
      reusing.add(end);
      try {
        return await run;
      } finally {
        reusing.delete(end);
      }
    },
    used(revision) {
      used.delete(revision);
      if (used.size >= REMEMBERED_USES.maxCount) used.delete(used.keys().next().value as string);
      used.set(revision, clock.now());
    },
    collecting(work) {
      const before = collecting;
      const run = (async () => {
        await before;
        // Those who come from now on wait for `collecting`.
        await Promise.all(reusing);
        for (const [revision, at] of used) if (clock.now() - at > REMEMBERED_USES.maxAgeMs) used.delete(revision);
        return work(new Set(used.keys()));
      })();
      const end: Promise<unknown> = run
        .catch(() => undefined)
        .finally(() => {
          if (collecting === end) collecting = undefined;
        });
      collecting = end;
      return run;
    },
  };
}
