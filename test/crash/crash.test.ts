import { randomInt } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../daemon/fixtures/program.ts';
import { type Campaign, runCampaign } from './campaign.ts';
import { instrument } from './failpoints/instrument.ts';
import { PLANTED } from './planted.ts';

/** A control plane that is killed at any moment and place, on disks and clocks that fail, loses nothing it acknowledged. */

const RUNS = Number(process.env.PIPECTL_CRASH_RUNS ?? 14);
const SEED = Number(process.env.PIPECTL_SEED ?? randomInt(2 ** 31));
const JOBS = Number(process.env.PIPECTL_CRASH_JOBS ?? 1);
/** A bug that is built in and must be caught; undefined: the program as it is. */
const BUG = process.env.PIPECTL_CRASH_PLANT;
/** Far more than a life takes on a machine that is busy with others. */
const LIFE_MS = 30_000;

let programs: Campaign['programs'];
beforeAll(async () => {
  const bugs = PLANTED.filter(({ name }) => name === BUG);
  if (BUG !== undefined && bugs.length === 0) throw new Error(`--plant knows ${PLANTED.map(({ name }) => name)}`);
  const instrumented = await buildProgram([instrument(bugs)]);
  // A planted bug needs every life to show itself.
  programs = { shipped: BUG === undefined ? await buildProgram() : instrumented, instrumented };
});

describe(`a control plane that dies ${RUNS} times, seed ${SEED}`, () => {
  it('loses nothing, does nothing twice, and ends all', { timeout: 180_000 + RUNS * LIFE_MS }, async () => {
    const say = (line: string): void => console.info(line);
    const maxBroken = BUG === undefined ? 4 : 1;
    const report = await runCampaign({ runs: RUNS, seed: SEED, jobs: JOBS, maxBroken, programs, say });
    const { problems, points, faults, ...counts } = report;
    say(JSON.stringify(counts));
    say(JSON.stringify(faults));
    say(`failpoints: ${[...points].map(([name, times]) => `${name} ${times}`).join(', ')}`);
    if (BUG !== undefined) {
      expect(problems, `${BUG} is not noticed`).not.toEqual([]);
      return;
    }
    expect(problems, `PIPECTL_SEED=${SEED}`).toEqual([]);
    expect(report.compared).toBeGreaterThan(RUNS / 4);
    expect(report.executions).toBeGreaterThan(0);
  });
});
