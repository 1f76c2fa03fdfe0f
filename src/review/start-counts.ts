import { instantText, type UnixMs } from '../base/index.ts';
import { countBetween, nextTick, spreadOffsetMs, type TickRule } from '../calendar/index.ts';
import type { ScheduleFacts } from './input.ts';
import type { LoadReview, Peak } from './report.ts';
import { ruleOf } from './rules.ts';

export const MINUTE_MS = 60_000;

/** Starts by minute from an instant on. */
export interface StartCounts {
  readonly from: UnixMs;
  readonly minutes: Float64Array;
}

/** A schedule that ticks, where its spread puts it. */
export interface Ticking {
  readonly schedule: ScheduleFacts;
  readonly rule: TickRule;
  readonly offsetMs: number;
}

/** Schedules that tick, and those whose rule cannot be read. */
export function tickingOf(
  schedules: readonly ScheduleFacts[],
  namespace: string,
): { readonly ticking: readonly Ticking[]; readonly broken: LoadReview['broken'] } {
  const ticking: Ticking[] = [];
  const broken: { readonly name: string; readonly message: string }[] = [];
  for (const schedule of schedules) {
    if (!schedule.isActive) continue;
    const made = ruleOf(schedule.fields);
    if (made.kind === 'error') {
      broken.push({ name: schedule.name, message: made.message });
      continue;
    }
    const { name, spreadMs } = schedule;
    const offsetMs = spreadOffsetMs(namespace, name, spreadMs);
    ticking.push({ schedule, rule: made.rule, offsetMs });
  }
  return { ticking, broken };
}

/** Two of one key tick alike: the rule is compared by what it is made of. Most have a pattern and a zone only. */
export function ruleKey({ cron, everyMs, timeZone, start, end, exclude }: ScheduleFacts['fields']): string {
  if (everyMs === undefined && start === undefined && end === undefined && exclude === undefined) {
    return `${timeZone} ${cron}`;
  }
  return JSON.stringify([cron, everyMs, timeZone, start, end, exclude]);
}

/** Starts of each minute; `onTop` of others. Schedules of one rule are walked through once. */
export function startCounts(list: readonly Ticking[], from: UnixMs, length: number, onTop?: StartCounts): StartCounts {
  const minutes = onTop === undefined ? new Float64Array(length) : onTop.minutes.slice();
  const groups = new Map<string, { readonly rule: TickRule; readonly offsetMs: number; count: number }>();
  for (const { schedule, rule, offsetMs } of list) {
    const key = `${offsetMs} ${ruleKey(schedule.fields)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { rule, offsetMs, count: 1 });
    else group.count += 1;
  }
  for (const { rule, offsetMs, count } of groups.values()) addStarts(minutes, rule, from - offsetMs, count);
  return { from, minutes };
}

/** Of a minute in which a rule ticks, all its ticks are counted at once: it may have sixty. */
function addStarts(minutes: Float64Array, rule: TickRule, from: UnixMs, count: number): void {
  const until = from + minutes.length * MINUTE_MS;
  let tick = nextTick(rule, from - 1);
  while (tick !== undefined && tick < until) {
    const minute = Math.floor((tick - from) / MINUTE_MS);
    const next = nextTick(rule, tick);
    const end = from + (minute + 1) * MINUTE_MS;
    if (next === undefined || next >= end) {
      minutes[minute]! += count;
      tick = next;
      continue;
    }
    minutes[minute]! += count * countBetween(rule, tick - 1, end - 1, MINUTE_MS);
    tick = nextTick(rule, end - 1);
  }
}

/** The highest count and when it is first reached. */
export function peakOf(counts: Float64Array | readonly number[], from: UnixMs, lengthMs: number): Peak {
  let at = 0;
  for (let index = 1; index < counts.length; index += 1) if (counts[index]! > counts[at]!) at = index;
  const count = counts[at] ?? 0;
  return count === 0 ? { count } : { count, utc: instantText(from + at * lengthMs) };
}

/** What starts in the minute from an instant on. */
export function startingIn(
  list: readonly Ticking[],
  from: UnixMs,
): readonly { readonly ticking: Ticking; readonly count: number }[] {
  return list.flatMap((ticking) => {
    const begin = from - ticking.offsetMs - 1;
    const count = countBetween(ticking.rule, begin, begin + MINUTE_MS, MINUTE_MS);
    return count === 0 ? [] : [{ ticking, count }];
  });
}
