import { describe, expect, it } from 'vitest';
import { parseCron, type TickRule, ticksBetween } from '../../src/calendar/index.ts';
import { walk, wallClock, wallMinutes } from './minute-walker.ts';
import { WALKED, WALKED_ZONES } from './walked-patterns.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEARS = Array.from({ length: 20 }, (_, i) => 2010 + i);
/** Walks every minute of the twenty years, which takes minutes; without it, the half days around every change of a clock. */
const IS_WHOLE = process.env.PIPECTL_WALK_ALL === '1';

/** Spans to walk, as [from, until). Changes are found by looking at the clock once a day, and then each hour. */
function spans(zone: string): readonly (readonly [number, number])[] {
  if (IS_WHOLE) return YEARS.map((year) => [Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1)]);
  const clock = wallClock(zone);
  const offsetAt = (at: number): number => clock(at) * 60_000 - at;
  const found: [number, number][] = [[Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2)]];
  for (let day = Date.UTC(2010, 0, 1); day < Date.UTC(2030, 0, 1); day += DAY_MS) {
    const before = offsetAt(day);
    if (offsetAt(day + DAY_MS) === before) continue;
    let change = day;
    while (offsetAt(change) === before) change += HOUR_MS;
    found.push([change - DAY_MS / 2, change + DAY_MS / 2]);
  }
  return found;
}

function ruleOf(cron: string, timeZone: string): TickRule {
  const parsed = parseCron(cron);
  if (parsed.kind === 'error') throw new Error(parsed.message);
  return { kind: 'cron', pattern: parsed.pattern, timeZone };
}

const text = (ticks: readonly number[]): string =>
  ticks.map((at) => new Date(at).toISOString().slice(0, 16)).join('\n');

describe.each(WALKED_ZONES)('in %s', (zone) => {
  it('each pattern ticks at the minutes that one finds on the wall', { timeout: IS_WHOLE ? 3_600_000 : 30_000 }, () => {
    for (const [from, until] of spans(zone)) {
      const walls = wallMinutes(zone, from, until);
      for (const pattern of WALKED) {
        const ticks = ticksBetween(ruleOf(pattern.cron, zone), from - 1, until - 1, Infinity);
        const walked = walk(pattern, walls, from);
        if (ticks.length !== walked.length || ticks.some((tick, i) => tick !== walked[i])) {
          expect(text(ticks), pattern.cron).toBe(text(walked));
        }
      }
    }
  });
});

it('means by a walked pattern what its expression says', () => {
  expect(WALKED.map(({ cron, isInterval = false }) => [cron, isInterval])).toEqual(
    WALKED.map(({ cron }) => [cron, (ruleOf(cron, 'UTC') as { pattern: { isInterval: boolean } }).pattern.isInterval]),
  );
});
