import { MAX_HISTORY_PLANS, MAX_HISTORY_RUNS } from '../base/index.ts';
import type { History, PlanDurations } from './input.ts';

/** An execution that is over. */
export interface FinishedRun {
  /** Empty: not told, so that it counts for every domain. */
  readonly namespace: string;
  readonly launchPlan: string;
  readonly durationMs: number;
}

/** Namespace → what is known there. */
export type Histories = ReadonlyMap<string, History>;

/** Median and 95th percentile of each launch plan, by the nearest rank; the first runs of each count. */
export function durationsOf(runs: Iterable<FinishedRun>): Histories {
  const byNamespace = new Map<string, Map<string, number[]>>();
  let plans = 0;
  for (const { namespace, launchPlan, durationMs } of runs) {
    const byPlan = byNamespace.get(namespace) ?? new Map<string, number[]>();
    const known = byPlan.get(launchPlan);
    if (known !== undefined) {
      if (known.length < MAX_HISTORY_RUNS) known.push(durationMs);
    } else if (plans < MAX_HISTORY_PLANS) {
      plans += 1;
      byPlan.set(launchPlan, [durationMs]);
      byNamespace.set(namespace, byPlan);
    }
  }
  const told = (byPlan: ReadonlyMap<string, readonly number[]>): History =>
    new Map([...byPlan].map(([plan, durations]) => [plan, percentiles(durations)]));
  return new Map([...byNamespace].map(([namespace, byPlan]) => [namespace, told(byPlan)]));
}

/** What is known of a namespace. */
export function historyIn(histories: Histories, namespace: string): History {
  return histories.get(namespace) ?? histories.get('') ?? new Map();
}

function percentiles(durations: readonly number[]): PlanDurations {
  const sorted = durations.toSorted((a, b) => a - b);
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50Ms: rank(0.5), p95Ms: rank(0.95), runs: sorted.length };
}
