import { instantText } from '../base/index.ts';
import { nextTick } from '../calendar/index.ts';
import { DEFAULT_WORKERS } from '../compiler/index.ts';
import type { QuotaSpec } from '../language/index.ts';
import type { ReviewInput, ReviewSide } from './input.ts';
import type { Collision } from './report.ts';
import { MINUTE_MS, ruleKey, type StartCounts, type Ticking } from './start-counts.ts';

/** Both sides of the week. */
interface Week {
  readonly before: StartCounts;
  readonly after: StartCounts;
  readonly old: readonly Ticking[];
  readonly fresh: readonly Ticking[];
}

/**
 * Where more begins at a time than the platform lets, and more than before the change: what is too much already is no news.
 * Workers and quotas are those that hold after it.
 */
export function collisionsOf(input: ReviewInput, week: Week): readonly Collision[] {
  const { head, history } = input;
  const found: Collision[] = [];
  const tell = (limit: Collision['limit'], allowed: number | undefined, counts: Counted, words: string): void => {
    if (allowed === undefined) return;
    const { before, after, at } = counts;
    if (after <= allowed || after <= before) return;
    found.push({ limit, allowed, before, after, utc: instantText(at), words });
  };
  const starts = counted(week.before, week.after);
  const workers = head.platform?.propeller.workers ?? DEFAULT_WORKERS;
  tell('workers', workers, starts, `executions start in one minute, and there are ${workers} workers`);
  const perSecond = head.platform?.scheduler?.ticksPerSecond;
  const inMinute = 'executions are due in one minute, and the scheduler starts';
  tell('ticksPerSecond', perSecond && perSecond * 60, starts, `${inMinute} ${perSecond} each second`);
  const quota = quotaOf(head, input.domain);
  if (quota?.maxExecutions !== undefined) {
    const live = history === undefined ? starts : liveCounts(input, week);
    const how = history === undefined ? 'executions start in one minute' : 'executions are live at once, by p95';
    tell('maxExecutions', quota.maxExecutions, live, `${how}, and the quota is ${quota.maxExecutions}`);
  }
  if (quota?.maxTasks !== undefined) {
    const words = `executions start in one minute, each with a task at least, and the quota is ${quota.maxTasks} tasks`;
    tell('maxTasks', quota.maxTasks, starts, words);
  }
  return found;
}

/** The first quota that fits the domain counts. */
function quotaOf({ platform }: ReviewSide, domain: ReviewInput['domain']): QuotaSpec | undefined {
  if (domain === undefined) return undefined;
  const project = domain.namespace.slice(0, -domain.name.length - 1);
  return platform?.quotas?.find(
    (quota) => (quota.project ?? project) === project && (quota.domain ?? domain.name) === domain.name,
  );
}

interface Counted {
  readonly before: number;
  readonly after: number;
  /** When it is the most after the change. */
  readonly at: number;
}

function counted(before: StartCounts, after: StartCounts): Counted {
  let at = 0;
  for (let minute = 1; minute < after.minutes.length; minute += 1) {
    if (after.minutes[minute]! > after.minutes[at]!) at = minute;
  }
  return { before: before.minutes[at] ?? 0, after: after.minutes[at] ?? 0, at: after.from + at * MINUTE_MS };
}

/** Executions that are live in each minute, where their 95th percentile is known; else for the minute of their start. */
function liveCounts(input: ReviewInput, { before, after, old, fresh }: Week): Counted {
  const live = (list: readonly Ticking[], { from, minutes }: StartCounts): StartCounts => {
    const groups = new Map<string, { readonly first: Ticking; readonly p95Ms: number; count: number }>();
    for (const first of list) {
      const { schedule, offsetMs } = first;
      const p95Ms = input.history?.get(schedule.launchPlan)?.p95Ms ?? 0;
      const key = `${offsetMs} ${p95Ms} ${ruleKey(schedule.fields)}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { first, p95Ms, count: 1 });
      else group.count += 1;
    }
    const steps = new Float64Array(minutes.length + 1);
    for (const { first, p95Ms, count } of groups.values()) addLive(steps, first, { from, p95Ms, count });
    for (let minute = 1; minute < steps.length; minute += 1) steps[minute]! += steps[minute - 1]!;
    return { from, minutes: steps.subarray(0, minutes.length) };
  };
  return counted(live(old, before), live(fresh, after));
}

/** Notes where executions begin and end; what began before the first minute is still there. */
function addLive(
  steps: Float64Array,
  { rule, offsetMs }: Ticking,
  { from, p95Ms, count }: { readonly from: number; readonly p95Ms: number; readonly count: number },
): void {
  const length = steps.length - 1;
  const minuteOf = (at: number): number => Math.floor((at - from) / MINUTE_MS);
  let tick = nextTick(rule, from - offsetMs - p95Ms - 1);
  for (let told = 0; tick !== undefined && minuteOf(tick + offsetMs) < length && told < length; told += 1) {
    const end = minuteOf(tick + offsetMs + p95Ms) + 1;
    steps[Math.max(0, minuteOf(tick + offsetMs))]! += count;
    if (end < steps.length) steps[end]! -= count;
    tick = nextTick(rule, tick);
  }
}
