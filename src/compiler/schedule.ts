import { canonicalJson, remembered } from '../base/index.ts';
import { isTimeZone, nextWallTime, parseCron, timeZoneNames } from '../calendar/index.ts';
import { acceptsNull, type DefinitionOf, didYouMean } from '../language/index.ts';
import type { ScheduleClosure } from './closure.ts';
import { excludedBy } from './exclusion.ts';
import { checkGiven, type GivenInputs, valuesRead } from './given-inputs.ts';
import { interfaceType } from './launch.ts';
import { type PlanTarget, resolvePlans } from './plan-targets.ts';
import { type Open, recordOf } from './record.ts';
import { checkExclusion, checkOverlap, checkSettings } from './schedule-settings.ts';
import { keyOf, type Made, tellTo, type Workspace } from './workspace.ts';

type Schedule = DefinitionOf<'Schedule'>;

/** From here a pattern that ever ticks does so within the years that the calendar searches. */
const SEARCH_FROM_MS = Date.UTC(2000, 0, 1);

/** Compiles a schedule: when it ticks, and that each tick has all inputs that its launch plan wants. */
export function compileSchedule(workspace: Workspace, schedule: Schedule): Made {
  const hasTime = checkTime(workspace, schedule);
  const excluded = excludedBy(workspace, schedule);
  checkSettings(workspace, schedule);
  const plans = resolvePlans(workspace, schedule, ['spec', 'launchPlan'], schedule.spec.launchPlan);
  if (plans.kind !== 'ok') return plans;
  const checked = plans.targets.map((plan) => checkPlan(workspace, schedule, plan));
  const given = checked.every((inputs) => inputs !== undefined)
    ? sharedInputs(workspace, schedule, checked)
    : undefined;
  if (!hasTime || given === undefined || excluded.kind === 'failed') return { kind: 'failed' };
  if (excluded.kind === 'pending') return excluded;
  const { cron, everyMs, timeZone, start, end, spreadMs, catchUp, kickoffTime, active } = schedule.spec;
  const { overlap, maxQueued, priority, rateLimit } = schedule.spec;
  const closure = {
    kind: 'Schedule',
    name: schedule.name,
    launchPlan: schedule.spec.launchPlan,
  } as Open<ScheduleClosure>;
  if (cron !== undefined) closure.cron = cron;
  if (everyMs !== undefined) closure.everyMs = everyMs;
  closure.timeZone = timeZone;
  if (start !== undefined) closure.start = start;
  if (end !== undefined) closure.end = end;
  if (spreadMs !== undefined) closure.spreadMs = spreadMs;
  if (excluded.rules.length > 0) closure.exclude = excluded.rules;
  closure.catchUp = catchUp;
  if (overlap !== undefined) closure.overlap = overlap;
  if (maxQueued !== undefined) closure.maxQueued = maxQueued;
  if (priority !== undefined) closure.priority = priority;
  if (rateLimit !== undefined) closure.rateLimit = rateLimit;
  if (given.same.size > 0) closure.inputs = recordOf(given.same);
  if (given.byNamespace.size > 0) closure.byNamespace = recordOf(given.byNamespace);
  if (kickoffTime !== undefined) closure.kickoffTime = kickoffTime;
  closure.active = active;
  checkOverlap(workspace, schedule, plans.targets);
  checkExclusion(workspace, schedule, closure);
  const refs = [keyOf('LaunchPlan', schedule.spec.launchPlan)];
  return { kind: 'ok', closure, refs, folders: excluded.files, ...valuesRead(given) };
}

/** The inputs that a schedule gives to its launch plan as that is in some domains; undefined when it does not fit. */
function checkPlan(workspace: Workspace, schedule: Schedule, plan: PlanTarget): GivenInputs | undefined {
  const inputs = checkGiven(workspace, schedule, ['spec', 'inputs'], schedule.spec.inputs, {
    owner: plan.title,
    parameters: plan.closure.inputs,
    isFixed: true,
    ...(plan.domains !== undefined && { domains: plan.domains }),
  });
  const isComplete = checkComplete(workspace, schedule, plan);
  const hasKickoff = checkKickoff(workspace, schedule, plan);
  return isComplete && hasKickoff ? inputs : undefined;
}

/** Of several plans, one set of inputs: what is written once means the same for all of them. */
function sharedInputs(
  workspace: Workspace,
  schedule: Schedule,
  given: readonly GivenInputs[],
): GivenInputs | undefined {
  const [first, ...others] = given as [GivenInputs, ...GivenInputs[]];
  const byNamespace = new Map(first.byNamespace);
  for (const other of others) {
    for (const [name, value] of other.same) {
      if (canonicalJson(first.same.get(name) ?? null) === canonicalJson(value)) continue;
      const message = `the input "${name}" is of another type in another domain`;
      const help = 'give the schedule of each domain a document of its own, with metadata.domains';
      tellTo(workspace)('PIPE-DOMAIN-010', message, schedule.placeOf(['spec', 'inputs', name]), { help });
      return undefined;
    }
    for (const [name, values] of other.byNamespace) byNamespace.set(name, { ...byNamespace.get(name), ...values });
  }
  return { ...first, byNamespace };
}

/** A pattern, and whether no year has a day of it. */
const patternOf = remembered((cron) => {
  const parsed = parseCron(cron);
  return { parsed, isEmpty: parsed.kind === 'ok' && nextWallTime(parsed.pattern, SEARCH_FROM_MS) === undefined };
});

function checkTime(workspace: Workspace, schedule: Schedule): boolean {
  const tell = tellTo(workspace);
  const { cron, timeZone } = schedule.spec;
  const pattern = cron === undefined ? undefined : patternOf(cron);
  const parsed = pattern?.parsed;
  if (parsed?.kind === 'error') {
    const range = { start: parsed.offset, end: parsed.offset + Math.max(1, parsed.length) };
    const help = 'five fields: minute hour day-of-month month day-of-week, for example "0 2 * * *"';
    tell('PIPE-CRON-001', parsed.message, schedule.placeOf(['spec', 'cron'], range), { help });
  }
  const isEmpty = pattern?.isEmpty === true;
  if (isEmpty) {
    const help = 'no year has such a day: look at the day and the month';
    tell('PIPE-CRON-001', `"${cron}" never ticks`, schedule.placeOf(['spec', 'cron']), { help });
  }
  const hasZone = isTimeZone(timeZone);
  if (!hasZone) {
    const help =
      didYouMean(timeZone, timeZoneNames()) ?? 'use a name of the IANA database, for example Europe/Berlin or UTC';
    tell('PIPE-CRON-002', `there is no time zone "${timeZone}"`, schedule.placeOf(['spec', 'timeZone']), { help });
  }
  return hasZone && parsed?.kind !== 'error' && !isEmpty;
}

/** Nobody is there to give an input when a tick comes: each must have a value by then. */
function checkComplete(workspace: Workspace, schedule: Schedule, { title, closure }: PlanTarget): boolean {
  const missing = Object.entries(closure.inputs).filter(([name, parameter]) => {
    if (parameter.default !== undefined || acceptsNull(interfaceType(parameter.type))) return false;
    return !schedule.spec.inputs.has(name) && schedule.spec.kickoffTime !== name;
  });
  for (const [name, parameter] of missing) {
    const message = `${title} wants the input "${name}" (${parameter.type}), and the schedule does not give it`;
    const ways = ['add it under "inputs"', 'give it a default in the launch plan'];
    if (parameter.type === 'datetime') ways.push('name it as "kickoffTime"');
    const help = `${ways.slice(0, -1).join(', ')} or ${ways.at(-1)}`;
    tellTo(workspace)('PIPE-INPUT-001', message, schedule.placeOf(['spec', 'launchPlan']), { help });
  }
  return missing.length === 0;
}

function checkKickoff(workspace: Workspace, schedule: Schedule, { title, closure }: PlanTarget): boolean {
  const name = schedule.spec.kickoffTime;
  if (name === undefined) return true;
  const tell = tellTo(workspace);
  const place = schedule.placeOf(['spec', 'kickoffTime']);
  const parameter = Object.hasOwn(closure.inputs, name) ? closure.inputs[name] : undefined;
  if (parameter === undefined) {
    const help = didYouMean(name, Object.keys(closure.inputs));
    tell('PIPE-INPUT-002', `${title} has no input "${name}"`, place, { help });
    return false;
  }
  if (parameter.type !== 'datetime' && parameter.type !== 'datetime?') {
    tell('PIPE-INPUT-003', `kickoffTime gives a datetime; the input "${name}" is ${parameter.type}`, place);
    return false;
  }
  if (schedule.spec.inputs.has(name)) {
    const related = [{ message: 'given here', ...schedule.placeOfKey(['spec', 'inputs', name]) }];
    tell('PIPE-INPUT-004', `the input "${name}" is given twice: as kickoffTime and under inputs`, place, { related });
    return false;
  }
  return true;
}
