import { bareObject, FAST_YAML, type Json } from '../../base/index.ts';
import type { Mark, PairMark } from '../yaml-mark.ts';
import {
  COLON,
  type Cursor,
  countEntry,
  DASH,
  giveUp,
  HASH,
  isBlank,
  isMarker,
  LINE,
  plainText,
  SPACE,
  sawComment,
} from './cursor.ts';
import { plainValue, unescaped } from './scalar.ts';
import { wordAt } from './words.ts';

const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;

/** What surrounds a flow collection: the column of its block, which its further lines must be right of. */
interface Outside {
  readonly column: number;
  /** Open brackets. */
  readonly level: number;
  /** Block and flow together. */
  readonly depth: number;
}

export function isFlowStart(code: number): boolean {
  return code === OPEN_LIST || code === OPEN_MAP;
}

export function isQuote(code: number): boolean {
  return code === QUOTE || code === APOSTROPHE;
}

/** The text in quotes that opens at the cursor; it ends in the same line. */
export function quoted(cursor: Cursor): string {
  const { text, at } = cursor;
  const isDouble = text.charCodeAt(at) === QUOTE;
  const quote = isDouble ? '"' : "'";
  let end = text.indexOf(quote, at + 1);
  if (isDouble) while (end !== -1 && isEscaped(text, end)) end = text.indexOf(quote, end + 1);
  else while (end !== -1 && text.charCodeAt(end + 1) === APOSTROPHE) end = text.indexOf(quote, end + 2);
  if (end === -1) return giveUp();
  const inner = wordAt(text, at + 1, end);
  if (inner.includes('\n')) return giveUp();
  cursor.at = end + 1;
  return isDouble ? unescaped(inner) : inner.includes("'") ? inner.replaceAll("''", "'") : inner;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(at - 1 - slashes) === 0x5c) slashes++;
  return slashes % 2 === 1;
}

/** The value of the `[…]` or `{…}` that opens at the cursor. */
export function flow(cursor: Cursor, column: number, depth: number): Json {
  return collection(cursor, { column, level: 1, depth });
}

function collection(cursor: Cursor, outside: Outside): Json {
  if (outside.depth > FAST_YAML.maxDepth) giveUp();
  countEntry(cursor);
  return cursor.text.charCodeAt(cursor.at) === OPEN_LIST ? list(cursor, outside) : map(cursor, outside);
}

function list(cursor: Cursor, outside: Outside): Json {
  const items: Json[] = [];
  const marks: Mark[] = [];
  const start = cursor.at++;
  while (!closes(cursor, outside, CLOSE_LIST)) {
    items.push(item(cursor, outside));
    if (cursor.isMarking) marks.push(cursor.mark as Mark);
    if (!separates(cursor, outside, CLOSE_LIST)) break;
  }
  cursor.mark = { start, end: cursor.at, items: marks };
  return items;
}

function map(cursor: Cursor, outside: Outside): Json {
  const object = bareObject<Json>();
  const pairs: PairMark[] = [];
  const start = cursor.at++;
  while (!closes(cursor, outside, CLOSE_MAP)) {
    const keyStart = cursor.at;
    const name = key(cursor);
    const keyEnd = cursor.at++;
    countEntry(cursor);
    skip(cursor, outside);
    // Without a value there is no item here, and the full parser has its say.
    const value = item(cursor, outside);
    if (object[name] !== undefined) giveUp();
    object[name] = value;
    if (cursor.isMarking) pairs.push({ name, start: keyStart, end: keyEnd, value: cursor.mark });
    if (!separates(cursor, outside, CLOSE_MAP)) break;
  }
  cursor.mark = { start, end: cursor.at, pairs };
  return object;
}

/** Whether the collection ends here; past white space. */
function closes(cursor: Cursor, outside: Outside, end: number): boolean {
  skip(cursor, outside);
  if (cursor.text.charCodeAt(cursor.at) !== end) return false;
  cursor.at++;
  return true;
}

/** Takes what must follow an item: a comma, or the end, which is the answer no. */
function separates(cursor: Cursor, outside: Outside, end: number): boolean {
  if (closes(cursor, outside, end)) return false;
  if (cursor.text.charCodeAt(cursor.at) !== COMMA) giveUp();
  cursor.at++;
  countEntry(cursor);
  return true;
}

function item(cursor: Cursor, outside: Outside): Json {
  const code = cursor.text.charCodeAt(cursor.at);
  if (isFlowStart(code)) {
    return collection(cursor, { ...outside, level: outside.level + 1, depth: outside.depth + 1 });
  }
  const { at } = cursor;
  const text = isQuote(code) ? quoted(cursor) : plain(cursor);
  const value = isQuote(code) ? text : plainValue(text);
  if (cursor.isMarking) {
    cursor.mark = isQuote(code) ? { start: at, end: cursor.at, text } : plainMark(at, text, value);
  }
  return value;
}

/** Of plain text; a number stands for itself, though a wide one is kept as digits. */
export function plainMark(start: number, text: string, value: Json): Mark {
  const end = start + text.length;
  return value === text && !WHOLE.test(text) ? { start, end, text } : { start, end };
}

const WHOLE = /^[-+]?[0-9]+$/;

/** The name of a pair; the cursor is left at its colon. */
function key(cursor: Cursor): string {
  const start = cursor.at;
  const name = isQuote(cursor.text.charCodeAt(start)) ? quoted(cursor) : plain(cursor);
  const isKey = cursor.text.charCodeAt(cursor.at) === COLON && name !== '' && name !== '<<';
  return isKey && cursor.at - start <= FAST_YAML.maxKeyLength ? name : giveUp();
}

/** Plain text in a flow; it ends in the same line. */
function plain(cursor: Cursor): string {
  const { text, at } = cursor;
  if (!beginsPlain(text, at)) giveUp();
  let end = at;
  let scan = at;
  for (; ; scan++) {
    const code = text.charCodeAt(scan);
    if (code === SPACE) {
      if (text.charCodeAt(scan + 1) === HASH) break;
      continue;
    }
    if (code === COLON) {
      const next = text.charCodeAt(scan + 1);
      if (isBlank(next) || isFlowIndicator(next)) break;
    } else if (code === LINE || isFlowIndicator(code) || !(code >= 0)) break;
    end = scan + 1;
  }
  cursor.at = end;
  return plainText(cursor, at, end);
}

function isFlowIndicator(code: number): boolean {
  return code === COMMA || code === OPEN_LIST || code === CLOSE_LIST || code === OPEN_MAP || code === CLOSE_MAP;
}

/** Whether the character may begin plain text without a second thought. */
export function beginsPlain(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code === DASH) {
    const next = text.charCodeAt(at + 1);
    return !isBlank(next) && !isFlowIndicator(next) && !isMarker(text, at);
  }
  return PLAIN_START[code] ?? code > 0x7f;
}

const PLAIN_START: readonly boolean[] = Array.from({ length: 0x80 }, (_none, code) =>
  /[A-Za-z0-9_$./+~<=;^()\\]/.test(String.fromCharCode(code)),
);

/** White space, line ends and comments inside a collection. */
function skip(cursor: Cursor, { column, level }: Outside): void {
  const { text } = cursor;
  for (;;) {
    const code = text.charCodeAt(cursor.at);
    if (code === SPACE) cursor.at++;
    else if (code === LINE) {
      cursor.at++;
      cursor.lineStart = cursor.at;
    } else if (code === HASH) {
      if (!isBlank(text.charCodeAt(cursor.at - 1))) giveUp();
      const end = text.indexOf('\n', cursor.at);
      if (end === -1) giveUp();
      if (cursor.comments !== undefined) sawComment(cursor.comments, cursor.at);
      cursor.at = end;
    } else break;
  }
  checkIndent(cursor, column, level);
}

/** A line inside a collection is right of the block around it; only the last bracket may stand below its key. */
function checkIndent({ text, at, lineStart }: Cursor, column: number, level: number): void {
  for (let before = at - 1; before >= lineStart; before--) if (text.charCodeAt(before) !== SPACE) return;
  const indent = at - lineStart;
  const code = text.charCodeAt(at);
  const isLast = level === 1 && (code === CLOSE_LIST || code === CLOSE_MAP);
  if (indent <= column && !(isLast && indent === column)) giveUp();
  if (indent === 0 && isMarker(text, at)) giveUp();
}
