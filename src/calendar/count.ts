import { countBits } from './bits.ts';
import type { CronPattern } from './cron-parse.ts';
import { FIRST_INSTANT, LAST_INSTANT, nextTick, type TickRule } from './ticks.ts';
import { offsetIndex, zoneOffsets } from './zone-offsets.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * How many ticks are in `after < tick <= until`, counted up to `max`. A rate is counted by a division, and whole days and
 * hours of a pattern by the sizes of its fields; the other ticks, and all of a rule with exclusions, one by one.
 */
export function countBetween(rule: TickRule, after: number, until: number, max: number): number {
  const last = Math.min(until, (rule.end ?? Infinity) - 1, LAST_INSTANT);
  const before = Math.max(after, (rule.start ?? FIRST_INSTANT) - 1, FIRST_INSTANT - 1);
  if (last <= before) return 0;
  if (rule.kind === 'rate' && rule.exclude === undefined) {
    const passed = (at: number): number => Math.floor((at - rule.anchor) / rule.everyMs);
    return Math.min(max, passed(last) - passed(before));
  }
  let count = 0;
  for (let at = before; count < max; ) {
    const tick = nextTick(rule, at);
    if (tick === undefined || tick > last) break;
    const whole = rule.kind === 'cron' && rule.exclude === undefined ? wholeFrom(rule, tick, last) : undefined;
    if (whole !== undefined) {
      count += whole.ticks;
      at = whole.last;
      continue;
    }
    count += 1;
    at = tick;
  }
  return Math.min(count, max);
}

interface CronRule {
  readonly pattern: CronPattern;
  readonly timeZone: string;
}

/** The whole local day or hour that begins with this tick and ends by `until`: its ticks, and its last millisecond. */
function wholeFrom(
  { pattern, timeZone }: CronRule,
  tick: number,
  until: number,
): { readonly ticks: number; readonly last: number } | undefined {
  const zone = zoneOffsets(timeZone, tick);
  const index = offsetIndex(zone, tick);
  const wall = tick + (zone.offsetMs[index] as number);
  const { hours, minutes, seconds, firstSecond } = pattern;
  const ofHour = countBits(minutes) * countBits(seconds);
  for (const { lengthMs, first, ticks } of [
    { lengthMs: DAY_MS, first: firstSecond * 1000, ticks: ofHour * countBits(hours) },
    { lengthMs: HOUR_MS, first: (firstSecond % 3600) * 1000, ticks: ofHour },
  ]) {
    const begin = tick - first;
    const end = begin + lengthMs;
    if ((wall - first) % lengthMs !== 0 || end - 1 > until) continue;
    // No change of a zone moves its clocks by more than a day: none is that near.
    const isCalm = begin - DAY_MS >= (zone.from[index] as number) && end + DAY_MS <= (zone.from[index + 1] as number);
    if (isCalm) return { ticks, last: end - 1 };
  }
  return undefined;
}
