import type { UnixMs } from '../../base/index.ts';
import { createDueHeap } from './due-heap.ts';

/**
 * Schedules whose missed ticks are made up for, by their dense numbers: each has one tick in turn, its oldest, and of those
 * that have had as many the one comes first whose tick is older. So many ticks of one hold up the few of another by as many only.
 */
export interface MissedLine {
  readonly size: () => number;
  /** The number whose turn it is; -1: none is left. */
  readonly first: () => number;
  /** When the oldest tick of all was due; Infinity: none is left. */
  readonly oldestAt: () => UnixMs;
  /** When the next tick of this one was due; Infinity: it has none. */
  readonly at: (id: number) => UnixMs;
  /** Puts it in line with those that have had as few turns as any. */
  readonly put: (id: number, due: UnixMs) => void;
  /** It has had its turn; its next tick was due at `next`, or it has none. */
  readonly took: (id: number, next: UnixMs | undefined) => void;
  readonly remove: (id: number) => void;
}

/** Seconds of Unix time are less until the year 2242; turns are as many as ticks that are made up for, and both fit into a double. */
const SECONDS = 2 ** 33;

export function createMissedLine(): MissedLine {
  const dues = createDueHeap();
  const turns = createDueHeap();
  const turnOf = (key: number): number => (key === Number.POSITIVE_INFINITY ? 0 : Math.floor(key / SECONDS));
  const set = (id: number, turn: number, due: UnixMs): void => {
    dues.set(id, due);
    turns.set(id, turn * SECONDS + Math.min(Math.max(0, Math.floor(due / 1_000)), SECONDS - 1));
  };
  const remove = (id: number): void => {
    dues.remove(id);
    turns.remove(id);
  };
  return {
    size: dues.size,
    first: turns.first,
    oldestAt: dues.firstAt,
    at: dues.at,
    put: (id, due) => set(id, turnOf(turns.firstAt()), due),
    took(id, next) {
      if (next === undefined) remove(id);
      else set(id, turnOf(turns.at(id)) + 1, next);
    },
    remove,
  };
}
