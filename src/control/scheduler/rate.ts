import type { UnixMs } from '../../base/index.ts';
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
}

export function createRateWindow({ ticks, perMs }: TickRateLimit): RateWindow {
  const sliceMs = Math.max(1, Math.ceil(perMs / (SLICES - 1)));
  const counts = new Uint32Array(SLICES);
  let last = Number.NEGATIVE_INFINITY;
  let total = 0;
  const forget = (slice: number): void => {
    if (slice - last >= SLICES) counts.fill(0);
    else for (let gone = last + 1; gone <= slice; gone++) counts[gone % SLICES] = 0;
    last = slice;
    total = counts.reduce((sum, count) => sum + count, 0);
  };
  return {
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
