import { RETENTION, type UnixMs } from '../../base/index.ts';

/** Of what kind so many are kept, and for how long. */
export interface KeepLimits {
  readonly maxAgeMs: number;
  readonly maxCount: number;
}

/** How long what is over is kept. */
export interface RetentionPolicy {
  /** Executions that are over, among the live objects. */
  readonly live: KeepLimits;
  /** Executions in the archive; without an archive, `live` alone counts. */
  readonly executions: KeepLimits;
  /** Pods that ended. */
  readonly pods: KeepLimits;
  readonly logs: { readonly maxAgeMs: number; readonly maxBytes: number };
}

/** What counts where nobody says otherwise. */
export const DEFAULT_RETENTION: RetentionPolicy = RETENTION;

/** An object that is over, as much of it as its age needs. */
export interface Ended {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | undefined;
  readonly finishedAt: UnixMs;
}

/** Those to let go: past the age, or past the count with the oldest first; never one younger than the shortest age. */
export function expired<T extends Ended>(
  ended: readonly T[],
  now: UnixMs,
  { maxAgeMs, maxCount }: KeepLimits,
  minAgeMs: number,
): readonly T[] {
  const newestFirst = [...ended].sort((a, b) => b.finishedAt - a.finishedAt);
  return newestFirst.filter(({ finishedAt }, place) => {
    const ageMs = now - finishedAt;
    return ageMs >= minAgeMs && (ageMs > maxAgeMs || place >= maxCount);
  });
}
