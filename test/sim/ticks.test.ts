import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCaught, TICKS_CAUGHT } from './canary/caught.ts';
import { planted, SOURCES } from './canary/loader.ts';
import { playSeeds } from './play.ts';
import type { SimResult } from './run.ts';
import { TICK_CANARIES } from './ticks/canaries.ts';
import { tickPlanOf } from './ticks/plan.ts';
import { simulateTicks } from './ticks/run.ts';

/** How long the sweep begins new seeds. */
const SWEEP_MS = 8_000;
const HOURS = 0.5;
const FEW_TICKS = 100;
/** Each is noticed in another way, by one of the first seeds. */
const FEW = ['ticks-settled-before-their-executions', 'one-more-than-the-limit', 'forbid-forgets-who-lives'];

function said({ seed, violation }: SimResult): string {
  return `seed ${seed}: ${violation?.text ?? 'good'}`;
}

describe('a world of schedules', () => {
  it.each([1, 2, 3])('is the same each time it is played: seed %i', async (seed) => {
    const plan = tickPlanOf(seed, HOURS);
    const first = await simulateTicks(plan);
    expect(await simulateTicks(plan)).toEqual(first);
    expect((await simulateTicks(tickPlanOf(seed + 1, HOURS))).hash).not.toBe(first.hash);
  });

  it('keeps what is promised of ticks, whatever happens', { timeout: 6 * SWEEP_MS }, async () => {
    const until = performance.now() + SWEEP_MS;
    const wrong: string[] = [];
    let ticks = 0;
    const seen = (result: SimResult): boolean => {
      if (result.violation !== undefined) wrong.push(said(result));
      ticks += result.executions;
      // A machine that is busy plays few of them.
      return performance.now() > until && ticks > FEW_TICKS;
    };
    await playSeeds({ world: 'schedules', from: 1, to: 2_000, hours: HOURS, jobs: 2, seen });
    expect(wrong).toEqual([]);
    expect(ticks).toBeGreaterThan(FEW_TICKS);
  });
});

describe('schedules that once found something', () => {
  it.each([
    [71, 1, 'missed ticks of a schedule that fell behind with a live one'],
    [6, 1, 'a rule that was broken by hand, and remembered'],
    [265, 1, 'an execution that may overlap kept out those that may not'],
    [345, 0.5, 'an execution that began and ended where no watch could tell'],
    [353, 1, 'the same, found in the place of a tick'],
    [10470, 0.5, 'a tick that was suspended while a full disk refused it'],
    [
      11222,
      0.5,
      'executions of a successor that a replaced scheduler forgot, and ends that were asked for again and again',
    ],
    [1003381, 0.5, 'claims of two versions of a schedule in one write, of which the last was written'],
    [1003985, 0.5, 'a schedule of which nobody had heard when its scheduler was cut off and died'],
    [1002789, 0.5, 'a schedule that said that a tick of it was settled, whose execution was never written'],
    [1004373, 0.5, 'a schedule that changed again before anybody had heard of its change'],
    [1000150, 0.5, 'who was replaced while it looked ahead, and would look for ever'],
    [1010271, 0.5, 'a schedule that was past ticks whose executions were never written'],
    [1015692, 0.5, 'executions that should have been ended before their schedule was past what replaced them'],
    [1020894, 0.5, 'an execution that was replaced by one whose tick was never decided again'],
    [1010206, 0.5, 'ticks that a clock that was ahead had settled, and that were owed'],
    [2000869, 0.5, 'a schedule that was behind already when it was heard that its rule had changed'],
    [2001476, 0.5, 'ticks of an earlier rule, withdrawn when their schedule was turned off'],
    [1013973, 0.5, 'ticks that wait for executions of a former launch plan'],
    [1022053, 0.5, 'a tick that ran while others of its instant were held up'],
    [1022801, 0.5, 'a process that stood still, and woke in part'],
    [3021280, 0.5, 'a scheduler that stood still past its lease, and settled ticks of a schedule it had not heard of'],
    [
      3017169,
      0.5,
      'missed ticks that were left out while another ran that was over when all were dealt with (the oracle)',
    ],
    [3031472, 0.5, 'the same, by a clock that was ahead for a while (the oracle)'],
    [3029948, 0.5, 'a tick that was not due yet by its spread, and taken for settled (the oracle)'],
    [5018853, 0.5, 'a change that was heard of after a tick of it was settled, when the clock had been set back'],
    [5030498, 0.5, 'a tick that a later one replaced which was owed then, and is no more (the oracle)'],
    [6014396, 0.5, 'a schedule that was put right while a clock was ahead, and waited for that time'],
    [7001785, 0.5, 'a tick that a clock which was ahead had settled, due just after the end (the oracle)'],
    [
      7008641,
      0.5,
      'an execution that was half replaced, and not yet replaced whole when the next scheduler had begun to tick (the oracle)',
    ],
    [
      7501049,
      0.5,
      'an execution whose write was on its way when its schedule was removed, and another came by that name (the oracle)',
    ],
    [5038261, 0.5, 'ticks that were decided while their lease was not held, and written much later'],
    [9000508, 0.5, 'a tick of two rules that a clock which was ahead ran by the first (the oracle)'],
    [9030501, 0.5, 'a clock that was half a day ahead, with thousands of missed ticks (the oracle took hours)'],
    [11503, 0.5, 'a name that was taken once, of a schedule that lets its ticks overlap by now'],
  ])('seed %i of %d hours is good: %s', async (seed, hours) => {
    expect(said(await simulateTicks(tickPlanOf(seed, hours)))).toBe(`seed ${seed}: good`);
  });
});

describe('planted bugs of the scheduler', () => {
  it.each(TICK_CANARIES.map((canary) => [canary.name, canary] as const))(
    '%s has its place in the code',
    (_, canary) => {
      const source = readFileSync(join(SOURCES, canary.file), 'utf8');
      expect(planted(source, canary)).not.toBe(source);
    },
  );

  it('are caught by seeds that are good without them, twelve at least', () => {
    const caught = readCaught(TICKS_CAUGHT).map(({ name }) => name);
    const known = TICK_CANARIES.map(({ name }) => name);
    expect(caught.filter((name) => !known.includes(name))).toEqual([]);
    expect(caught.length).toBeGreaterThanOrEqual(12);
  });

  it.each(FEW)('%s is caught by its seed, or by one of the next', { timeout: 60_000 }, async (canary) => {
    const { seed = 1 } = readCaught(TICKS_CAUGHT).find(({ name }) => name === canary) ?? {};
    const broken: SimResult[] = [];
    const seen = (result: SimResult): boolean => {
      if (result.violation !== undefined) broken.push(result);
      return broken.length > 0;
    };
    await playSeeds({ world: 'schedules', from: seed, to: seed + 200, hours: HOURS, jobs: 1, canary, seen });
    expect(broken).toHaveLength(1);
  });
});
