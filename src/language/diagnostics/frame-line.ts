import { displayWidth, plainText } from './plain-text.ts';

/** A line of a file as a terminal shows it: which columns each of its characters takes. */
export interface ShownLine {
  readonly text: string;
  /** The terminal column, from 0, of the UTF-16 offset into the line; offsets that are cut away stand at the nearest end. */
  readonly columnOf: (offset: number) => number;
}

interface Cell {
  readonly text: string;
  /** Offset into the line, in UTF-16 code units. */
  readonly offset: number;
  readonly column: number;
  readonly width: number;
}

/** A tab is shown as so many blanks, wherever it stands. */
const TAB_COLUMNS = 4;
const CUT = '…';

/** The part of a line that must stay in sight, in UTF-16 offsets, and how many columns after it. */
export interface InSight {
  readonly start: number;
  readonly end: number;
  readonly more: number;
}

/**
 * A line, safe for a terminal. One that is wider than `room` columns is cut on one side or both, so that what is to be
 * in sight is, as far as there is room. `isCut` tells where the line given is only a part of the one in the file.
 */
export function shownLine(
  line: string,
  room: number,
  inSight: InSight,
  isCut: { readonly before: boolean; readonly after: boolean },
): ShownLine {
  const cells = cellsOf(line);
  const last = cells.at(-1);
  const total = last === undefined ? 0 : last.column + last.width;
  const columnIn = (offset: number): number => (offset >= line.length ? total : columnAt(cells, offset));
  const low = columnIn(inSight.start);
  const high = Math.min(total, columnIn(inSight.end) + inSight.more);
  const from = total + Number(isCut.before) + Number(isCut.after) <= room ? 0 : windowStart(total, room, low, high);
  const isCutLeft = isCut.before || from > 0;
  const shift = Number(isCutLeft) - from;
  const isCutRight = isCut.after || total + shift > room;
  const to = Math.min(total, (isCutRight ? room - 1 : room) - shift);
  const kept = cells.filter(({ column, width }) => column >= from && column + width <= to);
  const text = `${isCutLeft ? CUT : ''}${kept.map((cell) => cell.text).join('')}${isCutRight ? CUT : ''}`;
  const clamp = (column: number): number => Math.max(Number(isCutLeft), Math.min(column + shift, to + shift));
  return { text: text.trimEnd(), columnOf: (offset) => clamp(columnIn(offset)) };
}

/** The first column that is shown of a line too wide for `room`. */
function windowStart(total: number, room: number, low: number, high: number): number {
  if (high < room) return 0;
  if (high - low > room - 2 * CONTEXT) return Math.max(0, low - CONTEXT);
  const middle = Math.floor((low + high) / 2);
  return Math.max(0, Math.min(middle - Math.floor(room / 2), total - room + 2));
}

/** Columns shown before a range that is wider than the terminal. */
const CONTEXT = 8;

function cellsOf(line: string): readonly Cell[] {
  const cells: Cell[] = [];
  let offset = 0;
  let column = 0;
  for (const character of line) {
    const text = character === '\t' ? ' '.repeat(TAB_COLUMNS) : plainText(character);
    const width = displayWidth(text);
    cells.push({ text, offset, column, width });
    offset += character.length;
    column += width;
  }
  return cells;
}

/** Column of the character at or around `offset`. */
function columnAt(cells: readonly Cell[], offset: number): number {
  let low = 0;
  let high = cells.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (cells[middle]!.offset <= offset) low = middle;
    else high = middle - 1;
  }
  return cells[low]?.column ?? 0;
}
