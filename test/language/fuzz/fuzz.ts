import { mutated, randomOf } from './mutate.ts';
import type { FuzzTarget } from './target.ts';

export interface FuzzFailure {
  readonly target: string;
  readonly run: number;
  readonly input: string;
  readonly error: unknown;
}

export interface FuzzReport {
  readonly runs: number;
  readonly failures: readonly FuzzFailure[];
  /** The input that took longest. */
  readonly slowest: { readonly target: string; readonly run: number; readonly ms: number; readonly length: number };
}

const MAX_CHANGES = 6;
const LARGE_EVERY = 2_000;
const LARGE_LENGTH = 1024 * 1024;
const MAX_FAILURES = 10;

/** The input of a run: it depends on the seed, the target and the run's number alone. */
export function inputOf(target: FuzzTarget, seed: number, run: number): string {
  const random = randomOf(seed ^ Math.imul(run + 1, 0x9e3779b1) ^ Math.imul(target.name.length, 0x85ebca6b));
  const text = mutated(random, target.corpus, target.junk, MAX_CHANGES);
  if (run % LARGE_EVERY !== LARGE_EVERY - 1 || text === '') return text;
  return text.repeat(Math.floor(LARGE_LENGTH / text.length)).slice(0, LARGE_LENGTH);
}

/** Gives `runs` inputs to the targets, by their shares, and gathers what broke. `now` in milliseconds. */
export function fuzz(targets: readonly FuzzTarget[], runs: number, seed: number, now: () => number): FuzzReport {
  const failures: FuzzFailure[] = [];
  let slowest: FuzzReport['slowest'] = { target: '', run: 0, ms: 0, length: 0 };
  let done = 0;
  for (const target of targets) {
    const share = Math.ceil((runs * target.share) / 100);
    for (let run = 0; run < share && failures.length < MAX_FAILURES; run++, done++) {
      const input = inputOf(target, seed, run);
      const started = now();
      try {
        target.check(input);
      } catch (error) {
        failures.push({ target: target.name, run, input, error });
      }
      const ms = now() - started;
      if (ms > slowest.ms) slowest = { target: target.name, run, ms, length: input.length };
    }
  }
  return { runs: done, failures, slowest };
}
