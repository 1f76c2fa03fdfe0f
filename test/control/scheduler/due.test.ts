import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TickRule } from '../../../src/calendar/index.ts';
import type { CatchUp } from '../../../src/cluster/index.ts';
import { dueTicks } from '../../../src/control/scheduler/index.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const hourly: TickRule = { kind: 'rate', everyMs: HOUR, anchor: 0 };

describe('ticks that a schedule owes', () => {
  const all: CatchUp = { policy: 'all' };
  const rows: readonly [what: string, catchUp: CatchUp, base: number, now: number, hours: number[]][] = [
    ['none before the next tick', all, 0, HOUR - 1, []],
    ['the one that is due', all, 0, HOUR, [1]],
    ['one that is a little late, whatever the policy', { policy: 'none' }, 0, HOUR + 30_000, [1]],
    ['nothing missed when the policy is none', { policy: 'none' }, 0, 5 * HOUR + 2 * MINUTE, []],
    ['the last one missed when it is latest', { policy: 'latest' }, 0, 5 * HOUR + 2 * MINUTE, [5]],
    ['every one when it is all, oldest first', all, 0, 3 * HOUR + 2 * MINUTE, [1, 2, 3]],
    ['the newest up to the limit', { policy: 'all', limit: 2 }, 0, 5 * HOUR + 2 * MINUTE, [4, 5]],
    ['those within the window', { policy: 'all', windowMs: 2 * HOUR }, 0, 5 * HOUR + 2 * MINUTE, [4, 5]],
    ['missed ones and the late one together', { policy: 'latest' }, 0, 5 * HOUR, [4, 5]],
    ['nothing when the clock went back', all, 5 * HOUR, 2 * HOUR, []],
  ];
  it.each(rows)('%s', (_what, catchUp, base, now, hours) => {
    expect(dueTicks(hourly, catchUp, base, now).ticks).toEqual(hours.map((hour) => hour * HOUR));
  });

  it('are found without walking through years of them', () => {
    const secondly: TickRule = { kind: 'rate', everyMs: 1_000, anchor: 0 };
    const now = Date.UTC(2026, 0, 1);
    const { ticks } = dueTicks(secondly, { policy: 'all', limit: 3 }, 0, now);
    expect(ticks.slice(0, 3)).toEqual([now - 62_000, now - 61_000, now - 60_000]);
  });

  it('never come back once settled', () => {
    const policies = fc.constantFrom<CatchUp>(
      all,
      { policy: 'latest' },
      { policy: 'none' },
      { policy: 'all', limit: 3 },
    );
    const steps = fc.array(fc.integer({ min: -2 * HOUR, max: 9 * HOUR }), { maxLength: 30 });
    fc.assert(
      fc.property(policies, steps, (catchUp, moves) => {
        let base = 0;
        let now = 0;
        const seen: number[] = [];
        for (const move of moves) {
          now = Math.max(0, now + move);
          const due = dueTicks(hourly, catchUp, base, now);
          seen.push(...due.ticks);
          expect(due.settledUntil).toBeGreaterThanOrEqual(base);
          base = due.settledUntil;
        }
        expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
      }),
    );
  });
});
