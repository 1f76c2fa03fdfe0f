import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TickRule } from '../../../src/calendar/index.ts';
import type { CatchUp } from '../../../src/cluster/index.ts';
import {
  catchUpFrom,
  countDue,
  lastDue,
  nextDue,
  type TickSpan,
  ticksAt,
} from '../../../src/control/scheduler/tick-spans.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FOREVER = Number.POSITIVE_INFINITY;
const hourly: TickRule = { kind: 'rate', everyMs: HOUR, anchor: 0 };
const always: TickSpan = { rule: hourly, offsetMs: 0, since: Number.NEGATIVE_INFINITY, until: FOREVER };

/** All that is due in (after, until], as the loop walks it. */
function walk(spans: readonly TickSpan[], after: number, until: number): number[] {
  const dues: number[] = [];
  for (let due = nextDue(spans, after); due !== undefined && due <= until; due = nextDue(spans, due)) dues.push(due);
  return dues;
}

describe('missed ticks that are made up for', () => {
  const all: CatchUp = { policy: 'all' };
  const rows: readonly [what: string, catchUp: CatchUp, from: number, until: number, hours: number[]][] = [
    ['are none without a gap', all, HOUR, HOUR, []],
    ['are none when the policy is none', { policy: 'none' }, 0, 5 * HOUR, []],
    ['are the last one when it is latest', { policy: 'latest' }, 0, 5 * HOUR + MINUTE, [5]],
    ['are none when it is latest and nothing was missed', { policy: 'latest' }, HOUR, HOUR + MINUTE, []],
    ['are every one when it is all, oldest first', all, 0, 3 * HOUR, [1, 2, 3]],
    ['are the newest up to the limit', { policy: 'all', limit: 2 }, 0, 5 * HOUR + MINUTE, [4, 5]],
    ['are all when the limit is not reached', { policy: 'all', limit: 5 }, 0, 5 * HOUR, [1, 2, 3, 4, 5]],
    ['are those within the window', { policy: 'all', windowMs: 2 * HOUR }, 0, 5 * HOUR, [4, 5]],
    ['are within the window and the limit', { policy: 'all', windowMs: 3 * HOUR, limit: 1 }, 0, 5 * HOUR, [5]],
    ['are none with a limit of none', { policy: 'all', limit: 0 }, 0, 5 * HOUR, []],
  ];
  it.each(rows)('%s', (_what, catchUp, from, until, hours) => {
    expect(walk([always], catchUpFrom([always], catchUp, from, until), until)).toEqual(
      hours.map((hour) => hour * HOUR),
    );
  });

  it('are found without a walk through a million of them', () => {
    const secondly: TickSpan = { ...always, rule: { kind: 'rate', everyMs: 1_000, anchor: 0 } };
    const until = Date.UTC(2026, 0, 1);
    const from = catchUpFrom([secondly], { policy: 'all', limit: 3 }, 0, until);
    expect(walk([secondly], from, until)).toEqual([until - 2_000, until - 1_000, until]);
    // More than ten thousand of one schedule are never made up for.
    expect(countDue([secondly], catchUpFrom([secondly], all, 0, until), until, 20_000)).toBe(10_000);
  });

  it('are the newest of those that a walk finds', () => {
    const rule = fc.record({ everyMs: fc.integer({ min: 1, max: 50 }), anchor: fc.nat(40), offsetMs: fc.nat(60) });
    fc.assert(
      fc.property(rule, fc.nat(300), fc.nat(2_000), fc.nat(60), ({ everyMs, anchor, offsetMs }, from, more, limit) => {
        const span: TickSpan = { ...always, rule: { kind: 'rate', everyMs, anchor }, offsetMs };
        const until = from + more;
        const every = walk([span], from, until);
        const kept = walk([span], catchUpFrom([span], { policy: 'all', limit }, from, until), until);
        expect(kept).toEqual(limit === 0 ? [] : every.slice(-limit));
        expect(lastDue([span], from, until)).toBe(every.at(-1));
        expect(countDue([span], from, until, 10_000)).toBe(every.length);
      }),
    );
  });
});

describe('a schedule that changed', () => {
  const before: TickSpan = { ...always, until: 3 * HOUR };
  const half: TickRule = { kind: 'rate', everyMs: HOUR / 2, anchor: 0 };

  it('ticks by its old rule up to the change and by the new one after it', () => {
    const after: TickSpan = { ...always, rule: half, since: 3 * HOUR };
    expect(walk([before, after], 0, 4 * HOUR)).toEqual([1, 2, 3, 3.5, 4].map((hours) => hours * HOUR));
  });

  it('keeps the spread of each version', () => {
    const after: TickSpan = { rule: half, offsetMs: MINUTE, since: 3 * HOUR, until: FOREVER };
    const slow: TickSpan = { ...before, offsetMs: 31 * MINUTE };
    const dues = walk([slow, after], 2 * HOUR + 31 * MINUTE, 4 * HOUR);
    // The old tick of 3:00 and the new one of 3:30 are due in the same instant, and neither is lost.
    expect(dues).toEqual([3 * HOUR + 31 * MINUTE]);
    expect(ticksAt([slow, after], dues[0] as number)).toEqual([3 * HOUR, 3.5 * HOUR]);
  });

  it('has each tick once, and none of a time when it was off', () => {
    const stretch = fc.record({
      on: fc.integer({ min: 1, max: 90 }),
      off: fc.nat(40),
      everyMs: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 1, maxLength: 5 }), (stretches) => {
        let at = 0;
        const spans = stretches.map(({ on, off, everyMs }): TickSpan => {
          const span: TickSpan = { rule: { kind: 'rate', everyMs, anchor: 0 }, offsetMs: 0, since: at, until: at + on };
          at += on + off;
          return span;
        });
        const expected = Array.from({ length: at + 1 }, (_, tick) => tick).filter((tick) =>
          spans.some(
            ({ rule, since, until }) =>
              tick > since && tick <= until && rule.kind === 'rate' && tick % rule.everyMs === 0,
          ),
        );
        const found = walk(spans, -1, at).flatMap((due) => ticksAt(spans, due));
        expect(found).toEqual(expected);
      }),
    );
  });
});
