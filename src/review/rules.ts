import {
  instantText,
  MAX_WEEK_TICKS,
  MAX_YEAR_TICKS,
  REVIEW_LOAD_DAYS,
  REVIEW_YEAR_DAYS,
  remembered,
  type UnixMs,
} from '../base/index.ts';
import {
  countBetween,
  cronWords,
  type RuleResult,
  type TickFields,
  type TickRule,
  tickRuleOf,
} from '../calendar/index.ts';
import { printDuration } from '../language/index.ts';

const DAY_MS = 86_400_000;

/** The rule of a schedule's fields. */
export function ruleOf(fields: TickFields): RuleResult {
  const { cron, everyMs, exclude, start, end } = fields;
  const isPlain = exclude === undefined && start === undefined && end === undefined;
  if (!isPlain || cron === undefined || everyMs !== undefined) return tickRuleOf(fields);
  return plainRule(`${fields.timeZone} ${cron}`);
}

/** Many schedules have the same pattern, and parsing it is most of what a look at one costs. */
const plainRule = remembered((key): RuleResult => {
  const at = key.indexOf(' ');
  return tickRuleOf({ timeZone: key.slice(0, at), cron: key.slice(at + 1) });
});

/** What a rule says: `at 02:30 on weekdays`, `every 15m, counted from 2026-01-01T00:00:00.000Z`. */
export function ruleWords(rule: TickRule): string {
  if (rule.kind === 'cron') return cronWords(rule.pattern);
  return `every ${printDuration(rule.everyMs)}, counted from ${instantText(rule.anchor)}`;
}

/** A rule as it is written. */
export function ruleText({ cron, everyMs }: TickFields): string {
  return everyMs === undefined ? (cron ?? '') : `every ${printDuration(everyMs)}`;
}

/** Ticks per week: an average over the year after an instant, so that a rule of the month has one as well. */
export function runsPerWeek(rule: TickRule, from: UnixMs): number {
  const count = (days: number, max: number): number => countBetween(rule, from, from + days * DAY_MS, max);
  const weeks = REVIEW_YEAR_DAYS / REVIEW_LOAD_DAYS;
  // Whole days of a rule without days off are counted at once.
  if (rule.exclude === undefined) return count(REVIEW_YEAR_DAYS, MAX_WEEK_TICKS * weeks) / weeks;
  const week = count(REVIEW_LOAD_DAYS, MAX_WEEK_TICKS);
  // What ticks so often is the same in every week, but for its days off.
  return week * weeks >= MAX_YEAR_TICKS ? week : count(REVIEW_YEAR_DAYS, MAX_YEAR_TICKS) / weeks;
}
