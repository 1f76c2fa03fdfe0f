import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countBetween,
  type ExcludedTime,
  nextTick,
  parseCron,
  previousTick,
  type TickRule,
  tickCursor,
  ticksBetween,
  wallWindowsOf,
} from '../../src/calendar/index.ts';

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Africa/Casablanca',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Antarctica/Troll',
] as const;

const field = (max: number, min = 0) =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min, max }).map(String),
    fc.integer({ min: 2, max: Math.min(max, 20) }).map((step) => `*/${step}`),
    fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 3 }).map((values) => values.join(',')),
  );
const seconds = fc.constantFrom('', '', '0 ', '*/20 ', '7 ');
const expressions = fc
  .tuple(field(59), field(23), fc.oneof(field(28, 1), fc.constantFrom('L', 'LW', '15W')), field(12, 1), field(6))
  .map((fields) => fields.join(' '));
const zones = fc.constantFrom(...ZONES);
/** Whole minutes from 2024 to 2028, half of them near the night on which clocks of Europe change. */
const instants = fc.oneof(
  fc.integer({ min: Date.UTC(2024, 0) / 60_000, max: Date.UTC(2028, 0) / 60_000 }).map((minute) => minute * 60_000),
  fc.integer({ min: -3_000, max: 3_000 }).map((minutes) => Date.UTC(2026, 9, 25) + minutes * 60_000),
  fc.integer({ min: -3_000, max: 3_000 }).map((minutes) => Date.UTC(2026, 2, 29) + minutes * 60_000),
);
const excluded: fc.Arbitrary<readonly ExcludedTime[]> = fc.array(
  fc.oneof(
    fc.tuple(instants, fc.integer({ min: 1, max: 4_000 })).map(([from, minutes]) => {
      return { from: wallText(from), to: wallText(from + minutes * 60_000) };
    }),
    fc
      .array(instants, { minLength: 1, maxLength: 5 })
      .map((days) => ({ dates: days.map((at) => wallText(at).slice(0, 10)) })),
  ),
  { minLength: 1, maxLength: 6 },
);
const bounds = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  instants.map((start) => ({ start })),
  fc.tuple(instants, instants).map(([start, end]) => ({ start, end })),
);
const plainRules: fc.Arbitrary<TickRule> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(seconds, expressions, zones).map(([second, cron, zone]) => cronRule(second + cron, zone)),
  },
  fc
    .tuple(fc.integer({ min: 1, max: 400_000 }), instants, zones)
    .map(([everyS, anchor, timeZone]) => ({ kind: 'rate', everyMs: everyS * 1000, anchor, timeZone }) as const),
);
const rules = fc
  .tuple(plainRules, bounds, fc.option(excluded, { nil: undefined }))
  .map(([rule, within, items]): TickRule => ({ ...rule, ...within, ...(items && { exclude: windowsOf(items) }) }));

function cronRule(expression: string, timeZone: string): TickRule {
  const parsed = parseCron(expression);
  if (parsed.kind === 'error') throw new Error(`${expression}: ${parsed.message}`);
  return { kind: 'cron', pattern: parsed.pattern, timeZone };
}

function windowsOf(items: readonly ExcludedTime[]): Float64Array {
  const made = wallWindowsOf(items);
  if (made.kind === 'error') throw new Error(made.message);
  return made.windows;
}

function wallText(at: number): string {
  return new Date(at).toISOString().slice(0, 16);
}

/** Ticks that are few enough to be told one by one. */
function some(rule: TickRule, after: number): readonly number[] {
  return ticksBetween(rule, after, Infinity, 60);
}

describe('ticks', () => {
  it('come strictly one after the other, within start and end', () => {
    fc.assert(
      fc.property(rules, instants, (rule, after) => {
        const ticks = some(rule, after);
        expect(ticks).toEqual([...new Set(ticks)].sort((a, b) => a - b));
        expect(ticks[0] ?? Infinity).toBeGreaterThan(Math.max(after, (rule.start ?? 0) - 1));
        expect(ticks.at(-1) ?? 0).toBeLessThan(rule.end ?? Infinity);
      }),
      { numRuns: 300 },
    );
  });

  it('are the same from a cursor, from a list, and one by one', () => {
    fc.assert(
      fc.property(rules, instants, (rule, after) => {
        const ticks = some(rule, after);
        const cursor = tickCursor(rule, after);
        expect(ticks.map(() => cursor.next())).toEqual(ticks);
        const earlier = (i: number): number => ticks[i - 1] ?? after;
        expect(ticks.map((_, i) => nextTick(rule, earlier(i)))).toEqual(ticks);
        // From anywhere between two of them, too.
        expect(ticks.map((tick, i) => nextTick(rule, Math.floor((earlier(i) + tick - 1) / 2)))).toEqual(ticks);
        if (ticks.length < 60) expect([cursor.next(), cursor.next()]).toEqual([undefined, undefined]);
      }),
      { numRuns: 300 },
    );
  });

  it('are counted as they are listed', () => {
    fc.assert(
      fc.property(rules, instants, fc.integer({ min: 0, max: 20_000 }), fc.nat(3_000), (rule, after, minutes, max) => {
        const until = after + minutes * 60_000;
        expect(countBetween(rule, after, until, max)).toBe(ticksBetween(rule, after, until, max).length);
      }),
      { numRuns: 400 },
    );
  });

  it('are met again on the way back', () => {
    fc.assert(
      fc.property(rules, instants, (rule, after) => {
        const ticks = some(rule, after).slice(0, 20);
        expect(ticks.slice(1).map((tick) => previousTick(rule, tick))).toEqual(ticks.slice(0, -1));
        expect(ticks.map((tick) => previousTick(rule, tick + 1))).toEqual(ticks);
        const before = previousTick(rule, after + 1);
        if (before !== undefined) {
          expect(before).toBeLessThanOrEqual(after);
          expect(nextTick(rule, before)).toBe(ticks[0]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('match their pattern on the wall, but where the clocks went forward', () => {
    fc.assert(
      fc.property(expressions, zones, instants, (cron, zone, after) => {
        const rule = cronRule(cron, zone);
        const everywhere = cronRule(cron, 'UTC');
        for (const tick of some(rule, after).slice(0, 20)) {
          const at = Temporal.Instant.fromEpochMilliseconds(tick).toZonedDateTimeISO(zone);
          const wall = tick + at.offsetNanoseconds / 1e6;
          const isAfterGap = at.subtract({ nanoseconds: 1 }).offsetNanoseconds < at.offsetNanoseconds;
          // In UTC the wall time is the instant: the same pattern must tick there.
          if (!isAfterGap) expect(nextTick(everywhere, wall - 1), `${cron} ${zone} ${at}`).toBe(wall);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('an exclusion', () => {
  it('takes away exactly the ticks at which the clock shows an excluded time', () => {
    fc.assert(
      fc.property(plainRules, instants, excluded, (rule, after, items) => {
        const zone = rule.timeZone ?? 'UTC';
        const days = new Set(items.flatMap((item) => ('dates' in item ? item.dates : [])));
        const windows = items.flatMap((item) => ('from' in item ? [item] : []));
        const all = ticksBetween(rule, after, Infinity, 300);
        const left = all.filter((tick) => {
          const wall = Temporal.Instant.fromEpochMilliseconds(tick)
            .toZonedDateTimeISO(zone)
            .toPlainDateTime()
            .toString();
          return !days.has(wall.slice(0, 10)) && !windows.some(({ from, to }) => wall >= from && wall < to);
        });
        const kept = ticksBetween({ ...rule, exclude: windowsOf(items) }, after, all.at(-1) ?? after, Infinity);
        expect(kept.map(wallText)).toEqual(left.map(wallText));
      }),
      { numRuns: 150 },
    );
  });

  it('ends with the day that its end names, and touches nothing that only borders on it', () => {
    const rule = { ...cronRule('0 0 * * *', 'UTC'), exclude: windowsOf([{ from: '2026-12-24', to: '2026-12-26' }]) };
    const ticks = ticksBetween(rule, Date.UTC(2026, 11, 22), Date.UTC(2026, 11, 28), 10);
    expect(ticks.map(wallText)).toEqual(['2026-12-23T00:00', '2026-12-27T00:00', '2026-12-28T00:00']);
  });

  it('of all time leaves nothing, in no time', () => {
    const rule = {
      ...cronRule('* * * * * *', 'America/New_York'),
      exclude: windowsOf([{ from: '1960-01-01', to: '9999-12-31' }]),
    };
    expect(nextTick(rule, 0)).toBeUndefined();
    expect(previousTick(rule, Date.UTC(2026, 0))).toBeUndefined();
  });
});
