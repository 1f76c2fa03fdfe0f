import { instantMs } from '../../../src/base/index.ts';
import { spreadOffsetMs, type TickRule, tickFieldsOf, tickRuleOf, ticksBetween } from '../../../src/calendar/index.ts';
import { ANNOTATION, type Execution, isSuspendedSchedule, LABEL, type Schedule } from '../../../src/cluster/index.ts';

/** A time in which a schedule ticks by one rule: ticks with since < tick <= until. */
export interface Reign {
  readonly rule: TickRule | undefined;
  readonly offsetMs: number;
  readonly since: number;
  until: number;
  /** When it was written, and when what ended it was; Infinity: it has not ended. By simulated time. */
  readonly at: number;
  endedAt: number;
  /** It ended since the schedule was turned off or removed: what it owed is withdrawn. */
  isWithdrawn: boolean;
  /** Nobody had settled ticks beyond this when it was written: what was due before is not owed. */
  readonly owedFrom: number;
}

export interface Tick {
  readonly tick: number;
  readonly due: number;
  readonly reign: Reign;
}

/** What is known of an execution of a tick. */
export interface Run {
  readonly name: string;
  readonly tick: number;
  readonly bornAt: number;
  endedAt: number;
  readonly overlap: string | undefined;
  readonly launchPlan: string | undefined;
  isAborted: boolean;
}

/** All that ever was of one schedule name. */
export interface ScheduleHistory {
  readonly name: string;
  /** As it is now; undefined: it is not there. */
  spec: Schedule['spec'] | undefined;
  /** The newest last. */
  readonly reigns: Reign[];
  /** By tick. */
  readonly runs: Map<number, Run>;
  readonly living: Set<Run>;
  isSuspended: boolean;
  isBroken: boolean;
  /** When anything about it changed last. */
  changedAt: number;
  /** Up to when it was not there, or had a policy that lets go of missed ticks. */
  laxUntil: number;
  /** Its own watermark, and when it last had one. */
  owedSince: number | undefined;
  behindAt: number;
}

const NEVER = Number.NEGATIVE_INFINITY;
const EVER = Number.POSITIVE_INFINITY;
/** Changes may be dated so much before they are written. */
const DATING_MS = 6_000;
/** How many reigns a schedule object remembers: the one that holds, and four before it. */
const REIGNS = 5;

export function newHistory(name: string): ScheduleHistory {
  return {
    name,
    spec: undefined,
    reigns: [],
    runs: new Map(),
    living: new Set(),
    isSuspended: false,
    isBroken: false,
    changedAt: NEVER,
    laxUntil: NEVER,
    owedSince: undefined,
    behindAt: NEVER,
  };
}

/** Takes in a version of the schedule. What holds from when is found out here once more, by what was written and when. */
export function rewritten(history: ScheduleHistory, schedule: Schedule, now: number, settledUntil: number): void {
  const { spec, metadata } = schedule;
  const before = history.spec;
  const isNew = before === undefined;
  history.spec = spec;
  if (before === undefined || isLax(before) || isLax(spec)) history.laxUntil = now;
  const isSuspended = isSuspendedSchedule(schedule);
  const result = tickRuleOf(spec);
  const isBroken = result.kind !== 'ok';
  const last = history.reigns.at(-1);
  // Who edits by hand leaves no note of what was before.
  if (isBroken) withdraw(history, now);
  else if (isNew || textOf(before) !== textOf(spec) || before.active !== spec.active) {
    const dated = isNew ? undefined : instantMs(metadata.annotations?.[ANNOTATION.activeSince]);
    const since = dated ?? instantMs(metadata.creationTimestamp) ?? now;
    if (last !== undefined && last.endedAt === EVER) Object.assign(last, { endedAt: now, until: since });
    // Who turns it off withdraws what it owes by earlier rules, too.
    if (!spec.active) withdraw(history, now);
    else {
      const isAhead = settledUntil > now + 1_000;
      history.reigns.push({
        rule: result.kind === 'ok' ? result.rule : undefined,
        offsetMs: spreadOffsetMs(metadata.namespace ?? '', metadata.name, spec.spreadMs),
        since,
        until: EVER,
        at: now,
        endedAt: EVER,
        isWithdrawn: false,
        owedFrom: isAhead ? settledUntil : now - DATING_MS,
      });
      forgetOld(history);
    }
  }
  if (isSuspended !== history.isSuspended || isBroken !== history.isBroken || before !== spec) history.changedAt = now;
  Object.assign(history, { isSuspended, isBroken });
}

/** What came before a turning off, or is too long ago, is not on the object any more. */
function forgetOld({ reigns }: ScheduleHistory): void {
  for (const reign of reigns.slice(0, -REIGNS)) reign.isWithdrawn = true;
}

/** Some of what it misses may be let go. */
export function isLax({ active, catchUp: { policy, limit, windowMs } }: Schedule['spec']): boolean {
  return !active || policy !== 'all' || limit !== undefined || windowMs !== undefined;
}

function textOf(spec: Schedule['spec']): string {
  return JSON.stringify([tickFieldsOf(spec), spec.spreadMs]);
}

export function removed(history: ScheduleHistory, now: number): void {
  history.spec = undefined;
  history.changedAt = now;
  history.owedSince = undefined;
  // What it started does not count for another one by its name.
  history.living.clear();
  withdraw(history, now);
}

function withdraw({ reigns }: ScheduleHistory, now: number): void {
  for (const reign of reigns) {
    reign.isWithdrawn = true;
    if (reign.endedAt === EVER) Object.assign(reign, { endedAt: now, until: now });
  }
}

/** What was ever due in (after, until]. */
export function ticksDue(history: ScheduleHistory, after: number, until: number): Tick[] {
  const ticks: Tick[] = [];
  for (const reign of history.reigns) {
    if (reign.rule === undefined || reign.isWithdrawn) continue;
    const from = Math.max(after - reign.offsetMs, reign.since);
    const to = Math.min(until - reign.offsetMs, reign.until);
    if (from >= to) continue;
    for (const tick of ticksBetween(reign.rule, from, to, MAX_TICKS)) {
      ticks.push({ tick, due: tick + reign.offsetMs, reign });
    }
  }
  return ticks;
}

const MAX_TICKS = 20_000;

/** Whether the schedule ever ticked then: by the rule that holds at that time, or held until `lagMs` before `now`. */
export function isTick({ reigns }: ScheduleHistory, tick: number, now: number, lagMs: number): boolean {
  return reigns.some(({ rule, since, until, endedAt }) => {
    if (rule === undefined || tick <= since) return false;
    if (tick > until && tick > endedAt + lagMs) return false;
    return ticksBetween(rule, tick - 1, tick, 1).length === 1 && (until === EVER || tick <= until || now >= endedAt);
  });
}

export function runOf({ metadata, spec }: Execution, tick: number, now: number): Run {
  const overlap = metadata.labels?.[LABEL.overlap];
  const { launchPlan } = spec;
  return { name: metadata.name, tick, bornAt: now, endedAt: EVER, overlap, launchPlan, isAborted: false };
}
