import { type Cursor, DASH, findLine, giveUp, isLineEnd, LINE, SPACE } from './cursor.ts';

const FOLDED = 0x3e;

/** Lines of a block scalar: text from its indentation on, '' for a blank one. */
interface Lines {
  readonly lines: readonly string[];
  /** How many of them come before the first with text. */
  readonly leading: number;
  /** Offset behind the last of them. */
  readonly end: number;
}

/** The text after `|` or `>` at the cursor, in lines right of `column`. Indentation indicators and `+` are left to others. */
export function blockScalar(cursor: Cursor, column: number): string {
  const { text, at: start } = cursor;
  const isFolded = text.charCodeAt(cursor.at++) === FOLDED;
  const isStripped = text.charCodeAt(cursor.at) === DASH;
  if (isStripped) cursor.at++;
  if (!isLineEnd(cursor)) giveUp();
  const first = text.indexOf('\n', cursor.at);
  if (first === -1) giveUp();
  const { lines, leading, end } = contentLines(cursor, first + 1, column);
  // Folding keeps the line ends around lines that begin with white space of either kind.
  if (isFolded && cursor.hasTabs && lines.some((line) => line.startsWith('\t'))) giveUp();
  const joined = isFolded ? '\n'.repeat(leading) + folded(lines.slice(leading)) : lines.join('\n');
  const value = isStripped ? joined : `${joined}\n`;
  if (cursor.isMarking) cursor.mark = { start, end, text: value };
  return value;
}

function contentLines(cursor: Cursor, from: number, column: number): Lines {
  const { text } = cursor;
  const lines: string[] = [];
  let indent = -1;
  let leading = 0;
  let widestBlank = 0;
  let filled = 0;
  let filledTo = from;
  let start = from;
  while (start < text.length) {
    let at = start;
    while (text.charCodeAt(at) === SPACE) at++;
    const end = lineEnd(text, at);
    if (at === end) {
      widestBlank = Math.max(widestBlank, at - start);
      lines.push('');
    } else {
      if (indent === -1) {
        indent = at - start;
        leading = lines.length;
        // What is not indented is no content, and the scalar is empty.
        if (indent <= column) giveUp();
      }
      if (at - start < indent) break;
      lines.push(text.slice(start + indent, end));
      filled = lines.length;
      filledTo = Math.min(end + 1, text.length);
    }
    start = end + 1;
  }
  // Blank lines that are wider than the indentation hold spaces of the text, or are faulty.
  if (indent === -1 || widestBlank > indent) giveUp();
  findLine(cursor, Math.min(start, text.length));
  lines.length = filled;
  return { lines, leading, end: filledTo };
}

function lineEnd(text: string, at: number): number {
  if (text.charCodeAt(at) === LINE) return at;
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

/** Lines joined by spaces, but around blank and further indented ones (https://yaml.org/spec/1.2.2/#813-folded-style). */
function folded(lines: readonly string[]): string {
  let value = '';
  let separator = '';
  let wasIndented = false;
  for (const line of lines) {
    if (line === '') {
      if (separator === '\n') value += '\n';
      else separator = '\n';
    } else if (line.charCodeAt(0) === SPACE) {
      if (separator === ' ') separator = '\n';
      else if (!wasIndented && separator === '\n') separator = '\n\n';
      value += separator + line;
      separator = '\n';
      wasIndented = true;
    } else {
      value += separator + line;
      separator = ' ';
      wasIndented = false;
    }
  }
  return value;
}
