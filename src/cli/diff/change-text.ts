import { cutTo, padEnd, widthOf } from '../../client/index.ts';
import type { FieldChange, RenamedNode } from '../../compiler/index.ts';
import { type DiffLine, diffLines, fieldText, pathText } from '../../review/index.ts';
import { paint, printable, type Terminal } from '../terminal.ts';

/** Columns that are laid out for when nobody looks. */
export const PIPE_COLUMNS = 100;
const INDENT = '    ';
/** Paths are aligned up to this width; a longer one gets its value below. */
const MAX_PATH_COLUMNS = 34;
/** Lines of one value that are told. */
const MAX_VALUE_LINES = 40;

/** The changed fields of one entity, a line each where they fit, else the old and the new below each other. */
export function changeLines(
  terminal: Terminal,
  changes: readonly FieldChange[],
  renamedNodes: readonly RenamedNode[],
): string[] {
  const nodes = renamedNodes.map(({ from, to }) => ({
    path: printable(`nodes.${to}`),
    note: `was ${printable(from)}`,
  }));
  const paths = [...nodes.map(({ path }) => path), ...changes.map((change) => printable(pathText(change)))];
  const column = Math.min(MAX_PATH_COLUMNS, Math.max(0, ...paths.map(widthOf)));
  return [
    ...nodes.map(({ path, note }) => `${INDENT}${padEnd(path, column)}  ${paint(terminal, 'dim', note)}`),
    ...changes.flatMap((change) => oneChange(terminal, change, column)),
  ];
}

function oneChange(terminal: Terminal, change: FieldChange, column: number): string[] {
  const room = (terminal.columns ?? PIPE_COLUMNS) - INDENT.length - column - 2;
  const path = printable(pathText(change));
  const mark = change.level === 'breaking' ? 'breaking' : '';
  const texts = sidesOf(change);
  const plain = shortText(texts);
  const needed = widthOf(plain) + (mark === '' ? 0 : mark.length + 2);
  if (texts.isFlat && needed <= room && widthOf(path) <= column) {
    const padding = mark === '' ? '' : ' '.repeat(room - widthOf(plain) - mark.length);
    const shown = colouredShort(terminal, texts, change.level === 'cosmetic');
    return [`${INDENT}${padEnd(path, column)}  ${shown}${padding}${paint(terminal, 'red', mark)}`];
  }
  const head = mark === '' ? path : `${path}  ${paint(terminal, 'red', mark)}`;
  return [`${INDENT}${head}`, ...longLines(terminal, texts)];
}

interface Sides {
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly isFlat: boolean;
}

function sidesOf(change: FieldChange): Sides {
  const before = change.before === undefined ? undefined : fieldText(change, change.before);
  const after = change.after === undefined ? undefined : fieldText(change, change.after);
  return { before, after, isFlat: !`${before ?? ''}${after ?? ''}`.includes('\n') };
}

function shortText({ before, after }: Sides): string {
  if (before === undefined) return `+ ${printable(after ?? '')}`;
  return after === undefined ? `- ${printable(before)}` : `${printable(before)} → ${printable(after)}`;
}

function colouredShort(terminal: Terminal, sides: Sides, isDim: boolean): string {
  if (isDim) return paint(terminal, 'dim', shortText(sides));
  const { before, after } = sides;
  const old = printable(before ?? '');
  const fresh = printable(after ?? '');
  if (before === undefined) return paint(terminal, 'green', `+ ${fresh}`);
  if (after === undefined) return paint(terminal, 'red', `- ${old}`);
  return `${paint(terminal, 'red', old)} ${paint(terminal, 'dim', '→')} ${paint(terminal, 'green', fresh)}`;
}

function longLines(terminal: Terminal, { before, after }: Sides): string[] {
  const lines: readonly DiffLine[] =
    before !== undefined && after !== undefined
      ? diffLines(before, after)
      : (after ?? before ?? '')
          .split('\n')
          .map((text) => ({ kind: after === undefined ? ('removed' as const) : ('added' as const), text }));
  const shown = lines.slice(0, MAX_VALUE_LINES).flatMap((each) => valueLine(terminal, each));
  const left = lines.length - MAX_VALUE_LINES;
  return left > 0 ? [...shown, `${INDENT}  ${paint(terminal, 'dim', `… ${left} more lines`)}`] : shown;
}

const MARKS = { same: ' ', removed: '-', added: '+', gap: ' ' } as const;
const STYLES = { same: 'dim', removed: 'red', added: 'green', gap: 'dim' } as const;

/** A line of a value, wrapped where the terminal ends. */
function valueLine(terminal: Terminal, { kind, text }: DiffLine): string[] {
  const room = Math.max(20, (terminal.columns ?? PIPE_COLUMNS) - INDENT.length - 4);
  const parts = wrapAt(printable(text), room);
  return parts.map((part, at) => {
    const mark = at === 0 ? MARKS[kind] : ' ';
    return `${INDENT}  ${paint(terminal, STYLES[kind], `${mark} ${part}`)}`.trimEnd();
  });
}

/** `text` in pieces of at most `columns`, broken at spaces where there are any. */
export function wrapAt(text: string, columns: number): string[] {
  const pieces: string[] = [];
  let left = text;
  while (widthOf(left) > columns) {
    // What fits, and one more place for the ellipsis that is not wanted here.
    const fitting = cutTo(left, columns + 1).slice(0, -1);
    const space = fitting.lastIndexOf(' ');
    const at = space > columns / 2 ? space + 1 : Math.max(1, fitting.length);
    pieces.push(left.slice(0, at).trimEnd());
    left = left.slice(at);
  }
  return [...pieces, left];
}
