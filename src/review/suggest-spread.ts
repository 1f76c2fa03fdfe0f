import { MAX_REVIEWED_TICKS } from '../base/index.ts';
import { shortestInterval, spreadOffsetMs } from '../calendar/index.ts';
import { printDuration } from '../language/index.ts';
import type { ReviewInput } from './input.ts';
import type { Peak, SpreadSuggestion } from './report.ts';
import { MINUTE_MS, peakOf, type StartCounts, startCounts, startingIn, type Ticking } from './start-counts.ts';

/** What people would write, shortest first. */
const SPREADS_MS = [1, 2, 5, 10, 15, 30, 60].map((minutes) => minutes * MINUTE_MS);
/** Schedules of one minute that nobody needs to spread. */
const CALM_STARTS = 5;

interface Crowd {
  readonly before: StartCounts;
  readonly after: StartCounts;
  /** Schedules that start otherwise since the change. */
  readonly changed: readonly Ticking[];
  readonly minuteAfter: Peak;
}

/**
 * A `spread` for the changed schedules that start in the busiest minute, when the change made that busier: the shortest
 * with which the week has no minute busier than it had before, else the one with the lowest peak. It is tried out: each
 * schedule has its own place in a spread, by its name.
 */
export function suggestSpread(
  { domain }: ReviewInput,
  { before, after, changed, minuteAfter }: Crowd,
): SpreadSuggestion | undefined {
  const namespace = domain?.namespace ?? '';
  const peakBefore = peakOf(before.minutes, before.from, MINUTE_MS).count;
  if (minuteAfter.utc === undefined || minuteAfter.count <= Math.max(CALM_STARTS, peakBefore)) return undefined;
  const crowd = startingIn(changed, Date.parse(minuteAfter.utc))
    .map(({ ticking }) => ticking)
    .filter(({ schedule }) => schedule.spreadMs === undefined);
  if (crowd.length < 2) return undefined;
  const length = after.minutes.length;
  const rest = after.minutes.slice();
  const own = startCounts(crowd, after.from, length).minutes;
  for (let minute = 0; minute < length; minute += 1) rest[minute]! -= own[minute]!;
  const ticks = own.reduce((sum, count) => sum + count, 0);
  if (ticks * SPREADS_MS.length > MAX_REVIEWED_TICKS) return undefined;
  const goal = Math.max(CALM_STARTS, peakBefore);
  let best: { readonly spreadMs: number; readonly peak: number } | undefined;
  for (const spreadMs of SPREADS_MS) {
    // A spread as long as the wait would mix one tick with the next.
    if (crowd.some(({ rule }) => (shortestInterval(rule) ?? Infinity) * 1_000 <= spreadMs)) break;
    const spread = crowd.map((each) => ({
      ...each,
      offsetMs: spreadOffsetMs(namespace, each.schedule.name, spreadMs),
    }));
    const { minutes } = startCounts(spread, after.from, length, { from: after.from, minutes: rest });
    const peak = peakOf(minutes, after.from, MINUTE_MS).count;
    if (best === undefined || peak < best.peak) best = { spreadMs, peak };
    if (peak <= goal) break;
  }
  if (best === undefined || best.peak >= minuteAfter.count) return undefined;
  return {
    spread: printDuration(best.spreadMs),
    schedules: crowd.map(({ schedule }) => schedule.name).sort(),
    peakBefore: minuteAfter.count,
    peakAfter: best.peak,
  };
}
