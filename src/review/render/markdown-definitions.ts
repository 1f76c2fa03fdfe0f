import type { CommitDiff, EntityRef, FieldChange } from '../../compiler/index.ts';
import { fieldText, pathText } from '../field-text.ts';
import { diffLines } from '../line-diff.ts';
import type { Report } from '../report.ts';
import { breakText, countOf, kindWords, numberText } from '../words.ts';
import { codeText, inlineText } from './escape.ts';
import { block, details, table } from './markdown-parts.ts';

/** Interfaces that break, with everything that they break. */
export function breaksSection({ diff }: Report): string {
  const { breaks, untriedCallers } = diff;
  if (breaks.length === 0) return '';
  const rows = breaks.flatMap((each) => {
    const what = `${kindWords(each.entity.kind)} ${codeText(each.entity.name)} ${inlineText(breakText(each))}`;
    const callers = each.affected.map(({ kind, name, state, message, file, line }) => [
      '',
      `${state}: ${kindWords(kind)} ${codeText(name)}<br><sub>${inlineText(message)}</sub>`,
      codeText(line === undefined ? file : `${file}:${line}`),
    ]);
    const level = each.level === 'breaking' ? '**breaking**' : 'all callers follow';
    return [
      [
        what,
        callers.length === 0 ? `${level}; nothing in this repository relied on it` : level,
        codeText(each.entity.file),
      ],
      ...callers,
    ];
  });
  const note = untriedCallers === 0 ? [] : [`${countOf(untriedCallers, 'further caller')} were not looked at.`];
  const columns = [{ title: 'Interface' }, { title: 'What it does' }, { title: 'Where' }];
  return details(`Interfaces: ${countOf(breaks.length, 'break')}`, table(columns, rows, MAX_BREAK_ROWS), ...note);
}

const MAX_BREAK_ROWS = 60;

/** Every definition that differs, with its fields, as a block that is coloured as a diff. */
export function definitionsSection({ diff }: Report): string {
  const lines = definitionLines(diff);
  if (lines.length === 0) return '';
  const changed = new Set(
    [...diff.added, ...diff.removed, ...diff.changed, ...diff.renamed.map(({ to }) => to), ...diff.moved].map(
      ({ kind, name }) => `${kind}/${name}`,
    ),
  );
  return details(`What differs: ${countOf(changed.size, 'definition')}`, block(lines, 'diff'), ...notes(diff));
}

function definitionLines(diff: CommitDiff): readonly string[] {
  const fields = new Map(diff.changed.map((entity) => [`${entity.kind}/${entity.name}`, entity]));
  const lines: string[] = [];
  const tell = (mark: string, entity: EntityRef, note: string): void => {
    lines.push(`${mark} ${kindWords(entity.kind)} ${entity.name}${note}  # ${entity.file}`);
    const changed = fields.get(`${entity.kind}/${entity.name}`);
    fields.delete(`${entity.kind}/${entity.name}`);
    if (changed === undefined || mark === '-' || mark === '+') return;
    for (const { from, to } of changed.renamedNodes) lines.push(`!   node ${from} is now ${to}`);
    for (const change of changed.changes) lines.push(...fieldLines(change));
  };
  for (const entity of diff.removed) tell('-', entity, '');
  for (const entity of diff.added) tell('+', entity, '');
  for (const { from, to, similarity } of diff.renamed) {
    const alike = similarity === 1 ? '' : `, ${Math.floor(similarity * 100)}% alike`;
    tell('!', to, ` was ${from.name}${alike}`);
  }
  for (const { kind, name, from, to } of diff.moved) tell('!', { kind, name, file: to }, ` moved from ${from}`);
  for (const entity of [...fields.values()]) tell('!', entity, '');
  return lines;
}

/** A value of several lines is told line by line. */
function fieldLines(change: FieldChange): readonly string[] {
  const { before, after, level } = change;
  const path = pathText(change);
  const mark = level === 'breaking' ? '  # breaking' : '';
  const [old, fresh] = [before, after].map((value) => (value === undefined ? undefined : fieldText(change, value)));
  if (`${old ?? ''}${fresh ?? ''}`.includes('\n')) {
    const marks = { same: ' ', removed: '-', added: '+', gap: ' ' } as const;
    const inner = diffLines(old ?? '', fresh ?? '').filter(
      ({ kind, text }) => kind === 'same' || kind === 'gap' || text !== '',
    );
    return [`!     ${path}${mark}`, ...inner.map(({ kind, text }) => `${marks[kind]}       ${cut(text)}`)];
  }
  return [
    ...(old === undefined ? [] : [`-     ${path}: ${cut(old)}${mark}`]),
    ...(fresh === undefined ? [] : [`+     ${path}: ${cut(fresh)}${old === undefined ? mark : ''}`]),
  ];
}

function cut(text: string): string {
  return text.length <= MAX_LINE ? text : `${text.slice(0, MAX_LINE - 1).toWellFormed()}…`;
}

const MAX_LINE = 200;

function notes({ affected, unreadable }: CommitDiff): readonly string[] {
  const named = (names: readonly string[]): string => {
    const left = names.length - MAX_NAMED;
    return `${names.slice(0, MAX_NAMED).map(codeText).join(', ')}${left > 0 ? ` and ${numberText(left)} more` : ''}`;
  };
  return [
    ...(affected.length === 0
      ? []
      : [`Run otherwise because of it: ${named(affected.map(({ kind, name }) => `${kindWords(kind)} ${name}`))}`]),
    ...(unreadable.length === 0 ? [] : [`Not compared, because it has errors: ${named(unreadable)}`]),
  ];
}

const MAX_NAMED = 12;

/** Workflows whose graph differs, as Mermaid: green is new, red and dashed is gone, yellow does something else. */
export function graphsSection({ graphs, undrawnGraphs }: Report): string {
  const parts = graphs.map(({ workflow, mermaid, added, removed, changed }) => {
    const counts = [
      added === 0 ? '' : `${numberText(added)} added`,
      removed === 0 ? '' : `${numberText(removed)} removed`,
      changed === 0 ? '' : `${numberText(changed)} changed`,
    ].filter((text) => text !== '');
    const told = counts.length === 0 ? 'another order' : counts.join(', ');
    return details(`Graph of ${codeText(workflow)}: ${told}`, `\`\`\`mermaid\n${mermaid}\n\`\`\``);
  });
  if (undrawnGraphs.length === 0) return parts.join('\n');
  const named = undrawnGraphs.slice(0, MAX_NAMED).map(codeText).join(', ');
  return [...parts, `Graphs that are not drawn here: ${named}`].join('\n');
}
