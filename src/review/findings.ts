import type { Diagnostic } from '../base/index.ts';
import type { CommitDiff } from '../compiler/index.ts';
import type { Moved } from './domains.ts';
import type { ReviewInput } from './input.ts';
import { spanText } from './overlap.ts';
import type {
  DomainReview,
  FindingLevel,
  LoadReview,
  Plan,
  ReviewFinding,
  ReviewRule,
  ScheduleReview,
} from './report.ts';
import { breakText, countOf, kindWords, numberText } from './words.ts';

/** What is found beside the compiler's findings. */
export interface Looked extends Moved {
  readonly diff: CommitDiff;
  readonly others: readonly DomainReview[];
}

const LEVELS: readonly FindingLevel[] = ['error', 'warning', 'notice'];

/** Whether a finding is at a level or graver. */
export function isAtLeast({ level }: Pick<ReviewFinding, 'level'>, least: FindingLevel): boolean {
  return LEVELS.indexOf(level) <= LEVELS.indexOf(least);
}

/** Findings of head that base did not have: the same words of the same file are the same finding, wherever they stand. */
export function newFindings({ base, head }: ReviewInput): readonly Diagnostic[] {
  const known = new Map<string, number>();
  for (const finding of base.findings) {
    const key = keyOf(finding);
    known.set(key, (known.get(key) ?? 0) + 1);
  }
  return head.findings.filter((finding) => {
    const key = keyOf(finding);
    const left = known.get(key) ?? 0;
    if (left > 0) known.set(key, left - 1);
    // What a push is refused for must be told, also when it was wrong before.
    return left === 0 || finding.severity === 'error';
  });
}

function keyOf({ code, message, span }: Diagnostic): string {
  return JSON.stringify([code, message, span?.file]);
}

/** All that a person should look at, gravest first. */
export function reviewFindings(
  input: ReviewInput,
  diagnostics: readonly Diagnostic[],
  looked: Looked,
): readonly ReviewFinding[] {
  const here = domainFindings(looked);
  const found = [
    ...diagnostics.map(fromDiagnostic),
    ...breakFindings(input, looked.diff),
    ...here,
    ...looked.others.flatMap((other) => findingsElsewhere(other, here)),
  ];
  return LEVELS.flatMap((level) => found.filter((finding) => finding.level === level));
}

function domainFindings({ schedules, load, plan }: Moved): readonly ReviewFinding[] {
  return [...schedules.flatMap(scheduleFindings), ...loadFindings(load), ...planFindings(plan)];
}

/** What another domain has that the report's own has not. */
function findingsElsewhere(other: DomainReview, here: readonly ReviewFinding[]): readonly ReviewFinding[] {
  if (other.isSame) return [];
  const keyOfFinding = ({ rule, message, file }: ReviewFinding): string => JSON.stringify([rule, message, file]);
  const known = new Set(here.map(keyOfFinding));
  return domainFindings({ schedules: other.schedules, load: other.load, plan: other.plan })
    .filter((finding) => !known.has(keyOfFinding(finding)))
    .map((finding) => ({ ...finding, message: `in ${other.domain.namespace}: ${finding.message}` }));
}

function fromDiagnostic({ code, severity, message, help, span }: Diagnostic): ReviewFinding {
  return {
    rule: code,
    level: severity === 'info' ? 'notice' : severity,
    message,
    ...(help !== undefined && { help }),
    ...(span !== undefined && { file: span.file, line: span.line, endLine: span.endLine }),
  };
}

function own(rule: ReviewRule, level: FindingLevel, message: string, place: Place = {}): ReviewFinding {
  const { file, line, help } = place;
  return {
    rule,
    level,
    message,
    ...(help !== undefined && { help }),
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line, endLine: line }),
  };
}

interface Place {
  readonly file?: string;
  readonly line?: number | undefined;
  readonly help?: string;
}

function breakFindings({ head }: ReviewInput, { breaks }: CommitDiff): readonly ReviewFinding[] {
  return breaks
    .filter(({ level }) => level === 'breaking')
    .map((each) => {
      const { entity, affected } = each;
      const broken = affected.filter(({ state }) => state === 'broken').length;
      const felt =
        broken === 0 ? '' : `: ${countOf(broken, 'caller')} of this repository ${broken === 1 ? 'breaks' : 'break'}`;
      const definition = head.side.definition(`${entity.kind}/${entity.name}`);
      const line = each.kind === 'entityRemoved' ? undefined : definition?.declaredAt().span.line;
      const message = `${kindWords(entity.kind)} ${entity.name} ${breakText(each)}${felt}`;
      return own('breaking-change', 'warning', message, { file: entity.file, line });
    });
}

function scheduleFindings(schedule: ScheduleReview): readonly ReviewFinding[] {
  const { name, switchOver, after, clockChanges, overlap, file, line } = schedule;
  const place = { file, line };
  const found: ReviewFinding[] = [];
  const { effect, last, first } = switchOver;
  if (effect !== undefined) {
    const ticks = countOf(effect.count, 'tick');
    const between = `the last by the old rule is ${last?.local ?? 'none'}, the first by the new one ${first?.local ?? 'none'}`;
    const [rule, word] =
      effect.kind === 'skipped' ? (['tick-skipped', 'fewer'] as const) : (['tick-doubled', 'more'] as const);
    const message = `schedule ${name} has ${ticks} ${word} ${effect.stretch} than either rule: ${between}`;
    found.push(own(rule, 'warning', message, { ...place, help: 'merge at another time, or accept it' }));
  }
  if (after?.isActive === true && after.isBroken !== true && after.next.length === 0) {
    found.push(own('never-ticks', 'warning', `schedule ${name} is active and never ticks after the merge`, place));
  }
  for (const change of clockChanges) {
    if (change.times.length === 0) continue;
    const more = change.moreTimes > 0 ? ` and ${numberText(change.moreTimes)} more` : '';
    const message = `schedule ${name}: clocks go ${change.kind} on ${change.from}; ${change.times.join(', ')}${more} ${change.words}`;
    found.push(own('clock-change', 'notice', message, place));
  }
  if (overlap !== undefined) {
    const message = `schedule ${name} waits ${spanText(overlap.intervalMs)}, and ${after?.launchPlan} takes ${spanText(overlap.p95Ms)} (p95): ${overlap.words}`;
    found.push(own('overlapping-runs', 'warning', message, place));
  }
  return found;
}

function loadFindings(load: LoadReview | undefined): readonly ReviewFinding[] {
  if (load === undefined) return [];
  const { collisions, suggestion } = load;
  const help =
    suggestion === undefined
      ? undefined
      : `spread: ${suggestion.spread} on ${countOf(suggestion.schedules.length, 'schedule')} lowers the peak to ${numberText(suggestion.peakAfter)} a minute`;
  return collisions.map(({ after, utc, words }) => {
    const message = `${numberText(after)} ${words}, at ${utc.slice(0, 16)}Z`;
    return own('load-limit', 'warning', message, help === undefined ? {} : { help });
  });
}

function planFindings(plan: Plan | undefined): readonly ReviewFinding[] {
  if (plan === undefined) return [];
  const waiting = plan.waiting.map(({ kind, name, reason }) => {
    const message = `${kindWords(kind)} ${name} stays until somebody confirms its removal (${reason})`;
    return own('removal-waits', 'warning', message, {
      help: 'after the merge, pipectl sync --confirm-removals lets it go',
    });
  });
  const { held } = plan;
  if (held === undefined) return waiting;
  const message = `${held.count} removals of ${held.of} definitions would be held back: ${held.reason}`;
  return [
    ...waiting,
    own('removals-held', 'warning', message, { help: 'after the merge, pipectl sync --confirm-removals lets it go' }),
  ];
}
