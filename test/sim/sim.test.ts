import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planOf } from './plan.ts';
import { playSeeds } from './play.ts';
import { type SimResult, simulate } from './run.ts';
import { shrink } from './shrink.ts';

/** The sweep: its first seed, and how many there are. `.ci/run` plays a thousand others, when no test runs beside them. */
const FROM = 1_001;
const SEEDS = 40;

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

  it('is the same in a thread that has just begun and in one that has played others', { timeout: 60_000 }, async () => {
    const last = async (from: number, to: number): Promise<SimResult | undefined> => {
      let result: SimResult | undefined;
      const seen = (played: SimResult): boolean => {
        if (played.seed === to) result = played;
        return false;
      };
      await playSeeds({ from, to, hours: 12, jobs: 1, seen });
      return result;
    };
    const cold = await last(23, 23);
    expect(cold).toBeDefined();
    expect(await last(20, 23)).toEqual(cold);
    expect(await simulate(planOf(23, 12))).toEqual(cold);
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
  it('keep all invariants, in worlds that are large enough', { timeout: 180_000 }, async () => {
    const wrong: string[] = [];
    let played = 0;
    const seen = (result: SimResult): boolean => {
      const { seed, executions, shards, violation } = result;
      played++;
      if (violation !== undefined) wrong.push(said(result));
      else if (executions < 200 || shards < 3) wrong.push(`seed ${seed}: ${executions} executions, ${shards} shards`);
      return false;
    };
    await playSeeds({ from: FROM, to: FROM + SEEDS - 1, hours: 48, jobs: 2, seen });
    expect(wrong).toEqual([]);
    expect(played).toBe(SEEDS);
  });
});

describe('shrinking', () => {
  it('leaves out what a failure does not need', async () => {
    const plan = planOf(7, 4);
    const needed = plan.faults[1];
    const played: SimResult = {
      seed: 7,
      violation: undefined,
      hash: '',
      events: 0,
      executions: 0,
      shards: 3,
      phases: {},
    };
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
