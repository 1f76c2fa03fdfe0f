import { widthOf } from '../../client/index.ts';
import type { ChangedEntity, CommitDiff, EntityRef } from '../../compiler/index.ts';
import { paint, printable, type Style, type Terminal } from '../terminal.ts';
import { breakLines, entityText } from './break-text.ts';
import { changeLines, PIPE_COLUMNS, wrapAt } from './change-text.ts';

/** A comparison as people read it: the verdict, what it breaks, then every entity with its fields. */
export function diffText(terminal: Terminal, diff: CommitDiff, title: string): string {
  const sections = [
    [verdict(terminal, diff, title)],
    breakLines(terminal, diff.breaks),
    ...entityBlocks(terminal, diff),
    notes(terminal, diff),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

const LEVEL_STYLES = { breaking: 'red', behaviour: 'yellow', cosmetic: 'green' } as const;
const LEVEL_WORDS = {
  breaking: 'breaking',
  behaviour: 'changes what runs',
  cosmetic: 'cosmetic, runs as before',
} as const;

function verdict(terminal: Terminal, diff: CommitDiff, title: string): string {
  if (diff.level === undefined) return `${title}: ${paint(terminal, 'green', 'no change in meaning')}`;
  const callers = new Set(diff.breaks.flatMap(({ affected }) => affected.filter(({ state }) => state === 'broken')));
  const broken = new Set([...callers].map(({ kind, name }) => `${kind}/${name}`)).size;
  const counts = [
    count(broken, broken === 1 ? 'caller broken' : 'callers broken'),
    count(diff.added.length, 'added'),
    count(diff.removed.length, 'removed'),
    count(diff.renamed.length, 'renamed'),
    count(diff.moved.length, 'moved'),
    count(diff.changed.length, 'changed'),
  ].filter((text) => text !== undefined);
  return `${title}: ${paint(terminal, LEVEL_STYLES[diff.level], LEVEL_WORDS[diff.level])} (${counts.join(', ')})`;
}

function count(number: number, word: string): string | undefined {
  return number === 0 ? undefined : `${number} ${word}`;
}

interface Block {
  readonly entity: EntityRef;
  readonly mark: string;
  readonly style: Style;
  /** Behind the name. */
  readonly note?: string;
  readonly lines: readonly string[];
}

/** Every entity that differs, once: what happened to it in one line, its fields below. */
function entityBlocks(terminal: Terminal, diff: CommitDiff): string[][] {
  const changed = new Map(diff.changed.map((entity) => [keyOf(entity), entity]));
  const take = (entity: EntityRef): readonly string[] => {
    const lines = changedLines(terminal, changed.get(keyOf(entity)));
    changed.delete(keyOf(entity));
    return lines;
  };
  const blocks: Block[] = [
    ...diff.removed.map((entity) => ({ entity, mark: '-', style: 'red' as const, lines: [] })),
    ...diff.added.map((entity) => ({ entity, mark: '+', style: 'green' as const, lines: [] })),
    ...diff.renamed.map(({ from, to, similarity }) => {
      const alike = similarity === 1 ? '' : `, ${Math.floor(similarity * 100)}% alike`;
      const note = `was ${printable(from.name)}${alike}`;
      return { entity: to, mark: '>', style: 'cyan' as const, note, lines: take(to) };
    }),
    ...diff.moved.map(({ kind, name, from, to }) => {
      const entity = { kind, name, file: to };
      return { entity, mark: '>', style: 'cyan' as const, note: `from ${printable(from)}`, lines: take(entity) };
    }),
    ...[...changed.values()].map((entity) => ({ entity, mark: '~', style: 'yellow' as const, lines: take(entity) })),
  ];
  return grouped(blocks.map((block) => [headOf(terminal, block), ...block.lines]));
}

/** Entities without fields to tell stand together. */
function grouped(blocks: readonly string[][]): string[][] {
  const groups: string[][] = [];
  for (const lines of blocks) {
    const last = groups.at(-1);
    const isShort = lines.length === 1 && last !== undefined && last.every((line) => !line.startsWith('    '));
    if (isShort) last.push(...lines);
    else groups.push([...lines]);
  }
  return groups;
}

function keyOf({ kind, name }: EntityRef): string {
  return `${kind}/${name}`;
}

/** `~ task clean                                   pipelines/etl.yaml` */
function headOf(terminal: Terminal, { entity, mark, style, note }: Block): string {
  const name = entityText(entity);
  const behind = note === undefined ? '' : `  (${note})`;
  const file = printable(entity.file);
  const columns = Math.min(terminal.columns ?? PIPE_COLUMNS, PIPE_COLUMNS);
  const used = 2 + widthOf(name) + widthOf(behind);
  const room = Math.max(2, columns - used - widthOf(file));
  const head = `${paint(terminal, style, mark)} ${paint(terminal, 'bold', name)}${paint(terminal, 'dim', behind)}`;
  return `${head}${' '.repeat(room)}${paint(terminal, 'dim', file)}`;
}

function changedLines(terminal: Terminal, entity: ChangedEntity | undefined): readonly string[] {
  if (entity === undefined) return [];
  return changeLines(terminal, entity.changes, entity.renamedNodes);
}

/** Entities told in one sentence; the rest is counted. */
const MAX_NAMED = 12;

function notes(terminal: Terminal, { affected, unreadable, untriedCallers }: CommitDiff): string[] {
  const columns = terminal.columns ?? PIPE_COLUMNS;
  const lines: string[] = [];
  if (affected.length > 0) {
    lines.push(...wrapAt(`These run otherwise because of it: ${named(affected.map(entityText))}`, columns));
  }
  if (unreadable.length > 0) {
    lines.push(...wrapAt(`Not compared, because it has errors: ${named(unreadable.map(printable))}`, columns));
  }
  if (untriedCallers > 0) lines.push(`${untriedCallers} further callers were not looked at.`);
  return lines.map((line) => paint(terminal, 'dim', line));
}

function named(names: readonly string[]): string {
  const left = names.length - MAX_NAMED;
  return `${names.slice(0, MAX_NAMED).join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}
