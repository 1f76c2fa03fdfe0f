import type { CommitDiff } from '../compiler/index.ts';
import type { LoadReview, ReviewFinding, ScheduleReview, Verdict } from './report.ts';
import { countOf, deltaText, kindWords, numberText } from './words.ts';

/** The change in one line: what changed, what that does to the load, and what is wrong with it. */
export function verdictOf(
  diff: CommitDiff,
  schedules: readonly ScheduleReview[],
  load: LoadReview | undefined,
  findings: readonly ReviewFinding[],
): Verdict {
  const of = (level: ReviewFinding['level']): number => findings.filter((finding) => finding.level === level).length;
  const breaking = findings.filter(({ rule }) => rule === 'breaking-change').length;
  const [errors, warnings] = [of('error'), of('warning') - breaking];
  const isUnchanged = diff.level === undefined && schedules.length === 0 && findings.length === 0;
  const parts = [
    errors === 0 ? '' : `would be refused: ${countOf(errors, 'error')}`,
    ...changeParts(diff, schedules),
    ...loadParts(load),
    breaking === 0 ? '' : `${numberText(breaking)} breaking`,
    warnings === 0 ? '' : countOf(warnings, 'warning'),
  ].filter((part) => part !== '');
  const line = parts.length === 0 ? 'no change in meaning' : parts.join(' · ');
  return { line, isUnchanged, errors, warnings, breaking };
}

/** The same of what moves in one domain only. */
export function domainLine(schedules: readonly ScheduleReview[], load: LoadReview | undefined): string {
  const states = schedules.map(({ state }) => state);
  const parts = [counted('schedule', states), ...loadParts(load)].filter((part) => part !== '');
  return parts.length === 0 ? 'no schedule changes' : parts.join(' · ');
}

function changeParts(diff: CommitDiff, schedules: readonly ScheduleReview[]): readonly string[] {
  const told = [
    counted(
      'schedule',
      schedules.map(({ state }) => state),
    ),
  ];
  const others = new Map<string, Map<string, 'added' | 'removed' | 'changed'>>();
  const note = (kind: string, name: string, state: 'added' | 'removed' | 'changed'): void => {
    // Schedules that tick as before are told with the rest.
    if (kind === 'Schedule' && schedules.some((schedule) => schedule.name === name)) return;
    const key = kind === 'Schedule' && name.includes('@') ? ELSEWHERE : kind;
    const ofKind = others.get(key) ?? new Map<string, 'added' | 'removed' | 'changed'>();
    if (!ofKind.has(name)) ofKind.set(name, state);
    others.set(key, ofKind);
  };
  for (const { kind, name } of diff.added) note(kind, name, 'added');
  for (const { kind, name } of diff.removed) note(kind, name, 'removed');
  for (const { kind, to } of diff.renamed) note(kind, to.name, 'changed');
  for (const { kind, name } of diff.changed) note(kind, name, 'changed');
  for (const { kind, name } of diff.moved) note(kind, name, 'changed');
  const rest = [...others].map(([key, states]) => {
    const told = [...states.values()];
    return key === ELSEWHERE ? `${counted('schedule', told)} in certain domains` : counted(kindWords(key), told);
  });
  const shown = rest.slice(0, MAX_KINDS);
  const left = [...others.values()].slice(MAX_KINDS).reduce((sum, states) => sum + states.size, 0);
  return [...told, ...shown, left === 0 ? '' : `${countOf(left, 'more definition')}`];
}

/** Of those for certain domains, which are not the one that the line is about. */
const ELSEWHERE = 'Schedule@';

/** Kinds besides schedules that the line names. */
const MAX_KINDS = 3;

function counted(word: string, states: readonly string[]): string {
  if (states.length === 0) return '';
  const [first] = states;
  const state = states.every((each) => each === first) ? first : 'changed';
  return `${countOf(states.length, word)} ${state}`;
}

function loadParts(load: LoadReview | undefined): readonly string[] {
  if (load === undefined) return [];
  const { runsPerWeekBefore, runsPerWeekAfter, peakBefore, peakAfter } = load;
  const delta = runsPerWeekAfter - runsPerWeekBefore;
  const runs = Math.abs(delta) < 0.005 ? '' : `${deltaText(delta)} runs/week`;
  if (peakBefore.count === peakAfter.count) return [runs];
  const at = (peakAfter.utc ?? peakBefore.utc)?.slice(11, 16);
  return [runs, `peak ${numberText(peakBefore.count)}→${numberText(peakAfter.count)}/h at ${at} UTC`];
}
