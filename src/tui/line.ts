import { cutTo, widthOf } from '../client/index.ts';
import { plainText } from '../language/index.ts';

/** What a piece of text means; the theme says how it looks. Every tone goes with a word or a glyph, never alone. */
export type Tone =
  | 'plain'
  | 'dim'
  | 'strong'
  | 'good'
  | 'bad'
  | 'warn'
  | 'busy'
  | 'odd'
  | 'title'
  | 'key'
  | 'match'
  | 'selected';

/** Text of one tone. Holds no control characters: what comes from data goes through `clean`. */
export interface Span {
  readonly text: string;
  readonly tone?: Tone;
}

/** One row of the screen. */
export type Line = readonly Span[];

/** Text from data, fit for a terminal: control and bidirectional characters become visible escapes. */
export function clean(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : plainText(text);
}

export function span(text: string, tone?: Tone): Span {
  return tone === undefined ? { text } : { text, tone };
}

/** Terminal columns of a row. */
export function lineWidth(line: Line): number {
  let width = 0;
  for (const { text } of line) width += widthOf(text);
  return width;
}

/** A row without its tones. */
export function lineText(line: Line): string {
  return line.map(({ text }) => text).join('');
}

/** A row of at most `columns`, with an ellipsis where something is missing. */
export function cutLine(line: Line, columns: number): Line {
  if (lineWidth(line) <= columns) return line;
  const kept: Span[] = [];
  let room = columns;
  for (const [at, piece] of line.entries()) {
    const width = widthOf(piece.text);
    const isLast = at === line.length - 1;
    if (width < room || (width === room && isLast)) {
      kept.push(piece);
      room -= width;
      continue;
    }
    // A piece that fits exactly still loses its end when something follows it.
    const text = width === room ? cutTo(`${piece.text}…`, room) : cutTo(piece.text, room);
    kept.push({ ...piece, text });
    break;
  }
  return kept;
}

/** A row of exactly `columns`. */
export function fillLine(line: Line, columns: number): Line {
  const cut = cutLine(line, columns);
  const width = lineWidth(cut);
  return width < columns ? [...cut, { text: ' '.repeat(columns - width) }] : cut;
}

/** Left and right ends of one row; the right one gives way. */
export function spread(left: Line, right: Line, columns: number): Line {
  const leftWidth = lineWidth(left);
  const rightWidth = lineWidth(right);
  if (leftWidth + rightWidth + 1 > columns) return fillLine(left, columns);
  return [...left, { text: ' '.repeat(columns - leftWidth - rightWidth) }, ...right];
}

/** `count` empty rows, never fewer than none. */
export function blankLines(count: number): readonly Line[] {
  return Array.from({ length: Math.max(0, count) }, () => []);
}
