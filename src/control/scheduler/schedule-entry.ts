import {
  instantMs,
  type Json,
  MAX_SHARED_RULES,
  SCHEDULE_CHANGE_SLACK_MS,
  StalledError,
  type UnixMs,
} from '../../base/index.ts';
import { spreadOffsetMs, type TickRule, tickRuleOf } from '../../calendar/index.ts';
import {
  ANNOTATION,
  type CatchUp,
  isSuspendedSchedule,
  type OverlapPolicy,
  previousTicksOf,
  type Schedule,
  type ScheduleTicks,
  type TickRateLimit,
} from '../../cluster/index.ts';
import type { TickSpan } from './tick-spans.ts';

/** What a schedule starts and how: one object for all schedules that say the same. */
export interface Launch {
  readonly repository: string;
  readonly namespace: string;
  readonly launchPlan: string;
  readonly inputs: Readonly<Record<string, Json>> | undefined;
  readonly kickoffTime: string | undefined;
  readonly priority: number | undefined;
  readonly catchUp: CatchUp;
  readonly overlap: OverlapPolicy;
  readonly maxQueued: number | undefined;
  readonly rateLimit: TickRateLimit | undefined;
}

/** What the scheduler remembers of a schedule. Small: there may be a million. */
export interface ScheduleEntry {
  /** Its dense number, as long as it is there. */
  readonly id: number;
  readonly name: string;
  /** Of the object. */
  readonly uid: string;
  readonly generation: number;
  readonly launch: Launch;
  /** Empty: it is broken, for the reason in `problem`. */
  readonly spans: readonly TickSpan[];
  readonly problem: StalledError | undefined;
  readonly isSuspended: boolean;
  /** As its status has it: ticks up to here are settled, whatever the others' are. */
  readonly owedSince: UnixMs | undefined;
  readonly isConditionSet: boolean;
  /** As its status has it: executions that its next tick must not just overlap, if they are not over. */
  readonly claims: readonly string[];
  /** As its status has it, where it has a rate limit: what it started lately. */
  readonly began: Readonly<Record<string, number>> | undefined;
  /** Since when it ticks by the rule of which some tick is settled already. */
  readonly knownSince: UnixMs | undefined;
  /** As its status has it; counts only where the scheduler's own state is missing. */
  readonly lastTick: UnixMs | undefined;
}

/** Reads what the scheduler needs of an active schedule. What is wrong with it becomes its `problem`. */
export function scheduleEntry(id: number, schedule: Schedule, now: UnixMs): ScheduleEntry {
  const { metadata, spec, status } = schedule;
  let spans: readonly TickSpan[] = [];
  let problem: StalledError | undefined;
  try {
    checkNumbers(spec);
    spans = spansOf(schedule, now);
  } catch (error) {
    problem = problemOf(error);
  }
  return {
    id,
    name: metadata.name,
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 1,
    launch: launchOf(metadata.namespace ?? '', spec),
    spans,
    problem,
    isSuspended: isSuspendedSchedule(schedule),
    owedSince: instantMs(status?.owedSince),
    isConditionSet: status?.conditions !== undefined,
    claims: status?.claims === undefined ? NO_CLAIMS : Object.keys(status.claims),
    began: spec.rateLimit === undefined ? undefined : status?.began,
    knownSince: instantMs(status?.knownSince),
    lastTick: instantMs(status?.lastTick),
  };
}

/** Registration refuses other numbers; one that somebody wrote past git must not be counted with. */
function checkNumbers({ spreadMs = 0, maxQueued = 1, catchUp, rateLimit }: Schedule['spec']): void {
  const { limit = 0, windowMs = 0 } = catchUp ?? {};
  const { ticks = 1, perMs = 1 } = rateLimit ?? {};
  const isGood = [spreadMs, maxQueued, limit, windowMs].every((value) => Number.isSafeInteger(value) && value >= 0);
  if (isGood && ticks >= 1 && perMs >= 1) return;
  throw new StalledError('InvalidSchedule', 'one of its numbers is none that a schedule can have');
}

/** Somebody may have written anything past git: what nobody thought of is wrong with that schedule alone, too. */
function problemOf(error: unknown): StalledError {
  if (error instanceof StalledError) return error;
  return new StalledError('InvalidSchedule', `it cannot tell when it ticks: ${(error as Error).message}`);
}

const NO_CLAIMS: readonly string[] = [];

/** Whether both tick and start the same, whatever their status says. */
export function isSameEntry(a: ScheduleEntry, b: ScheduleEntry): boolean {
  return a.generation === b.generation && a.isSuspended === b.isSuspended && sinceOf(a) === sinceOf(b);
}

/** From when on it ticks by its present rule. */
export function sinceOf({ spans }: ScheduleEntry): UnixMs {
  return spans.at(-1)?.since ?? Number.POSITIVE_INFINITY;
}

/**
 * From when on its ticks are to be looked at again, since it changed so shortly before what is settled, or after all changes
 * that had surely been heard of, that they may have been passed over by somebody who did not know of the change. Undefined
 * when it did not, or when a tick was settled since: what was decided of it then must not be decided anew. It may have changed
 * again since.
 */
export function freshSince(
  { spans, knownSince }: ScheduleEntry,
  settledUntil: UnixMs,
  heardUntil: UnixMs,
): UnixMs | undefined {
  const unheardSince = Math.min(settledUntil, heardUntil) - SCHEDULE_CHANGE_SLACK_MS;
  const isNear = (since: UnixMs): boolean => since < settledUntil && since > unheardSince;
  if (spans.length === 1) {
    const { since } = spans[0] as TickSpan;
    return since !== knownSince && isNear(since) ? since : undefined;
  }
  const known = knownSince ?? Number.NEGATIVE_INFINITY;
  return spans.find(({ since }) => since > known && isNear(since))?.since;
}

/**
 * The rule by which a schedule object ticks. Throws StalledError for a pattern that does not parse or a zone that is not
 * known: registration refuses those, so the object was changed by hand, or this runtime's zones are others.
 */
export function tickRule(schedule: Pick<Schedule, 'spec'>): TickRule {
  return ruleOf(schedule.spec);
}

function spansOf(schedule: Schedule, now: UnixMs): readonly TickSpan[] {
  const { metadata, spec, status } = schedule;
  const since =
    instantMs(metadata.annotations?.[ANNOTATION.activeSince]) ??
    instantMs(status?.activeSince) ??
    instantMs(metadata.creationTimestamp) ??
    now;
  const last = spanOf(schedule, spec, since, Number.POSITIVE_INFINITY);
  const before = previousTicksOf(schedule);
  if (before.length === 0) return [last];
  const spans: TickSpan[] = [];
  let start = Number.NEGATIVE_INFINITY;
  for (const previous of before) {
    const from = Math.max(start, instantMs(previous.since) ?? instantMs(metadata.creationTimestamp) ?? start);
    const until = Math.min(instantMs(previous.until) ?? from, since);
    if (until > from) spans.push(...earlierSpan(schedule, previous, from, until));
    start = Math.max(start, until);
  }
  return [...spans, last];
}

/** None where the rule cannot be told any more: that of a hand that erred, or of a zone that is gone. It never ticked, or does no more. */
function earlierSpan(schedule: Schedule, previous: ScheduleTicks, from: UnixMs, until: UnixMs): readonly TickSpan[] {
  try {
    return [spanOf(schedule, previous, from, until)];
  } catch {
    return [];
  }
}

function spanOf({ metadata }: Schedule, ticks: ScheduleTicks, since: UnixMs, until: UnixMs): TickSpan {
  return {
    rule: ruleOf(ticks),
    offsetMs: spreadOffsetMs(metadata.namespace ?? '', metadata.name, ticks.spreadMs),
    since,
    until,
  };
}

const rules = new Map<string, TickRule>();

function ruleOf({ cron, everyMs, timeZone, start, end, exclude }: ScheduleTicks): TickRule {
  const key = JSON.stringify([cron, everyMs, timeZone, start, end, exclude]);
  const known = rules.get(key);
  if (known !== undefined) return known;
  const result = tickRuleOf({
    timeZone,
    ...(cron !== undefined && { cron }),
    ...(everyMs !== undefined && { everyMs }),
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
    ...(exclude !== undefined && { exclude }),
  });
  if (result.kind === 'error') throw new StalledError('InvalidSchedule', result.message);
  if (rules.size >= MAX_SHARED_RULES) rules.clear();
  rules.set(key, result.rule);
  return result.rule;
}

const launches = new Map<string, Launch>();

function launchOf(namespace: string, spec: Schedule['spec']): Launch {
  const {
    repository,
    launchPlan,
    inputs,
    kickoffTime,
    priority,
    catchUp,
    overlap = 'allow',
    maxQueued,
    rateLimit,
  } = spec;
  const launch: Launch = {
    repository,
    namespace,
    launchPlan,
    inputs,
    kickoffTime,
    priority,
    catchUp: catchUp ?? { policy: 'none' },
    overlap,
    maxQueued,
    rateLimit,
  };
  const key = JSON.stringify(launch);
  const known = launches.get(key);
  if (known !== undefined) return known;
  if (launches.size >= MAX_SHARED_RULES) launches.clear();
  launches.set(key, launch);
  return launch;
}
