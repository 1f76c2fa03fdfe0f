/** Values 0 to 63 as a set: bit n of a pair of 32-bit words, low first, stands for value n. */
export type BitSet = readonly [low: number, high: number];

export function hasBit(set: BitSet, value: number): boolean {
  return value < 32 ? ((set[0] >>> value) & 1) === 1 : ((set[1] >>> (value - 32)) & 1) === 1;
}

/** The lowest value at or above `from`, or -1. `from` may be one past the last value. */
export function nextBit(set: BitSet, from: number): number {
  if (from < 32) {
    const low = set[0] & (-1 << from);
    if (low !== 0) return lowestBit(low);
    return set[1] === 0 ? -1 : 32 + lowestBit(set[1]);
  }
  if (from >= 64) return -1;
  const high = set[1] & (-1 << (from - 32));
  return high === 0 ? -1 : 32 + lowestBit(high);
}

/** How many values are in the set. */
export function countBits(set: BitSet): number {
  return countWord(set[0]) + countWord(set[1]);
}

/** The values of a set, ascending. */
export function valuesOf(set: BitSet): readonly number[] {
  const values: number[] = [];
  for (let value = nextBit(set, 0); value >= 0; value = nextBit(set, value + 1)) values.push(value);
  return values;
}

/** The lowest bit that is set in a word other than 0. */
export function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

function countWord(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
