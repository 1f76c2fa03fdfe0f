import { MAX_FRAME_COLUMNS, type Span } from '../../base/index.ts';
import { shownLine } from './frame-line.ts';
import type { FindingStyle, Paint } from './paint.ts';
import { displayWidth } from './plain-text.ts';
import { wrapWords } from './wrap-words.ts';

/** A range to underline in its line, with words beside it. */
export interface Mark {
  readonly span: Span;
  readonly frame: string;
  readonly frameColumn: number;
  readonly isPrimary: boolean;
  readonly style: FindingStyle;
  /** '' for none. */
  readonly label: string;
}

export interface FrameOptions {
  readonly paint: Paint;
  /** Width of the column of line numbers. */
  readonly gutter: number;
  /** Columns for the text behind the gutter. */
  readonly room: number;
}

/** The lines of one file that have marks, each once, in order, with the marks below; `...` where lines are left out. */
export function frameLines(marks: readonly Mark[], options: FrameOptions): readonly string[] {
  const { paint, gutter } = options;
  const bar = paint('frame', '|');
  const lines = [`${' '.repeat(gutter)} ${bar}`];
  let before: number | undefined;
  for (const group of byLine(marks)) {
    const { line } = group[0]!.span;
    if (before !== undefined && line > before + 1) lines.push(paint('frame', '...'));
    before = line;
    const number = paint('frame', String(line).padStart(gutter));
    const [text, ...below] = markedLine(group, options);
    lines.push(`${number} ${bar}${text === '' ? '' : ` ${text}`}`);
    lines.push(...below.map((row) => `${' '.repeat(gutter)} ${bar} ${row}`));
  }
  return lines;
}

/** Marks that share a line as it is shown, in order of lines. */
function byLine(marks: readonly Mark[]): readonly (readonly Mark[])[] {
  const groups = new Map<string, Mark[]>();
  for (const mark of marks) {
    const key = `${mark.span.line}:${mark.frameColumn}:${mark.frame}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [mark]);
    else group.push(mark);
  }
  return [...groups.values()].sort(
    (a, b) => a[0]!.span.line - b[0]!.span.line || a[0]!.frameColumn - b[0]!.frameColumn,
  );
}

interface PlacedMark extends Mark {
  /** Terminal columns from 0; at least one wide. */
  readonly from: number;
  readonly to: number;
}

/** The line, the row of underlines, and rows of the labels that have no place beside their underline. */
function markedLine(marks: readonly Mark[], { paint, room }: FrameOptions): readonly string[] {
  const { frame, frameColumn } = marks[0]!;
  const offsets = marks.map(({ span }) => ({
    start: span.column - frameColumn,
    end: endOffset(span, frameColumn, frame),
  }));
  const line = shownLine(
    frame,
    room,
    {
      start: Math.min(...offsets.map(({ start }) => start)),
      end: Math.max(...offsets.map(({ end }) => end)),
      more: 2,
    },
    { before: frameColumn > 1, after: frame.length >= MAX_FRAME_COLUMNS },
  );
  const placed = marks
    .map((mark, at): PlacedMark => {
      const from = line.columnOf(offsets[at]!.start);
      return { ...mark, from, to: Math.max(from + 1, line.columnOf(offsets[at]!.end)) };
    })
    .sort((a, b) => a.from - b.from || Number(a.isPrimary) - Number(b.isPrimary));
  return [line.text, ...underlines(placed, paint, room)];
}

/** Offset into the frame where the span ends on its first line. */
function endOffset(span: Span, frameColumn: number, frame: string): number {
  return span.endLine > span.line ? frame.length : Math.min(span.endColumn - frameColumn, frame.length);
}

function underlines(marks: readonly PlacedMark[], paint: Paint, room: number): readonly string[] {
  const last = marks.reduce((a, b) => (b.to >= a.to && b.from >= a.from ? b : a));
  const canStandBeside = last.label !== '' && marks.every((mark) => mark === last || mark.to <= last.from);
  const isBeside = canStandBeside && last.to + 1 + displayWidth(last.label) <= Math.max(room, last.to + MIN_LABEL);
  const hanging = marks.filter((mark) => mark.label !== '' && !(isBeside && mark === last));
  const rows = [`${underlineRow(marks, paint)}${isBeside ? ` ${paint(last.style, last.label)}` : ''}`];
  if (hanging.length > 0) rows.push(barRow(hanging, paint));
  for (let at = hanging.length - 1; at >= 0; at -= 1) {
    const mark = hanging[at]!;
    const others = hanging.slice(0, at).filter(({ from }) => from < mark.from);
    const words = wrapWords(mark.label, Math.max(MIN_LABEL, room - mark.from));
    for (const text of words) rows.push(`${barRow(others, paint, mark.from)}${paint(mark.style, text)}`);
  }
  return rows;
}

/** Labels are not squeezed into less. */
const MIN_LABEL = 24;

function underlineRow(marks: readonly PlacedMark[], paint: Paint): string {
  const owners: (PlacedMark | undefined)[] = [];
  for (const mark of marks) {
    for (let column = mark.from; column < mark.to; column += 1) {
      if (owners[column]?.isPrimary !== true) owners[column] = mark;
    }
  }
  let row = '';
  for (let from = 0; from < owners.length; ) {
    const owner = owners[from];
    let to = from + 1;
    while (to < owners.length && owners[to] === owner) to += 1;
    const width = to - from;
    row += owner === undefined ? ' '.repeat(width) : paint(owner.style, (owner.isPrimary ? '^' : '-').repeat(width));
    from = to;
  }
  return row;
}

/** A `|` below each mark, filled with blanks up to `width`. */
function barRow(marks: readonly PlacedMark[], paint: Paint, width = 0): string {
  let row = '';
  let column = 0;
  for (const mark of marks) {
    if (mark.from < column) continue;
    row += ' '.repeat(mark.from - column) + paint(mark.style, '|');
    column = mark.from + 1;
  }
  return row + ' '.repeat(Math.max(0, width - column));
}
