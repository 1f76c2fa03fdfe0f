import { randomInt } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../daemon/fixtures/program.ts';
import { instrument } from './failpoints/instrument.ts';
import { runTickCampaign } from './ticks-campaign.ts';
import type { Programs } from './world.ts';

/** A control plane that is killed around its ticks starts each of them once. */

const RUNS = Number(process.env.PIPECTL_CRASH_TICKS ?? 4);
const SEED = Number(process.env.PIPECTL_SEED ?? randomInt(2 ** 31));
const LIFE_MS = 40_000;

let programs: Programs;
beforeAll(async () => {
  programs = { shipped: await buildProgram(), instrumented: await buildProgram([instrument([])]) };
}, 120_000);

describe(`a control plane that dies ${RUNS} times around ticks, seed ${SEED}`, () => {
  it('starts each tick once', { timeout: 180_000 + RUNS * LIFE_MS }, async () => {
    const report = await runTickCampaign({ runs: RUNS, seed: SEED, programs, say: (line) => console.info(line) });
    expect(report.problems, `PIPECTL_SEED=${SEED}`).toEqual([]);
    expect(report.runs).toBe(RUNS);
    expect(report.executions).toBeGreaterThan(0);
  });
});
