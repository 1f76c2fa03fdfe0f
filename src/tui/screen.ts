import { cutTo, fitColumns, padEnd, padStart, widthOf } from '../client/index.ts';
import type { Content, ListColumn, ListContent, TextContent } from './content.ts';
import {
  blankLines,
  clean,
  cutLine,
  fillLine,
  type Line,
  lineText,
  lineWidth,
  type Span,
  span,
  spread,
} from './line.ts';
import { clamp, positionOf } from './list-position.ts';
import { type Place, placeOf, type State } from './state.ts';

/** What stands around the content of a place. */
export interface Surroundings {
  /** Left and right ends of the first row. */
  readonly header: readonly [Line, Line];
  readonly content: Content;
  /** The last rows: what can be done now, or what is being typed. */
  readonly footer: readonly Line[];
  /** Drawn over the content. */
  readonly box?: readonly Line[];
}

export const LEAST_COLUMNS = 40;
export const LEAST_ROWS = 10;
/** From here on a list shows what the selected row is about beside itself. */
export const PANE_COLUMNS = 100;
const GAP = '  ';

/** Whether there is no room to show anything. */
export function isTooSmall({ columns, rows }: Pick<State, 'columns' | 'rows'>): boolean {
  return columns < LEAST_COLUMNS || rows < LEAST_ROWS;
}

/** Every row of the screen, each of at most `columns`: exactly as many as the terminal has. */
export function screenLines(state: State, around: Surroundings): readonly Line[] {
  const { columns, rows } = state;
  if (isTooSmall(state)) return tooSmall(columns, rows);
  const place = placeOf(state);
  const top = [spread(around.header[0], around.header[1], columns), rule(columns)];
  const height = bodyHeight(rows, around.footer.length);
  const body =
    around.content.kind === 'list'
      ? listLines(place, around.content, columns, height)
      : textLines(place, around.content, columns, height);
  const shown = around.box === undefined ? body : overlaid(body, around.box, columns, height);
  return [...top, ...shown, ...around.footer].slice(0, rows).map((line) => cutLine(line, columns));
}

/** Rows between header and footer. */
export function bodyHeight(rows: number, footer = 1): number {
  return Math.max(1, rows - 2 - footer);
}

/** Rows of a list's table that hold objects. */
export function listHeight(rows: number, content: ListContent, footer = 1): number {
  return rowsOf(content, bodyHeight(rows, footer));
}

/** Rows of a text that can be seen. */
export function textHeight(rows: number, content: TextContent, footer = 1): number {
  return Math.max(1, bodyHeight(rows, footer) - content.facts.length - (content.note === undefined ? 0 : 1));
}

/** Rows of a table that hold objects, in a body of this height. */
function rowsOf(content: ListContent, height: number): number {
  return Math.max(1, height - shownFacts(content, height).length - 1 - (content.note === undefined ? 0 : 1));
}

/** Where there is little room, the first facts only: the rows are what one came for. */
function shownFacts({ facts }: ListContent, height: number): readonly Line[] {
  return facts.length <= height / 2 ? facts : facts.slice(0, Math.max(1, Math.floor(height / 4)));
}

function tooSmall(columns: number, rows: number): readonly Line[] {
  const lines: Line[] = [[span('too small', 'warn')], [span(`${LEAST_COLUMNS}×${LEAST_ROWS} at least`, 'dim')]];
  return [...lines, ...blankLines(rows)].slice(0, rows).map((line) => cutLine(line, columns));
}

function rule(columns: number): Line {
  return [span('─'.repeat(columns), 'dim')];
}

function listLines(place: Place, content: ListContent, columns: number, height: number): readonly Line[] {
  const hasPane = columns >= PANE_COLUMNS && content.detail !== undefined;
  const room = hasPane ? Math.max(60, Math.floor(columns * 0.6)) : columns;
  const rows = rowsOf(content, height);
  const { index, top } = positionOf(place.list, content, rows);
  const table = tableLayout(content, room);
  const lines: Line[] = shownFacts(content, height).map((line) => cutLine(line, columns));
  const tableLines: Line[] = [headLine(table, content, place)];
  for (let at = top; at < Math.min(top + rows, content.count); at++) {
    tableLines.push(rowLine(table, content, at, at === index, place.list.marks.has(content.idAt(at) ?? ''), room));
  }
  if (content.note !== undefined) tableLines.push([span('  '), ...content.note]);
  const below = Math.max(0, height - lines.length);
  if (!hasPane) return [...lines, ...tableLines, ...blankLines(below - tableLines.length)].slice(0, height);
  const id = content.idAt(index);
  const pane = id === undefined ? [] : (content.detail?.(id, columns - room - 3) ?? []);
  const joined = Array.from({ length: below }, (_, at): Line => {
    const right = pane[at];
    const left = fillLine(tableLines[at] ?? [], room);
    return [...left, span(' │ ', 'dim'), ...(right === undefined ? [] : cutLine(right, columns - room - 3))];
  });
  return [...lines, ...joined].slice(0, height);
}

interface TableLayout {
  readonly shown: readonly { readonly at: number; readonly column: ListColumn; readonly width: number }[];
  /** What is left for the tail. */
  readonly tail: number;
}

const LEAST_TAIL = 20;
/** Below, a table has room for words only. */
const TAIL_COLUMNS = 60;

function tableLayout({ columns, ...content }: ListContent, room: number): TableLayout {
  const tail = room < TAIL_COLUMNS ? undefined : content.tail;
  const forColumns = room - 2 - (tail === undefined ? 0 : LEAST_TAIL + GAP.length);
  const widths = fitColumns(
    columns,
    columns.map(({ width }) => width),
    Math.max(10, forColumns),
    GAP.length,
  );
  const shown = columns.flatMap((column, at) => {
    const width = widths[at] ?? -1;
    return width < 0 ? [] : [{ at, column, width }];
  });
  const used = shown.reduce((sum, { width }) => sum + width, 0) + GAP.length * Math.max(0, shown.length - 1);
  return { shown, tail: tail === undefined ? 0 : Math.max(0, room - 2 - used - GAP.length) };
}

function headLine({ shown, tail }: TableLayout, content: ListContent, { list }: Place): Line {
  const cells = shown.map(({ column, width }) => pad(cutTo(column.title, width), width, column));
  const sorted =
    list.sort === undefined || content.order === undefined
      ? []
      : [span(`  by ${content.order.by.toLowerCase()}${content.order.isDescending ? ' ↓' : ' ↑'}`, 'dim')];
  const line: Line = [span(`  ${cells.join(GAP)}`, 'dim')];
  if (content.tail === undefined || tail === 0) return [...line, ...sorted];
  return [...line, span(GAP), ...content.tail.title(tail)];
}

function rowLine(
  { shown, tail }: TableLayout,
  content: ListContent,
  at: number,
  isSelected: boolean,
  isMarked: boolean,
  room: number,
): Line {
  const cells = content.cells(at);
  const spans: Span[] = [
    span(isSelected ? (isMarked ? '▌*' : '▌ ') : isMarked ? ' *' : '  ', isSelected ? 'title' : 'warn'),
  ];
  for (const [position, { at: cellAt, column, width }] of shown.entries()) {
    const cell = cells[cellAt] ?? { text: '' };
    const isLast = position === shown.length - 1 && tail === 0;
    const text = cutTo(cell.text, width);
    spans.push({ ...cell, text: isLast && column.align !== 'right' ? text : pad(text, width, column) });
    if (!isLast) spans.push(span(GAP));
  }
  const withTail = content.tail === undefined || tail === 0 ? spans : [...spans, ...content.tail.draw(at, tail)];
  if (!isSelected) return withTail;
  // Inverse as one run, so that moving it costs few bytes; the state keeps its glyph and its word.
  const [marker = span(''), ...rest] = withTail;
  return [marker, span(lineText(fillLine(rest, Math.max(0, room - 2))), 'selected')];
}

function pad(text: string, width: number, column: ListColumn): string {
  return column.align === 'right' ? padStart(text, width) : padEnd(text, width);
}

function textLines({ text }: Place, content: TextContent, columns: number, height: number): readonly Line[] {
  const rows = Math.max(1, height - content.facts.length - (content.note === undefined ? 0 : 1));
  const lines: Line[] = [];
  const last = Math.max(0, content.count - 1);
  const show = (at: number): readonly Line[] => {
    const line = marked(content.line(at), text.search);
    return text.isWrapped ? wrapLine(line, columns) : [shifted(line, text.left)];
  };
  if (text.isFollowing) {
    for (let at = last; at >= 0 && content.count > 0 && lines.length < rows; at--) lines.unshift(...show(at));
    lines.splice(0, lines.length - rows);
  } else {
    for (let at = clamp(text.top, 0, last); at < content.count && lines.length < rows; at++) lines.push(...show(at));
    lines.length = Math.min(lines.length, rows);
  }
  const note = content.note === undefined ? [] : [content.note];
  const all = [...content.facts, ...lines, ...note];
  return [...all, ...blankLines(height - all.length)].slice(0, height);
}

/** A row without its first columns. */
function shifted(line: Line, left: number): Line {
  if (left === 0) return line;
  let skip = left;
  return line.flatMap((piece) => {
    if (skip === 0) return [piece];
    const characters = [...piece.text];
    while (skip > 0 && characters.length > 0) skip -= Math.min(skip, widthOf(characters.shift() ?? ''));
    return [{ ...piece, text: characters.join('') }];
  });
}

/** A row as several of at most `columns`. */
export function wrapLine(line: Line, columns: number): readonly Line[] {
  if (lineWidth(line) <= columns) return [line];
  const lines: Line[] = [];
  let current: Span[] = [];
  let room = columns;
  for (const piece of line) {
    let text = '';
    for (const character of piece.text) {
      const width = widthOf(character);
      if (width > room) {
        lines.push([...current, { ...piece, text }]);
        current = [];
        text = '';
        room = columns;
      }
      text += character;
      room -= width;
    }
    current.push({ ...piece, text });
  }
  return [...lines, current];
}

/** A row in which what is searched for stands out. */
function marked(line: Line, search: string): Line {
  if (search === '') return line;
  const sought = search.toLowerCase();
  return line.flatMap((piece) => {
    const low = piece.text.toLowerCase();
    if (!low.includes(sought) || low.length !== piece.text.length) return [piece];
    const parts: Span[] = [];
    let from = 0;
    for (let at = low.indexOf(sought); at >= 0; at = low.indexOf(sought, from)) {
      if (at > from) parts.push({ ...piece, text: piece.text.slice(from, at) });
      parts.push({ text: piece.text.slice(at, at + sought.length), tone: 'selected' });
      from = at + sought.length;
    }
    if (from < piece.text.length) parts.push({ ...piece, text: piece.text.slice(from) });
    return parts;
  });
}

/** A box in the middle of what is behind it. */
function overlaid(body: readonly Line[], box: readonly Line[], columns: number, height: number): readonly Line[] {
  const inner = Math.min(columns - 4, Math.max(...box.map(lineWidth), 20));
  const left = Math.max(0, Math.floor((columns - inner - 4) / 2));
  const lines = box.slice(0, Math.max(1, height - 2));
  const top = Math.max(0, Math.floor((height - lines.length - 2) / 2));
  const framed: Line[] = [
    [span(`┌${'─'.repeat(inner + 2)}┐`, 'title')],
    ...lines.map((line): Line => [span('│ ', 'title'), ...fillLine(line, inner), span(' │', 'title')]),
    [span(`└${'─'.repeat(inner + 2)}┘`, 'title')],
  ];
  return body.map((line, row) => {
    const framedLine = framed[row - top];
    if (framedLine === undefined) return line;
    const before = fillLine(cutPlain(line, left), left);
    const rest = shifted(fillLine(line, columns), left + inner + 4);
    return [...before, ...framedLine, ...rest];
  });
}

/** A row cut without an ellipsis: something stands behind it. */
function cutPlain(line: Line, columns: number): Line {
  let room = columns;
  return line.flatMap((piece) => {
    let text = '';
    for (const character of piece.text) {
      const width = widthOf(character);
      if (width > room) {
        room = 0;
        break;
      }
      text += character;
      room -= width;
    }
    return text === '' ? [] : [{ ...piece, text }];
  });
}

/** A title and what belongs to it: `executions > nightly-x7k2pq`. */
export function crumbs(titles: readonly string[]): Line {
  return titles.flatMap((title, at): Span[] => {
    const isLast = at === titles.length - 1;
    return [...(at === 0 ? [] : [span(' › ', 'dim')]), span(clean(title), isLast ? 'title' : 'dim')];
  });
}
