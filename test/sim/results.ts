import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { SimResult } from './run.ts';

/** Results of seeds that were played, one line each, so that a long run can go on where another stopped. */
export interface Results {
  has(seed: number): boolean;
  note(result: SimResult): void;
  /** How many seeds stand in the file, and how many of them are broken, for each version of the code that played them. */
  byVersion(): ReadonlyMap<string, Counts>;
}

export interface Counts {
  played: number;
  broken: number;
}

/** What a line says besides: seeds of other worlds and of other lengths are passed over. */
export interface Played {
  readonly world: string;
  readonly hours: number;
  readonly version: string;
}

/** Opens the file, which lines are added to and never changed: seed, world, hours, version, `good` or the invariant, hash. */
export function openResults(path: string, { world, hours, version }: Played): Results {
  const seeds = new Set<number>();
  const counts = new Map<string, Counts>();
  const count = (seed: number, by: string, isBroken: boolean): void => {
    const known = counts.get(by) ?? { played: 0, broken: 0 };
    counts.set(by, { played: known.played + 1, broken: known.broken + (isBroken ? 1 : 0) });
    seeds.add(seed);
  };
  // The last line may be half written: its seed is played again.
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  for (const line of lines.slice(0, -1)) {
    const [seed, where, long, by = '', verdict] = line.split(' ');
    if (where === world && Number(long) === hours) count(Number(seed), by, verdict !== 'good');
  }
  if ((lines.at(-1) ?? '') !== '') appendFileSync(path, '\n');
  return {
    has: (seed) => seeds.has(seed),
    note({ seed, violation, hash }) {
      const verdict = violation === undefined ? 'good' : String(violation.invariant);
      appendFileSync(path, `${[seed, world, hours, version, verdict, hash.slice(0, 12)].join(' ')}\n`);
      count(seed, version, violation !== undefined);
    },
    byVersion: () => counts,
  };
}
