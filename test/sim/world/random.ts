import type { Random } from '../../../src/base/index.ts';

/** A seeded source of chance. Streams of different names do not disturb each other. */
export interface Chance extends Random {
  /** A whole number from 0 to `below` - 1. */
  int(below: number): number;
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
}

/** The stream `name` of a seed: the same for ever, whatever else is drawn. Mulberry32 behind FNV-1a of the name. */
export function chanceOf(seed: number, name: string): Chance {
  let state = (seed ^ 0x811c9dc5) >>> 0;
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 0x01000193) >>> 0;
  state = Math.imul(state ^ seed, 0x9e3779b1) >>> 0;
  const unit = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    unit,
    int: (below) => Math.floor(unit() * below),
    between: (low, high) => low + unit() * (high - low),
    chance: (probability) => unit() < probability,
    pick: (from) => from[Math.floor(unit() * from.length)] as never,
    bytes(size) {
      const bytes = new Uint8Array(size);
      for (let i = 0; i < size; i++) bytes[i] = Math.floor(unit() * 256);
      return bytes;
    },
  };
}
