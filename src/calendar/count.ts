import { countBits } from './bits.ts';
import type { CronPattern } from './cron-parse.ts';
import { FIRST_INSTANT, LAST_INSTANT, nextTick, type TickRule } from './ticks.ts';
import { offsetIndex, zoneOffsets } from './zone-offsets.ts';

const DAY_MS = 86_400_000;

/**
 * How many ticks are in `after < tick <= until`, counted up to `max`. A rate is counted by a division, and whole days of a
 * pattern by the sizes of its fields; the ticks of other days, and all of a rule with exclusions, one by one.
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
    const day = rule.kind === 'cron' && rule.exclude === undefined ? dayFrom(rule, tick) : undefined;
    if (day !== undefined && day.last <= last) {
      count += day.ticks;
      at = day.last;
      continue;
    }
    count += 1;
    at = tick;
  }
  return Math.min(count, max);
}

/** The whole local day that begins with this tick: its ticks, and its last ms; undefined near to a change of the clocks. */
function dayFrom(
  { pattern, timeZone }: { readonly pattern: CronPattern; readonly timeZone: string },
  tick: number,
): { readonly ticks: number; readonly last: number } | undefined {
  const zone = zoneOffsets(timeZone, tick);
  const index = offsetIndex(zone, tick);
  const wall = tick + (zone.offsetMs[index] as number);
  const secondOfDay = (wall - Math.floor(wall / DAY_MS) * DAY_MS) / 1000;
  if (secondOfDay !== pattern.firstSecond) return undefined;
  const begin = tick - secondOfDay * 1000;
  // No change of a zone moves its clocks by more than a day.
  const from = zone.from[index] as number;
  const to = zone.from[index + 1] as number;
  if (begin - DAY_MS < from || begin + 2 * DAY_MS > to) return undefined;
  const ticks = countBits(pattern.hours) * countBits(pattern.minutes) * countBits(pattern.seconds);
  return { ticks, last: begin + DAY_MS - 1 };
}
