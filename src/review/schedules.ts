import {
  canonicalJson,
  domainsOfKey,
  type Json,
  MAX_COMPARED_TICKS,
  REVIEW_LOAD_DAYS,
  REVIEW_TICKS,
} from '../base/index.ts';
import { countBetween, nextTick, type TickRule, ticksBetween } from '../calendar/index.ts';
import type { CommitDiff } from '../compiler/index.ts';
import { printDuration } from '../language/index.ts';
import { clockChanges } from './clock-changes.ts';
import { costOf } from './cost.ts';
import { fireOf, firesAfter } from './fires.ts';
import type { ReviewInput, ScheduleFacts } from './input.ts';
import { overlapOf } from './overlap.ts';
import type { Fire, InstantChange, ScheduleReview, ScheduleSide } from './report.ts';
import { ruleOf, ruleText, ruleWords, runsPerWeek } from './rules.ts';
import { switchOver } from './switch-over.ts';

const DAY_MS = 86_400_000;

/** One schedule of both commits, or of one. */
export interface SchedulePair {
  readonly before?: ScheduleFacts;
  readonly after?: ScheduleFacts;
}

/** Schedules of the domain that differ, renamed ones as one, by the name that they have now. */
export function changedSchedules({ base, head }: ReviewInput, diff: CommitDiff): readonly SchedulePair[] {
  const old = new Map(base.schedules.map((schedule) => [schedule.name, schedule]));
  const previous = new Map(
    diff.renamed.filter(({ kind }) => kind === 'Schedule').map(({ from, to }) => [plain(to.name), plain(from.name)]),
  );
  const pairs: SchedulePair[] = [];
  for (const after of head.schedules) {
    // A schedule of the same name is the same one, whatever else looks like it.
    const name = old.has(after.name) ? after.name : (previous.get(after.name) ?? after.name);
    const before = old.get(name);
    old.delete(name);
    if (before === undefined) pairs.push({ after });
    else if (before !== after && (before.name !== after.name || !isSame(before, after))) pairs.push({ before, after });
  }
  for (const before of old.values()) pairs.push({ before });
  return pairs.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** The name without the domains of a definition for some of them. */
function plain(name: string): string {
  const at = name.indexOf('@');
  return at < 0 ? name : name.slice(0, at);
}

function nameOf({ before, after }: SchedulePair): string {
  return (after ?? before)?.name ?? '';
}

function isSame(before: ScheduleFacts, after: ScheduleFacts): boolean {
  return textOf({ ...before, file: '' }) === textOf({ ...after, file: '' });
}

function textOf(value: object): string {
  return canonicalJson(value as unknown as Json);
}

/** A rule that ticks: of a schedule that is active, and that can be read. */
export function activeRule(schedule: ScheduleFacts | undefined): TickRule | undefined {
  if (schedule === undefined || !schedule.isActive) return undefined;
  const made = ruleOf(schedule.fields);
  return made.kind === 'ok' ? made.rule : undefined;
}

/** What may still be compared one by one; it is one for all schedules of a review. */
export interface TickBudget {
  left: number;
}

/** All that is to be said of one schedule that differs. */
export function reviewSchedule(input: ReviewInput, pair: SchedulePair, budget: TickBudget): ScheduleReview {
  const { before, after } = pair;
  const { mergeAt } = input;
  const [old, fresh] = [activeRule(before), activeRule(after)];
  const told = (after ?? before) as ScheduleFacts;
  const zone = told.fields.timeZone;
  const line = lineOf(input, told, after === undefined ? 'base' : 'head');
  const isSameRule =
    before !== undefined &&
    after !== undefined &&
    before.isActive === after.isActive &&
    textOf(before.fields) === textOf(after.fields);
  const instants = isSameRule ? undefined : instantChange(old, fresh, { zone, from: mergeAt, budget });
  const sides = { before: sideOf(before, mergeAt, fresh), after: sideOf(after, mergeAt, old) };
  const overlap = overlapOf(input, after, fresh);
  const cost = costOf(input, pair, sides);
  return {
    name: told.name,
    ...(before !== undefined && after !== undefined && before.name !== after.name && { previousName: before.name }),
    state: before === undefined ? 'added' : after === undefined ? 'removed' : 'changed',
    file: told.file,
    ...(line !== undefined && { line }),
    ...(sides.before !== undefined && { before: sides.before }),
    ...(sides.after !== undefined && { after: sides.after }),
    ticksDiffer: !isSameRule,
    ...(instants !== undefined && { instants }),
    switchOver: isSameRule ? unchangedSwitch(fresh, zone, mergeAt) : switchOver(old, fresh, zone, mergeAt),
    clockChanges: isSameRule || fresh === undefined ? [] : clockChanges(fresh, zone, mergeAt),
    ...(overlap !== undefined && { overlap }),
    ...(cost !== undefined && { cost }),
  };
}

function unchangedSwitch(rule: TickRule | undefined, zone: string, mergeAt: number): { readonly first?: Fire } {
  const first = rule === undefined ? undefined : nextTick(rule, mergeAt);
  return rule === undefined || first === undefined ? {} : { first: fireOf(rule, first, zone) };
}

function lineOf(input: ReviewInput, { name }: ScheduleFacts, on: 'base' | 'head'): number | undefined {
  const { side } = input[on];
  const variants = [...(side.variants?.get(`Schedule/${name}`) ?? [])];
  // One for the domain takes the place of the one for all.
  const own = variants.filter((key) => domainsOfKey(key)?.includes(input.domain?.name ?? ''));
  const keys = [...own, `Schedule/${name}`, ...variants];
  for (const key of keys) {
    const definition = side.definition(key);
    if (definition?.kind !== 'Schedule') continue;
    const field = definition.spec.cron === undefined ? 'every' : 'cron';
    return definition.placeOf(['spec', field]).span.line;
  }
  return undefined;
}

function sideOf(
  schedule: ScheduleFacts | undefined,
  mergeAt: number,
  other: TickRule | undefined,
): ScheduleSide | undefined {
  if (schedule === undefined) return undefined;
  const { fields, launchPlan, isActive, spreadMs, overlap } = schedule;
  const made = ruleOf(fields);
  const rule = made.kind === 'ok' ? made.rule : undefined;
  return {
    ...(made.kind === 'ok' ? { words: ruleWords(made.rule) } : { words: made.message, isBroken: true }),
    rule: ruleText(fields),
    timeZone: fields.timeZone,
    launchPlan,
    isActive,
    ...(spreadMs !== undefined && { spread: printDuration(spreadMs) }),
    ...(overlap !== undefined && { overlap }),
    next: rule === undefined || !isActive ? [] : firesAfter(rule, fields.timeZone, mergeAt, REVIEW_TICKS, other),
    runsPerWeek: rule === undefined || !isActive ? 0 : runsPerWeek(rule, mergeAt),
  };
}

/** Ticks of the week after the merge that only one of the rules has. */
function instantChange(
  old: TickRule | undefined,
  fresh: TickRule | undefined,
  { zone, from, budget }: { readonly zone: string; readonly from: number; readonly budget: TickBudget },
): InstantChange | undefined {
  const until = from + REVIEW_LOAD_DAYS * DAY_MS;
  const ticksOf = (rule: TickRule | undefined): readonly number[] | undefined => {
    if (rule === undefined) return [];
    const count = countBetween(rule, from, until, MAX_COMPARED_TICKS + 1);
    if (count > Math.min(MAX_COMPARED_TICKS, budget.left)) return undefined;
    budget.left -= count;
    return ticksBetween(rule, from, until, MAX_COMPARED_TICKS);
  };
  const [before, after] = [ticksOf(old), ticksOf(fresh)];
  if (before === undefined || after === undefined) return undefined;
  const [kept, wanted] = [new Set(before), new Set(after)];
  const added = after.filter((tick) => !kept.has(tick));
  const removed = before.filter((tick) => !wanted.has(tick));
  const told = (rule: TickRule | undefined, ticks: readonly number[]): readonly Fire[] =>
    rule === undefined ? [] : ticks.slice(0, REVIEW_TICKS).map((tick) => fireOf(rule, tick, zone));
  return {
    added: told(fresh, added),
    addedCount: added.length,
    removed: told(old, removed),
    removedCount: removed.length,
  };
}
