import type { UnixMs } from '../base/index.ts';
import { nextTick, type TickRule } from '../calendar/index.ts';
import { printDuration } from '../language/index.ts';
import type { ReviewInput, ScheduleFacts } from './input.ts';
import type { OverlapReview } from './report.ts';

/** Ticks of which the shortest distance is looked for. */
const LOOKED_AT = 200;

/** Whether executions of a schedule run into its next tick, by their 95th percentile. */
export function overlapOf(
  { history, mergeAt }: ReviewInput,
  schedule: ScheduleFacts | undefined,
  rule: TickRule | undefined,
): OverlapReview | undefined {
  if (schedule === undefined || rule === undefined) return undefined;
  const p95Ms = history?.get(schedule.launchPlan)?.p95Ms;
  if (p95Ms === undefined) return undefined;
  const intervalMs = shortestWait(rule, mergeAt);
  if (intervalMs === undefined || p95Ms <= intervalMs) return undefined;
  const { overlap = 'allow', maxQueued } = schedule;
  const atOnce = Math.ceil(p95Ms / intervalMs);
  return { p95Ms, intervalMs, words: wordsOf(overlap, atOnce, maxQueued) };
}

function wordsOf(overlap: NonNullable<ScheduleFacts['overlap']>, atOnce: number, maxQueued?: number): string {
  switch (overlap) {
    case 'allow':
      return `up to ${atOnce} run at once`;
    case 'forbid':
      return 'ticks that come meanwhile are left out';
    case 'replace':
      return 'each tick aborts the execution before it';
    case 'queue':
      return `ticks wait in line${maxQueued === undefined ? '' : `, ${maxQueued} at most`}, and are left out when it is full`;
  }
}

function shortestWait(rule: TickRule, from: UnixMs): number | undefined {
  if (rule.kind === 'rate' && rule.exclude === undefined) return rule.everyMs;
  let shortest: number | undefined;
  let last = nextTick(rule, from);
  for (let count = 0; count < LOOKED_AT && last !== undefined; count += 1) {
    const next = nextTick(rule, last);
    if (next === undefined) break;
    shortest = Math.min(shortest ?? Number.POSITIVE_INFINITY, next - last);
    last = next;
  }
  return shortest;
}

/** `3m20s` of a span that is told to people: whole seconds, and none below a second. */
export function spanText(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)}ms` : printDuration(Math.round(ms / 1_000) * 1_000);
}
