import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDueHeap } from '../../../src/control/scheduler/due-heap.ts';

describe('the heap of what is due', () => {
  it('gives the earliest first, whatever is put in, moved and taken out', () => {
    const step = fc.record({ id: fc.nat(40), at: fc.nat(30), removes: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = createDueHeap();
        const known = new Map<number, number>();
        for (const { id, at, removes } of steps) {
          if (removes) {
            heap.remove(id);
            known.delete(id);
          } else {
            heap.set(id, at);
            known.set(id, at);
          }
          expect(heap.size()).toBe(known.size);
          expect(heap.firstAt()).toBe(Math.min(Number.POSITIVE_INFINITY, ...known.values()));
          expect(heap.at(id)).toBe(known.get(id) ?? Number.POSITIVE_INFINITY);
          const due = [...known].filter(([, other]) => other <= at).map(([other]) => other);
          expect([...heap.dueUntil(at, 100)].sort()).toEqual(due.sort());
          expect(heap.dueUntil(at, 3)).toHaveLength(Math.min(3, due.length));
        }
        const drained: number[] = [];
        while (heap.size() > 0) {
          drained.push(heap.firstAt());
          heap.remove(heap.first());
        }
        expect(drained).toEqual([...known.values()].sort((a, b) => a - b));
        expect(heap.first()).toBe(-1);
      }),
    );
  });

  it('grows past its first size', () => {
    const heap = createDueHeap();
    for (let id = 5_000; id >= 0; id--) heap.set(id, (id * 7_919) % 5_001);
    let last = -1;
    for (; heap.size() > 0; heap.remove(heap.first())) {
      expect(heap.firstAt()).toBeGreaterThan(last);
      last = heap.firstAt();
    }
    expect(last).toBe(5_000);
  });
});
