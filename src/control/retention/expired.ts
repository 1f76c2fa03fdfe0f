import type { UnixMs } from '../../base/index.ts';

/** A finished object, as much of it as its age needs. */
export interface Finished {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | undefined;
  readonly finishedAt: UnixMs;
}

export interface RetentionLimits {
  readonly maxAgeMs: number;
  readonly minAgeMs: number;
  readonly maxCount: number;
}

/** Those to delete: past the age, or past the count with the oldest first; never one younger than the shortest age. */
export function expired(finished: readonly Finished[], now: UnixMs, limits: RetentionLimits): readonly Finished[] {
  const newestFirst = [...finished].sort((a, b) => b.finishedAt - a.finishedAt);
  return newestFirst.filter(({ finishedAt }, place) => {
    const ageMs = now - finishedAt;
    return ageMs >= limits.minAgeMs && (ageMs > limits.maxAgeMs || place >= limits.maxCount);
  });
}
