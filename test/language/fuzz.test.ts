import { describe, expect, it } from 'vitest';
import { fuzz, inputOf } from './fuzz/fuzz.ts';
import { FUZZ_TARGETS } from './fuzz/targets.ts';

const RUNS = 100_000;
const SEED = 20260101;
/** A loaded machine may take its time. */
const TIMEOUT_MS = 300_000;

describe('parsers under mutated inputs', () => {
  it.each(FUZZ_TARGETS.map((target) => [target.name, target] as const))(
    'answer: %s',
    { timeout: TIMEOUT_MS },
    (_name, target) => {
      const { runs, failures } = fuzz([target], RUNS, SEED, () => 0);
      expect(
        failures.map(({ run, input, error }) => ({ run, input: input.slice(0, 500), error: String(error) })),
      ).toEqual([]);
      expect(runs).toBe((RUNS * target.share) / 100);
    },
  );

  it('are given all inputs together, each of which can be made again', () => {
    expect(FUZZ_TARGETS.reduce((sum, { share }) => sum + share, 0)).toBe(100);
    for (const target of FUZZ_TARGETS) {
      const inputs = Array.from({ length: 300 }, (_none, run) => inputOf(target, SEED, run));
      expect(inputs).toEqual(Array.from({ length: 300 }, (_none, run) => inputOf(target, SEED, run)));
      expect(new Set(inputs).size).toBeGreaterThan(150);
    }
  });

  it('are caught when they throw', () => {
    const throwing = {
      name: 'throws',
      share: 100,
      corpus: ['abc'],
      junk: ['x'],
      check: (text: string) => {
        if (text.includes('x')) throw new TypeError('as a parser may');
      },
    };
    const { failures } = fuzz([throwing], 500, SEED, () => 0);
    expect(failures).toHaveLength(10);
    expect(failures[0]?.input).toBe(inputOf(throwing, SEED, failures[0]?.run ?? -1));
  });
});
