import { instantMs, instantText, MAX_RATE_LIMIT_TICKS, type UnixMs } from '../../base/index.ts';
import type { TickRateLimit } from '../../cluster/index.ts';

/** How many may begin now, of so many a second; what is not used within a second is lost. */
export interface Tokens {
  /** Whole tokens at `now`. */
  available(now: UnixMs): number;
  take(count: number): void;
  /** When there is one again. */
  readyAt(now: UnixMs): UnixMs;
  setRate(perSecond: number): void;
}

export function createTokens(rate: number): Tokens {
  let perSecond = rate;
  let tokens = rate;
  let at: UnixMs | undefined;
  const refill = (now: UnixMs): void => {
    // A clock that was set back gives nothing, and goes on from there.
    const passedMs = at === undefined ? 1_000 : Math.max(0, now - at);
    at = now;
    tokens = Math.min(Math.max(1, perSecond), tokens + (perSecond * passedMs) / 1_000);
  };
  return {
    available(now) {
      if (perSecond === Number.POSITIVE_INFINITY) return perSecond;
      refill(now);
      return Math.floor(tokens);
    },
    take(count) {
      if (perSecond !== Number.POSITIVE_INFINITY) tokens -= count;
    },
    // Counted from the last look: who asks often must not put it off each time.
    readyAt: (now) => (tokens >= 1 ? now : Math.min(at ?? now, now) + Math.ceil(((1 - tokens) * 1_000) / perSecond)),
    setRate(next) {
      if (next === perSecond) return;
      perSecond = next;
      tokens = Math.min(tokens, next);
      if (Number.isNaN(tokens) || tokens === Number.POSITIVE_INFINITY) tokens = 0;
    },
  };
}

/** Slices in which a window counts: it forgets one at a time, so it allows a little less and never more. */
const SLICES = 64;

/** What began in the last `perMs` of one schedule. */
export interface RateWindow {
  /** Notes one that begins now; otherwise answers when one may. */
  take(now: UnixMs): UnixMs | undefined;
  /** What has changed since this was asked last: how many began from an instant on, null when that is forgotten. */
  news(): { readonly [instant: string]: number | null };
}

/** `began`: what the schedule's status has, so that neither a restart nor another scheduler counts anew. */
export function createRateWindow(
  { ticks, perMs }: TickRateLimit,
  began: Readonly<Record<string, number>> = {},
  now = Number.POSITIVE_INFINITY,
): RateWindow {
  const sliceMs = Math.max(1, Math.ceil(perMs / (SLICES - 1)));
  const counts = new Uint32Array(SLICES);
  const noted = new Map<string, number>(Object.entries(began));
  let last = Number.NEGATIVE_INFINITY;
  let total = 0;
  const forget = (slice: number): void => {
    if (slice - last >= SLICES) counts.fill(0);
    else for (let gone = last + 1; gone <= slice; gone++) counts[gone % SLICES] = 0;
    last = slice;
    total = counts.reduce((sum, count) => sum + count, 0);
  };
  // Whoever writes a status by hand writes no instants of slices, or more than there may be.
  const slices = Object.entries(began).map(
    ([at, count]) => [Math.floor((instantMs(at) ?? 0) / sliceMs), count] as const,
  );
  for (const [slice, count] of slices.sort(([a], [b]) => a - b)) {
    // What a clock that was ahead began counts no more: it would never be over.
    if (!Number.isSafeInteger(count) || count < 0 || slice * sliceMs > now) continue;
    if (slice > last) forget(slice);
    counts[slice % SLICES] = Math.min((counts[slice % SLICES] ?? 0) + count, MAX_RATE_LIMIT_TICKS);
    total = counts.reduce((sum, each) => sum + each, 0);
  }
  return {
    news() {
      const news: Record<string, number | null> = Object.create(null);
      const now = new Map<string, number>();
      for (let slice = Math.max(0, last - SLICES + 1); slice <= last; slice++) {
        const count = counts[slice % SLICES] ?? 0;
        if (count > 0) now.set(instantText(slice * sliceMs), count);
      }
      for (const at of noted.keys()) if (!now.has(at)) news[at] = null;
      for (const [at, count] of now) if (noted.get(at) !== count) news[at] = count;
      noted.clear();
      for (const [at, count] of now) noted.set(at, count);
      return news;
    },
    take(now) {
      const slice = Math.floor(now / sliceMs);
      if (slice > last) forget(slice);
      if (total < ticks) {
        counts[last % SLICES] = (counts[last % SLICES] ?? 0) + 1;
        total += 1;
        return undefined;
      }
      for (let next = last + 1; next < last + SLICES; next++) {
        if ((counts[next % SLICES] ?? 0) > 0) return next * sliceMs;
      }
      return (last + SLICES) * sliceMs;
    },
  };
}
