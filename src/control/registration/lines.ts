import { type Diagnostic, MAX_SHOWN_WARNINGS } from '../../base/index.ts';
import { shortOid } from '../../git/index.ts';
import { formatDiagnostics, plainText } from '../../language/index.ts';

/** What changed between a commit and its base, for people. */
export interface RegisteredCounts {
  /** Entities new or changed, by kind. */
  readonly changed: Readonly<Record<string, number>>;
  readonly unchanged: number;
  readonly removed: number;
}

/** The order and the words in which kinds are counted. */
const NOUNS: readonly (readonly [kind: string, one: string, many: string])[] = [
  ['Workflow', 'workflow', 'workflows'],
  ['Task', 'task', 'tasks'],
  ['LaunchPlan', 'launch plan', 'launch plans'],
  ['Schedule', 'schedule', 'schedules'],
  ['Platform', 'platform', 'platforms'],
  ['Policy', 'policy', 'policies'],
];

/** `pipectl: 3f2c1ab registered: 2 workflows, 1 schedule (12 unchanged)`, then warnings. */
export function registeredLines(
  commit: string,
  { changed, unchanged, removed }: RegisteredCounts,
  diagnostics: readonly Diagnostic[],
): readonly string[] {
  const parts = NOUNS.flatMap(([kind, one, many]) => {
    const count = changed[kind] ?? 0;
    return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];
  });
  if (removed > 0) parts.push(`${removed} removed`);
  const what = parts.length === 0 ? 'no definition changed' : parts.join(', ');
  const rest = unchanged > 0 ? ` (${unchanged} unchanged)` : '';
  const left = diagnostics.length - MAX_SHOWN_WARNINGS;
  return [
    `pipectl: ${shortOid(commit)} registered: ${what}${rest}`,
    ...findingLines(diagnostics.slice(0, MAX_SHOWN_WARNINGS)),
    ...(left > 0
      ? [`pipectl: ${left} more are not shown: \`pipectl validate --rev ${shortOid(commit)}\` lists all`]
      : []),
  ];
}

/** Every finding with its place. */
export function rejectedLines(ref: string, commit: string, diagnostics: readonly Diagnostic[]): readonly string[] {
  return [
    `pipectl: ${shortOid(commit)} (${plainText(branchOf(ref) ?? ref)}) is not valid:`,
    '',
    ...findingLines(diagnostics),
  ];
}

/** The branch of `refs/heads/…`, or undefined for another ref. */
export function branchOf(ref: string): string | undefined {
  return ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : undefined;
}

function findingLines(diagnostics: readonly Diagnostic[]): readonly string[] {
  if (diagnostics.length === 0) return [];
  const options = { color: false, columns: MAX_COLUMNS };
  return formatDiagnostics(diagnostics, 'pretty', options).trimEnd().split('\n');
}

/** Git writes `remote: ` before each line; a terminal of 100 columns still shows them whole. */
const MAX_COLUMNS = 90;
