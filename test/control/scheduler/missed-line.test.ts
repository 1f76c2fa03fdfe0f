import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMissedLine } from '../../../src/control/scheduler/missed-line.ts';

describe('the line of missed ticks', () => {
  it('has one of each in turn, each its oldest, and tells the oldest of all that are left', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 8 });
    fc.assert(
      fc.property(counts, fc.integer({ min: 0, max: 4e12 }), (missed, start) => {
        const line = createMissedLine();
        const due = (id: number, turn: number): number => start + turn * (id + 1) * 60_000;
        for (const [id, count] of missed.entries()) if (count > 0) line.put(id, due(id, 0));
        const turns = missed.map(() => 0);
        for (let left = missed.reduce((sum, count) => sum + count, 0); left > 0; left--) {
          const ids = [...missed.keys()].filter((id) => (turns[id] ?? 0) < (missed[id] ?? 0));
          expect(line.oldestAt()).toBe(Math.min(...ids.map((id) => due(id, turns[id] ?? 0))));
          const id = line.first();
          expect(turns[id]).toBe(Math.min(...ids.map((other) => turns[other] ?? 0)));
          expect(line.at(id)).toBe(due(id, turns[id] ?? 0));
          turns[id] = (turns[id] ?? 0) + 1;
          line.took(id, turns[id] < (missed[id] ?? 0) ? due(id, turns[id]) : undefined);
        }
        expect([line.size(), line.first(), line.oldestAt()]).toEqual([0, -1, Number.POSITIVE_INFINITY]);
      }),
    );
  });

  it('takes in who comes later at the turn of the others, and lets go who leaves', () => {
    const line = createMissedLine();
    line.put(0, 1_000);
    for (let turn = 1; turn <= 5; turn++) line.took(0, 1_000 + turn * 1_000);
    line.put(1, 90_000);
    line.took(line.first(), 7_000);
    expect(line.first()).toBe(1);
    line.remove(1);
    expect([line.first(), line.at(1), line.size()]).toEqual([0, Number.POSITIVE_INFINITY, 1]);
  });
});
