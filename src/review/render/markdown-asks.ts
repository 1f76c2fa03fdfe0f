import type { FindingLevel, Plan, Report, ReviewFinding } from '../report.ts';
import { countOf, kindWords, numberText } from '../words.ts';
import { codeText, inlineText } from './escape.ts';
import { details, table } from './markdown-parts.ts';

const LEVEL_WORDS: Readonly<Record<FindingLevel, string>> = {
  error: '**error**',
  warning: '**warning**',
  notice: 'notice',
};

/** Errors and warnings as a table; notices are folded away. */
export function findingsSection({ findings }: Report): string {
  const grave = findings.filter(({ level }) => level !== 'notice');
  const notices = findings.filter(({ level }) => level === 'notice');
  return [
    grave.length === 0 ? '' : findingsTable(grave),
    notices.length === 0 ? '' : details(countOf(notices.length, 'notice'), findingsTable(notices)),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** A row for each finding, as many as are wanted; the others are counted. */
export function findingsTable(findings: readonly ReviewFinding[], rows?: number): string {
  const columns = [{ title: '' }, { title: 'Finding' }, { title: 'Rule' }];
  return table(columns, findings.map(findingRow), rows);
}

function findingRow({ level, rule, message, help, file, line }: ReviewFinding): readonly string[] {
  const place = file === undefined ? '' : `<br><sub>${codeText(line === undefined ? file : `${file}:${line}`)}</sub>`;
  const hint = help === undefined ? '' : `<br><sub>${inlineText(help)}</sub>`;
  return [LEVEL_WORDS[level], `${inlineText(message)}${hint}`, `${codeText(rule)}${place}`];
}

/** Who must agree. */
export function approvalsSection({ approvals }: Report): string {
  if (approvals.length === 0) return '';
  const owners = [...new Set(approvals.flatMap((approval) => approval.owners))];
  const named = owners.slice(0, MAX_OWNERS).map(codeText).join(', ');
  const more = owners.length > MAX_OWNERS ? ` and ${numberText(owners.length - MAX_OWNERS)} more` : '';
  const rows = approvals.map(({ owners: asked, files, because }) => [
    asked.slice(0, MAX_OWNERS).map(codeText).join(', '),
    files.length === 1 ? codeText(files[0] as string) : countOf(files.length, 'file'),
    codeText(because),
  ]);
  return details(`Must agree: ${named}${more}`, table([{ title: 'Who' }, { title: 'Of' }, { title: 'Because' }], rows));
}

const MAX_OWNERS = 8;

/** What the reconciler would do. */
export function planSection({ plan }: Report): string {
  if (plan === undefined) return '';
  const { namespace, changes, unchanged, waiting, held } = plan;
  if (changes.length + waiting.length === 0 && held === undefined) return '';
  const rows = [
    ...changes.map(({ action, kind, name, file }) => [action, entity(kind, name), codeText(file)]),
    ...waiting.map(({ kind, name, reason }) => ['**keep**', entity(kind, name), inlineText(reason)]),
    ...(held === undefined
      ? []
      : [['**hold**', `${numberText(held.count)} of ${numberText(held.of)}`, inlineText(held.reason)]]),
  ];
  const counts = [...actionCounts(plan), unchanged === undefined ? '' : `${numberText(unchanged)} unchanged`];
  return details(
    `The reconciler of ${codeText(namespace)} would do: ${counts.filter((text) => text !== '').join(', ')}`,
    table([{ title: 'Action' }, { title: 'Definition' }, { title: 'File' }], rows),
  );
}

function actionCounts({ changes, waiting }: Plan): readonly string[] {
  const counts = (['create', 'update', 'restore', 'remove'] as const).flatMap((action) => {
    const count = changes.filter((change) => change.action === action).length;
    return count === 0 ? [] : [`${numberText(count)} to ${action}`];
  });
  return waiting.length === 0 ? counts : [...counts, `${numberText(waiting.length)} to confirm`];
}

function entity(kind: string, name: string): string {
  return `${kindWords(kind)} ${codeText(name)}`;
}
