import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CANARIES } from './canary/canaries.ts';
import { planted, SOURCES } from './canary/loader.ts';
import { playSeeds } from './play.ts';
import type { SimResult } from './run.ts';

describe('planted bugs', () => {
  it('are thirty at least, each with a name of its own', () => {
    expect(new Set(CANARIES.map(({ name }) => name)).size).toBe(CANARIES.length);
    expect(CANARIES.length).toBeGreaterThanOrEqual(30);
  });

  it.each(CANARIES.map((canary) => [canary.name, canary] as const))('%s has its place in the code', (_, canary) => {
    const source = readFileSync(join(SOURCES, canary.file), 'utf8');
    expect(planted(source, canary)).not.toBe(source);
  });

  // All of them are run by `npm run sim -- --canaries`; these show in every run of the tests that the machine can fail.
  it.each(['watermark-before-execution', 'concurrency-off-by-one', 'parallelism-off-by-one'])(
    '%s is caught',
    async (canary) => {
      const caught: SimResult[] = [];
      const seen = (result: SimResult): boolean => {
        if (result.violation !== undefined) caught.push(result);
        return caught.length > 0;
      };
      await playSeeds({ from: 1, to: 40, hours: 12, jobs: 1, canary, seen });
      expect(caught).toHaveLength(1);
    },
  );
});
