import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planOf } from './plan.ts';
import { playSeeds } from './play.ts';
import { type SimResult, simulate } from './run.ts';
import { shrink } from './shrink.ts';

/** How long the sweep begins new seeds. */
const SWEEP_MS = 45_000;

function said({ seed, violation }: SimResult): string {
  return `seed ${seed}: ${violation?.text ?? 'good'}`;
}

describe('a world', () => {
  it.each([1, 2, 3, 4])('is the same each time it is played: seed %i', async (seed) => {
    const plan = planOf(seed, 6);
    const [first, second] = [await simulate(plan), await simulate(plan)];
    expect(second.hash).toBe(first.hash);
    expect(second).toEqual(first);
  });

  it('differs from that of another seed', async () => {
    const [one, other] = [await simulate(planOf(1, 2)), await simulate(planOf(2, 2))];
    expect(one.hash).not.toBe(other.hash);
  });
});

describe('seeds that once found something', () => {
  const lines = readFileSync(join(import.meta.dirname, 'seeds.txt'), 'utf8').split('\n');
  const seeds = lines.filter((line) => /^\d/.test(line)).map((line) => line.split(/\s+/).map(Number));
  it.each(seeds)('seed %i of %i hours is good', async (seed, hours = 48) => {
    expect(said(await simulate(planOf(seed, hours)))).toBe(`seed ${seed}: good`);
  });
});

describe('many seeds', () => {
  it('keep all invariants', { timeout: 4 * SWEEP_MS }, async () => {
    const until = performance.now() + SWEEP_MS;
    const broken: string[] = [];
    let executions = 0;
    const seen = (result: SimResult): boolean => {
      executions += result.executions;
      if (result.violation !== undefined) broken.push(said(result));
      return performance.now() > until;
    };
    await playSeeds({ from: 1_000, to: 2_000, hours: 48, jobs: 2, seen });
    expect(broken).toEqual([]);
    expect(executions).toBeGreaterThan(0);
  });
});

describe('shrinking', () => {
  it('leaves out what a failure does not need', async () => {
    const plan = planOf(7, 4);
    const needed = plan.faults[1];
    const played: SimResult = { seed: 7, violation: undefined, hash: '', events: 0, executions: 0, phases: {} };
    const small = await shrink(
      plan,
      async ({ faults }) => ({
        ...played,
        violation: needed !== undefined && faults.includes(needed) ? { invariant: 3, at: 0, text: 'two' } : undefined,
      }),
      () => undefined,
    );
    expect(small.faults).toEqual([needed]);
    expect(small.actions).toEqual([]);
    expect(small.hours).toBe(1);
  });
});
