import { MAX_HISTORY_PLANS, MAX_HISTORY_RUNS } from '../base/index.ts';
import type { PlanDurations } from './input.ts';

/** An execution that is over. */
export interface FinishedRun {
  readonly launchPlan: string;
  readonly durationMs: number;
}

/** Median and 95th percentile of each launch plan, by the nearest rank; the first runs of each count. */
export function durationsOf(runs: Iterable<FinishedRun>): ReadonlyMap<string, PlanDurations> {
  const byPlan = new Map<string, number[]>();
  for (const { launchPlan, durationMs } of runs) {
    const known = byPlan.get(launchPlan);
    if (known === undefined) {
      if (byPlan.size < MAX_HISTORY_PLANS) byPlan.set(launchPlan, [durationMs]);
    } else if (known.length < MAX_HISTORY_RUNS) known.push(durationMs);
  }
  return new Map([...byPlan].map(([plan, durations]) => [plan, percentiles(durations)]));
}

function percentiles(durations: readonly number[]): PlanDurations {
  const sorted = durations.toSorted((a, b) => a - b);
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50Ms: rank(0.5), p95Ms: rank(0.95), runs: sorted.length };
}
