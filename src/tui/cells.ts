import { widthOf } from '../client/index.ts';

/** One place of a row on the screen: a character with all that combines with it, and the escapes in force. */
export interface ScreenCell {
  readonly text: string;
  readonly style: string;
  /** 1 or 2. */
  readonly width: number;
}

export interface ScreenRow {
  readonly cells: readonly ScreenCell[];
  /** Whether every terminal agrees on where each cell stands: no wide, combining or ambiguous characters. */
  readonly isCertain: boolean;
}

/** What is in force: attributes in order, and the two colours. */
interface Look {
  readonly attributes: string;
  readonly ink: string;
  readonly paper: string;
}

const PLAIN: Look = { attributes: '', ink: '', paper: '' };

/** The look after an SGR sequence. Ink ends each run by its own code (`22`, `27`, `39`), and what has ended is no longer said. */
function withCodes(look: Look, codes: string): Look {
  let next = look;
  const words = codes.split(';');
  for (let at = 0; at < words.length; at++) {
    const code = words[at] === '' ? 0 : Number(words[at]);
    if (code === 0) next = PLAIN;
    else if (code < 10) next = { ...next, attributes: without(next.attributes, String(code)) + code };
    else if (code === 22) next = { ...next, attributes: without(without(next.attributes, '1'), '2') };
    else if (code > 22 && code < 30) next = { ...next, attributes: without(next.attributes, String(code - 20)) };
    else if (code === 39) next = { ...next, ink: '' };
    else if (code === 49) next = { ...next, paper: '' };
    else if (code === 38 || code === 48) {
      const length = words[at + 1] === '5' ? 3 : 5;
      const color = words.slice(at, at + length).join(';');
      next = code === 38 ? { ...next, ink: color } : { ...next, paper: color };
      at += length - 1;
    } else if (code < 40 || (code >= 90 && code < 98)) next = { ...next, ink: String(code) };
    else next = { ...next, paper: String(code) };
  }
  return next;
}

function without(attributes: string, code: string): string {
  return attributes.replaceAll(code, '');
}

function styleOf({ attributes, ink, paper }: Look): string {
  const codes = [...[...attributes].sort(), ...(ink === '' ? [] : [ink]), ...(paper === '' ? [] : [paper])];
  return codes.length === 0 ? '' : `\x1b[${codes.join(';')}m`;
}

const SGR = /\x1b\[([0-9;:]*)m/y;
/** Latin letters and what our own pictures are drawn with; all of them are one column wide in every terminal. */
const CERTAIN =
  /^[\x20-\x7e\u00a0-\u024f\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2200-\u22ff\u2500-\u25ff\u2713\u2717\u2800-\u28ff]*$/;

/** A row as it is written, read into cells. Nothing but SGR sequences and printable characters may stand in it. */
export function readRow(line: string): ScreenRow {
  const cells: ScreenCell[] = [];
  let look = PLAIN;
  let style = '';
  let isCertain = true;
  for (let at = 0; at < line.length; ) {
    if (line.charCodeAt(at) === 0x1b) {
      SGR.lastIndex = at;
      const found = SGR.exec(line);
      if (found !== null) {
        look = withCodes(look, found[1] ?? '');
        style = styleOf(look);
        at += found[0].length;
        continue;
      }
    }
    const text = String.fromCodePoint(line.codePointAt(at) ?? 0x20);
    at += text.length;
    if (isCertain && !CERTAIN.test(text)) isCertain = false;
    const width = widthOf(text);
    const last = cells.at(-1);
    if (width === 0 && last !== undefined) cells[cells.length - 1] = { ...last, text: last.text + text };
    else cells.push({ text, style, width: Math.max(1, width) });
  }
  return { cells, isCertain };
}

/**
 * The bytes that turn one row of the screen into another, from the row's first changed column to its last; none, when both look
 * the same. A row on which terminals may disagree is written anew.
 */
export function changeRow(row: number, before: string, after: string): string {
  const old = readRow(before);
  const next = readRow(after);
  const shorter = Math.min(old.cells.length, next.cells.length);
  let first = 0;
  while (first < shorter && isSame(old.cells[first], next.cells[first])) first++;
  let oldEnd = old.cells.length;
  let end = next.cells.length;
  if (oldEnd === end) {
    while (end > first && isSame(old.cells[end - 1], next.cells[end - 1])) end--;
    oldEnd = end;
  }
  const rest = oldEnd > end ? '\x1b[K' : '';
  if (first === end && rest === '') return '';
  if (!old.isCertain || !next.isCertain) return `${moveTo(row, 0)}${write(next.cells, 0, next.cells.length)}\x1b[K`;
  return `${moveTo(row, first)}${write(next.cells, first, end)}${rest}`;
}

/** Puts the cursor at a place, counted from zero. */
export function moveTo(row: number, column: number): string {
  return column === 0 ? `\x1b[${row + 1}H` : `\x1b[${row + 1};${column + 1}H`;
}

function write(cells: readonly ScreenCell[], from: number, to: number): string {
  let text = '';
  let style = '';
  for (let at = from; at < to; at++) {
    const cell = cells[at];
    if (cell === undefined) break;
    if (cell.style !== style) {
      if (style !== '') text += '\x1b[0m';
      text += cell.style;
      style = cell.style;
    }
    text += cell.text;
  }
  return style === '' ? text : `${text}\x1b[0m`;
}

function isSame(a: ScreenCell | undefined, b: ScreenCell | undefined): boolean {
  return a !== undefined && b !== undefined && a.text === b.text && a.style === b.style;
}
