import { nextWallTime } from './cron-next.ts';
import type { CronField, CronPattern } from './cron-parse.ts';
import type { TickRule } from './ticks.ts';

const DAY_S = 86_400;
/** Four years that begin before a leap day show every neighbourhood of days that matters. */
const FROM = Date.UTC(2028, 0, 1);
const UNTIL = Date.UTC(2032, 0, 1);

/**
 * The shortest time between two ticks of the rule, in whole seconds by the clock on the wall, or undefined when there are
 * not two ticks in four years. Days on which a zone's clocks change, and the rule's start and end, are left aside, so
 * that the answer depends on what is written alone. At most one search per day.
 */
export function shortestInterval(rule: TickRule): number | undefined {
  if (rule.kind === 'rate') return Math.floor(rule.everyMs / 1000);
  const { pattern } = rule;
  const day = timesOfDay(pattern);
  // From the last tick of a day to the first of the next: nothing across days is nearer.
  const acrossOneDay = DAY_S - day.last + day.first;
  let shortest = day.shortest;
  let tick = nextWallTime(pattern, FROM);
  while (tick !== undefined && tick < UNTIL && shortest > acrossOneDay) {
    const midnight = tick - (tick % (DAY_S * 1000));
    const last = midnight + day.last * 1000;
    const next = nextWallTime(pattern, last + 1000);
    if (next === undefined || next >= UNTIL) break;
    shortest = Math.min(shortest, (next - last) / 1000);
    tick = next;
  }
  return Number.isFinite(shortest) && tick !== undefined && tick < UNTIL ? shortest : undefined;
}

/** First and last second of a set of times, and the least distance of two of them. */
interface Times {
  readonly first: number;
  readonly last: number;
  readonly shortest: number;
}

function timesOfDay({ hours, minutes, seconds }: CronPattern): Times {
  const moment: Times = { first: 0, last: 0, shortest: Number.POSITIVE_INFINITY };
  const inMinute = repeated(moment, seconds, 1);
  return repeated(repeated(inMinute, minutes, 60), hours, 3600);
}

/** The same times once for each value of the field, `unit` seconds apart. */
function repeated(inner: Times, field: CronField, unit: number): Times {
  let first: number | undefined;
  let before: number | undefined;
  let { shortest } = inner;
  for (let value = 0; value < 60; value += 1) {
    if (((field[value < 32 ? 0 : 1] >>> (value % 32)) & 1) === 0) continue;
    if (before !== undefined) shortest = Math.min(shortest, (value - before) * unit - inner.last + inner.first);
    first ??= value;
    before = value;
  }
  return { first: (first ?? 0) * unit + inner.first, last: (before ?? 0) * unit + inner.last, shortest };
}
