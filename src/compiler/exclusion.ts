import { wallTimeOf } from '../calendar/index.ts';
import { type DatesFile, type DefinitionOf, type ExcludeSpec, parseDatesFile } from '../language/index.ts';
import type { ScheduleClosure } from './closure.ts';
import { normalisePath } from './paths.ts';
import { fileOf, tellTo, type Workspace } from './workspace.ts';

type Schedule = DefinitionOf<'Schedule'>;
type Rule = NonNullable<ScheduleClosure['exclude']>[number];

/** What a schedule excludes, as its closure holds it, and the files that it was read from. */
export type Excluded =
  | { readonly kind: 'ok'; readonly rules: readonly Rule[]; readonly files: readonly string[] }
  | { readonly kind: 'failed' }
  | { readonly kind: 'pending' };

/** Files of dates that were read, as long as their bytes are kept: between the rounds of a compilation. */
const PARSED = new WeakMap<Uint8Array, DatesFile>();

/** Checks what a schedule excludes, and reads the files of dates that it names. */
export function excludedBy(workspace: Workspace, schedule: Schedule): Excluded {
  const rules: Rule[] = [];
  const files = new Set<string>();
  const kinds = new Set<string>();
  for (const [index, item] of (schedule.spec.exclude ?? []).entries()) {
    const made = ruleOf(workspace, schedule, item, index);
    kinds.add(made.kind);
    if (made.kind !== 'ok') continue;
    rules.push(made.rule);
    if ('calendar' in made.rule) files.add(made.rule.calendar);
  }
  if (kinds.has('failed')) return { kind: 'failed' };
  return kinds.has('pending') ? { kind: 'pending' } : { kind: 'ok', rules, files: [...files].sort() };
}

type MadeRule =
  | { readonly kind: 'ok'; readonly rule: Rule }
  | { readonly kind: 'failed' }
  | { readonly kind: 'pending' };

const FAILED: MadeRule = { kind: 'failed' };

function ruleOf(workspace: Workspace, schedule: Schedule, item: ExcludeSpec, index: number): MadeRule {
  const { from, to, dates, calendar } = item;
  if (calendar !== undefined) return calendarRule(workspace, schedule, calendar, index);
  if (dates !== undefined) return datesRule(workspace, schedule, dates, index);
  if (from !== undefined && to !== undefined) return windowRule(workspace, schedule, { from, to }, index);
  const tell = tellTo(workspace);
  const place = schedule.placeOf(['spec', 'exclude', index]);
  tell('PIPE-SCHED-001', 'a span that is excluded has a "from" and a "to"', place);
  return FAILED;
}

function windowRule(
  workspace: Workspace,
  schedule: Schedule,
  { from, to }: { readonly from: string; readonly to: string },
  index: number,
): MadeRule {
  const tell = tellTo(workspace);
  const [begin, end] = [wallTimeOf(from), wallTimeOf(to)];
  for (const [field, text, at] of [['from', from, begin] as const, ['to', to, end] as const]) {
    if (at !== undefined) continue;
    const help = 'write a day or a local time that there is, for example 2026-12-24T18:00';
    tell('PIPE-SCHED-001', `there is no "${text}"`, schedule.placeOf(['spec', 'exclude', index, field]), { help });
  }
  if (begin === undefined || end === undefined) return FAILED;
  // A day is excluded to its end.
  const until = to.length === DATE_LENGTH ? end + DAY_MS : end;
  if (until > begin) return { kind: 'ok', rule: { from: wallText(begin), to: wallText(until) } };
  const related = [{ message: 'it begins here', ...schedule.placeOf(['spec', 'exclude', index, 'from']) }];
  const message = `the span from ${from} to ${to} is empty`;
  tell('PIPE-SCHED-001', message, schedule.placeOf(['spec', 'exclude', index, 'to']), { related });
  return FAILED;
}

const DATE_LENGTH = 10;
const DAY_MS = 86_400_000;

/** A wall time, counted as if it were UTC, as closures write it: `2026-12-24T18:00:00`. */
function wallText(wall: number): string {
  return Temporal.Instant.fromEpochMilliseconds(wall).toZonedDateTimeISO('UTC').toPlainDateTime().toString();
}

function datesRule(workspace: Workspace, schedule: Schedule, dates: readonly string[], index: number): MadeRule {
  const wrong = dates.findIndex((date) => wallTimeOf(date) === undefined);
  if (wrong < 0) return { kind: 'ok', rule: { dates: [...new Set(dates)].sort() } };
  const place = schedule.placeOf(['spec', 'exclude', index, 'dates', wrong]);
  tellTo(workspace)('PIPE-SCHED-001', `there is no day "${dates[wrong]}"`, place);
  return FAILED;
}

function calendarRule(workspace: Workspace, schedule: Schedule, written: string, index: number): MadeRule {
  const tell = tellTo(workspace);
  const place = schedule.placeOf(['spec', 'exclude', index, 'calendar']);
  const path = normalisePath(written);
  if (path.kind === 'error') {
    tell('PIPE-SCHED-002', path.message, place, { help: path.help });
    return FAILED;
  }
  const file = fileOf(workspace, path.path);
  if (file.kind === 'pending') return file;
  if (file.kind === 'missing') {
    const help = 'commit the file, or correct its path: it begins at the root of the repository';
    tell('PIPE-SCHED-002', `this commit has no file "${path.path}"`, place, { help });
    return FAILED;
  }
  const parsed = PARSED.get(file.bytes) ?? parseDatesFile(path.path, file.bytes);
  PARSED.set(file.bytes, parsed);
  if (parsed.kind === 'dates') return { kind: 'ok', rule: { calendar: path.path, dates: parsed.dates } };
  const help = 'write one day on each line, for example `2026-12-25 Christmas Day`';
  tell('PIPE-SCHED-003', parsed.message, place, { help, related: [{ message: 'here', ...parsed.place }] });
  return FAILED;
}
