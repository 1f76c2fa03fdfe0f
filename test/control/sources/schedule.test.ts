import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HINT_SPACING_MS, MAX_HINTS_AT_ONCE, MAX_POLL_BACKOFF_MS } from '../../../src/base/index.ts';
import { createLanes } from '../../../src/control/sources/lanes.ts';
import {
  backoffMs,
  firstPollMs,
  type HintAllowance,
  intervalMs,
  isFarthest,
  takeHint,
} from '../../../src/control/sources/schedule.ts';

const unit = fc.double({ min: 0, max: 0.999999, noNaN: true });

describe('the time to the next poll', () => {
  it('is the interval, a tenth more or less', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10_000, max: 10 ** 8 }), unit, (interval, chance) => {
        const ms = intervalMs(interval, chance);
        expect(ms).toBeGreaterThanOrEqual(Math.floor(interval * 0.9));
        expect(ms).toBeLessThanOrEqual(Math.ceil(interval * 1.1));
      }),
    );
  });

  it('doubles with each failure, up to a bound, and is never less than the remote asked for', () => {
    expect([1, 2, 3, 4, 5, 50].map((failures) => backoffMs(60_000, failures, 0, 0.5))).toEqual([
      60_000,
      120_000,
      240_000,
      480_000,
      MAX_POLL_BACKOFF_MS,
      MAX_POLL_BACKOFF_MS,
    ]);
    expect(backoffMs(3_600_000, 9, 0, 0.5)).toBe(3_600_000);
    expect(backoffMs(10_000, 1, 3_600_000, 0)).toBe(3_600_000);
    expect([1, 4, 5, 6].map((failures) => isFarthest(60_000, failures))).toEqual([false, false, true, true]);
  });

  it('of a start is now for a few repositories and spread for many', () => {
    expect(firstPollMs(1, 0.9)).toBe(0);
    expect(firstPollMs(500, 0.5)).toBeGreaterThan(0);
  });
});

describe('hints', () => {
  it('are acted on at once, then spaced, and never lost', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 * HINT_SPACING_MS }), { minLength: 1, maxLength: 60 }),
        (gaps) => {
          let allowance: HintAllowance | undefined;
          let now = 0;
          const polls = new Set<number>();
          for (const gap of gaps) {
            now += gap;
            const taken = takeHint(allowance, now);
            allowance = taken.allowance;
            // After the hint, and not much later: what was pushed before it is seen.
            expect(taken.at).toBeGreaterThanOrEqual(now);
            expect(taken.at - now).toBeLessThanOrEqual(HINT_SPACING_MS);
            polls.add(taken.at);
          }
          expect(polls.size).toBeLessThanOrEqual(MAX_HINTS_AT_ONCE + Math.ceil(now / HINT_SPACING_MS) + 1);
        },
      ),
    );
  });

  it('of a clock that runs backwards do not stop', () => {
    const { allowance } = takeHint(undefined, 1_000_000);
    expect(takeHint(allowance, 0).at).toBe(0);
  });
});

describe('lanes', () => {
  it('bound each group and all, and let none wait for another', async () => {
    const lanes = createLanes({ total: 3, perGroup: 2 });
    const started: string[] = [];
    const open = new Map<string, () => void>();
    const work = (group: string, name: string): Promise<void> =>
      lanes.run(group, () => {
        started.push(name);
        return new Promise<void>((resolve) => open.set(name, resolve));
      });
    const all = [work('a', 'a1'), work('a', 'a2'), work('a', 'a3'), work('b', 'b1'), work('b', 'b2')];
    expect(started).toEqual(['a1', 'a2', 'b1']);
    open.get('b1')?.();
    await all[3];
    // The next of a has no place in its group, so the next of b goes first.
    await expect.poll(() => started).toEqual(['a1', 'a2', 'b1', 'b2']);
    open.get('a1')?.();
    await expect.poll(() => started).toEqual(['a1', 'a2', 'b1', 'b2', 'a3']);
    for (const end of open.values()) end();
    await Promise.all(all);
  });

  it('go on after work that failed', async () => {
    const lanes = createLanes({ total: 1, perGroup: 1 });
    await expect(lanes.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await lanes.run('a', async () => 'yes')).toBe('yes');
  });
});
