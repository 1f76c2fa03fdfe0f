import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openResults } from './results.ts';
import type { SimResult } from './run.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function file(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-results-'));
  folders.push(folder);
  return join(folder, 'results.txt');
}

function result(seed: number, invariant?: number): SimResult {
  const violation = invariant === undefined ? undefined : { invariant, at: 0, text: 'two' };
  return { seed, violation, hash: 'a'.repeat(40), events: 1, executions: 1, shards: 3, phases: {} };
}

const version = { world: 'all', hours: 4, version: 'one' };

describe('results of seeds', () => {
  it('are there for the next run, counted by version', () => {
    const path = file();
    const first = openResults(path, version);
    first.note(result(1));
    first.note(result(2, 3));
    const next = openResults(path, { ...version, version: 'two' });
    expect([1, 2, 3].map(next.has)).toEqual([true, true, false]);
    next.note(result(3));
    expect([...next.byVersion()]).toEqual([
      ['one', { played: 2, broken: 1 }],
      ['two', { played: 1, broken: 0 }],
    ]);
  });

  it('of other worlds and hours do not count', () => {
    const path = file();
    openResults(path, version).note(result(1));
    expect(openResults(path, { ...version, hours: 48 }).has(1)).toBe(false);
    expect(openResults(path, { ...version, world: 'schedules' }).has(1)).toBe(false);
  });

  it('that were half written are passed over, and end there', () => {
    const path = file();
    openResults(path, version).note(result(1));
    appendFileSync(path, '2 all 4 one go');
    const next = openResults(path, version);
    expect(next.has(2)).toBe(false);
    next.note(result(2));
    expect(openResults(path, version).has(2)).toBe(true);
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(4);
  });
});
