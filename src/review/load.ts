import { instantText, MAX_NAMED_SCHEDULES, REVIEW_LOAD_DAYS, type UnixMs } from '../base/index.ts';
import { collisionsOf } from './collisions.ts';
import type { ReviewInput } from './input.ts';
import type { LoadReview, Peak } from './report.ts';
import { runsPerWeek } from './rules.ts';
import {
  MINUTE_MS,
  peakOf,
  ruleKey,
  type StartCounts,
  startCounts,
  startingIn,
  type Ticking,
  tickingOf,
} from './start-counts.ts';
import { suggestSpread } from './suggest-spread.ts';

const HOUR_MS = 3_600_000;
const HOUR_MINUTES = 60;
const WEEK_MINUTES = REVIEW_LOAD_DAYS * 24 * HOUR_MINUTES;

/** What all active schedules of the domain start in the week after the merge, before and after the change. */
export function reviewLoad(input: ReviewInput): LoadReview | undefined {
  const { base, head, mergeAt, domain } = input;
  if (domain === undefined) return undefined;
  const from = Math.floor(mergeAt / HOUR_MS) * HOUR_MS;
  const [old, fresh] = [tickingOf(base.schedules, domain.namespace), tickingOf(head.schedules, domain.namespace)];
  // What both commits have is counted once.
  const { common, oldOnly, freshOnly } = split(old.ticking, fresh.ticking);
  const shared = startCounts(common, from, WEEK_MINUTES);
  const before = startCounts(oldOnly, from, WEEK_MINUTES, shared);
  const after = startCounts(freshOnly, from, WEEK_MINUTES, shared);
  const perWeek = (list: readonly Ticking[]): number => weekRates(list, mergeAt);
  const sharedRate = perWeek(common);
  const [hoursBefore, hoursAfter] = [hoursOf(before), hoursOf(after)];
  const minuteAfter = peakOf(after.minutes, from, MINUTE_MS);
  const suggestion = suggestSpread(input, { before, after, changed: freshOnly, minuteAfter });
  return {
    from: instantText(from),
    before: hoursBefore,
    after: hoursAfter,
    totalBefore: sum(hoursBefore),
    totalAfter: sum(hoursAfter),
    runsPerWeekBefore: sharedRate + perWeek(oldOnly),
    runsPerWeekAfter: sharedRate + perWeek(freshOnly),
    peakBefore: peakOf(hoursBefore, from, HOUR_MS),
    peakAfter: peakOf(hoursAfter, from, HOUR_MS),
    minuteBefore: peakOf(before.minutes, from, MINUTE_MS),
    minuteAfter,
    busiest: busiestIn(fresh.ticking, minuteAfter),
    collisions: collisionsOf(input, { before, after, old: old.ticking, fresh: fresh.ticking }),
    ...(suggestion !== undefined && { suggestion }),
    unknownDurations: unknownDurations(input, freshOnly),
    broken: fresh.broken,
  };
}

/** Two schedules that start the same at the same time; the rule itself is compared by what it is made of. */
function keyOf({ schedule: { name, launchPlan, fields }, offsetMs }: Ticking): string {
  return JSON.stringify([name, launchPlan, offsetMs, ruleKey(fields)]);
}

/** What is the same object in both is the same; else what says the same. */
function split(old: readonly Ticking[], fresh: readonly Ticking[]) {
  const same = new Set(old.map(({ schedule }) => schedule));
  const common = fresh.filter(({ schedule }) => same.has(schedule));
  const shared = new Set(common.map(({ schedule }) => schedule));
  const known = new Map(old.filter(({ schedule }) => !shared.has(schedule)).map((each) => [keyOf(each), each]));
  const freshOnly: Ticking[] = [];
  for (const each of fresh) {
    if (shared.has(each.schedule)) continue;
    if (known.delete(keyOf(each))) common.push(each);
    else freshOnly.push(each);
  }
  return { common, oldOnly: [...known.values()], freshOnly };
}

function weekRates(list: readonly Ticking[], mergeAt: UnixMs): number {
  const rates = new Map<string, number>();
  let total = 0;
  for (const { schedule, rule } of list) {
    const key = ruleKey(schedule.fields);
    let rate = rates.get(key);
    if (rate === undefined) {
      rate = runsPerWeek(rule, mergeAt);
      rates.set(key, rate);
    }
    total += rate;
  }
  return total;
}

function hoursOf({ minutes }: StartCounts): readonly number[] {
  const hours = new Array<number>(minutes.length / HOUR_MINUTES).fill(0);
  for (let minute = 0; minute < minutes.length; minute += 1) {
    hours[Math.floor(minute / HOUR_MINUTES)]! += minutes[minute]!;
  }
  return hours;
}

function busiestIn(list: readonly Ticking[], { utc }: Peak): LoadReview['busiest'] {
  if (utc === undefined) return [];
  return startingIn(list, Date.parse(utc))
    .map(({ ticking, count }) => ({ name: ticking.schedule.name, count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_NAMED_SCHEDULES);
}

function unknownDurations({ history }: ReviewInput, changed: readonly Ticking[]): number {
  const plans = new Set(changed.map(({ schedule }) => schedule.launchPlan));
  return [...plans].filter((plan) => history?.has(plan) !== true).length;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
