import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CANARIES } from './canary/canaries.ts';
import { readCaught } from './canary/caught.ts';
import { planted, SOURCES } from './canary/loader.ts';
import { playSeeds } from './play.ts';
import type { SimResult } from './run.ts';

/** Each is noticed in another way, by few seeds. */
const FEW = [
  'watermark-before-execution',
  'parallelism-off-by-one',
  'revision-before-its-closures',
  'changed-secret-is-not-sealed',
  'attempts-are-not-archived',
  'room-is-promised-twice',
];

describe('planted bugs', () => {
  it('are thirty at least, each with a name of its own', () => {
    expect(new Set(CANARIES.map(({ name }) => name)).size).toBe(CANARIES.length);
    expect(CANARIES.length).toBeGreaterThanOrEqual(30);
  });

  it.each(CANARIES.map((canary) => [canary.name, canary] as const))('%s has its place in the code', (_, canary) => {
    const source = readFileSync(join(SOURCES, canary.file), 'utf8');
    expect(planted(source, canary)).not.toBe(source);
  });

  it.each(readCaught().map((caught) => [caught.name, caught] as const))('%s is one of them', (name) => {
    expect(CANARIES.map((canary) => canary.name)).toContain(name);
  });

  // `npm run sim -- --canaries` looks for all of them. Any change of the code changes what seeds mean, so the next ones may tell.
  it.each(FEW.map((name) => [name, readCaught().find((caught) => caught.name === name)] as const))(
    '%s is caught by its seed, or by one of the next',
    { timeout: 120_000 },
    async (canary, caught) => {
      const { seed = 1, hours = 16 } = caught ?? {};
      const broken: SimResult[] = [];
      const seen = (result: SimResult): boolean => {
        if (result.violation !== undefined) broken.push(result);
        return broken.length > 0;
      };
      await playSeeds({ from: seed, to: seed + 40, hours, jobs: 1, canary, seen });
      expect(broken).toHaveLength(1);
    },
  );
});
