import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCron, shortestInterval, type TickRule, ticksBetween } from '../../src/calendar/index.ts';

function ruleOf(cron: string, timeZone = 'UTC'): TickRule {
  const parsed = parseCron(cron);
  if (parsed.kind === 'error') throw new Error(parsed.message);
  return { kind: 'cron', pattern: parsed.pattern, timeZone };
}

describe('the shortest interval', () => {
  it.each<readonly [string, number | undefined]>([
    ['* * * * *', 60],
    ['* * * * * *', 1],
    ['*/15 * * * *', 900],
    ['*/25 * * * *', 600],
    ['0 2 * * *', 86_400],
    ['0 2,3 * * *', 3_600],
    ['0 0,23 * * *', 3_600],
    ['59 23 * * *', 86_400],
    ['50,55 8 * * mon', 300],
    ['0 8 * * mon', 7 * 86_400],
    ['0 8 13 * fri', 86_400],
    ['0 8 1 * *', 28 * 86_400],
    ['0 8 L,1 * *', 86_400],
    ['0 0 29 2 *', undefined],
    ['0 0 31 2 *', undefined],
    ['@yearly', 365 * 86_400],
  ])('of %s is %s seconds', (cron, seconds) => {
    expect(shortestInterval(ruleOf(cron))).toBe(seconds);
  });

  it('of a rate is the rate', () => {
    expect(shortestInterval({ kind: 'rate', everyMs: 90_500, anchor: 0 })).toBe(90);
  });

  it('does not depend on a zone whose clocks change, nor on start and end', () => {
    expect(shortestInterval(ruleOf('30 2,3 * * *', 'Europe/Berlin'))).toBe(3_600);
    expect(shortestInterval({ ...ruleOf('0 * * * *'), start: 0, end: 1 })).toBe(3_600);
  });

  it('is the least distance of the ticks of four years', () => {
    const part = (max: number, min = 0) =>
      fc.oneof(
        fc.constant('*'),
        fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 2 }).map((values) => values.join(',')),
      );
    // Minutes and hours are few, so that four years of ticks can be listed.
    const few = (max: number) =>
      fc.uniqueArray(fc.nat(max), { minLength: 1, maxLength: 3 }).map((all) => all.join(','));
    fc.assert(
      fc.property(few(59), few(23), part(31, 1), part(12, 1), part(6), (minute, hour, day, month, weekday) => {
        const rule = ruleOf(`${minute} ${hour} ${day} ${month} ${weekday}`);
        const ticks = ticksBetween(rule, Date.UTC(2028, 0, 1) - 1, Date.UTC(2032, 0, 1) - 1, 20_000);
        let least: number | undefined;
        for (let at = 1; at < ticks.length; at += 1) {
          least = Math.min(least ?? Infinity, ((ticks[at] as number) - (ticks[at - 1] as number)) / 1000);
        }
        expect(shortestInterval(rule)).toBe(least);
      }),
      { numRuns: 60 },
    );
  });
});
