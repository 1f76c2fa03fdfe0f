import { MAX_YAML_ENTRIES } from '../../base/index.ts';
import type { Mark } from '../yaml-mark.ts';
import { wordAt } from './words.ts';

/** Where the reader stands, and what it has seen. Offsets and columns in UTF-16 code units. */
export interface Cursor {
  readonly text: string;
  /** Tabs are text in quotes, comments and block scalars; anywhere else they are for the full parser. */
  readonly hasTabs: boolean;
  at: number;
  /** Offset of the line that `at` is in. */
  lineStart: number;
  /** Column of the content line that was found, or END when the document has no more. */
  column: number;
  /** Where comments begin, in order, when they are wanted. */
  readonly comments: number[] | undefined;
  /** As the gate counts them. */
  entries: number;
  /** Whether places are wanted, too; then the last value's mark is in `mark`. */
  readonly isMarking: boolean;
  mark: Mark | undefined;
  /** Of the last key. */
  keyStart: number;
  keyEnd: number;
}

export const END = -1;

export const SPACE = 0x20;
export const LINE = 0x0a;
export const HASH = 0x23;
export const DASH = 0x2d;
export const COLON = 0x3a;
const DOT = 0x2e;

/** The one thing that is thrown, and caught in `documents.ts`; it carries nothing. */
export const GIVE_UP = new Error('this text is for the full parser');

export function giveUp(): never {
  throw GIVE_UP;
}

export function cursorOf(text: string, isMarking: boolean, comments?: number[]): Cursor {
  return {
    text,
    hasTabs: text.includes('\t'),
    at: 0,
    lineStart: 0,
    column: END,
    comments,
    entries: 0,
    isMarking,
    mark: undefined,
    keyStart: 0,
    keyEnd: 0,
  };
}

/** Plain text from `at` to `end`. */
export function plainText({ text, hasTabs }: Cursor, at: number, end: number): string {
  const plain = wordAt(text, at, end);
  return end === at || (hasTabs && plain.includes('\t')) ? giveUp() : plain;
}

/** A space, a line's end or the text's: NaN is what `charCodeAt` gives past it. */
export function isBlank(code: number): boolean {
  return code === SPACE || code === LINE || !(code >= 0);
}

export function countEntry(cursor: Cursor): void {
  if (++cursor.entries > MAX_YAML_ENTRIES) giveUp();
}

export function skipSpaces(cursor: Cursor): void {
  const { text } = cursor;
  while (text.charCodeAt(cursor.at) === SPACE) cursor.at++;
}

/** Whether nothing but white space or a comment stands in the rest of the line, whose spaces are skipped. */
export function isLineEnd(cursor: Cursor): boolean {
  skipSpaces(cursor);
  const code = cursor.text.charCodeAt(cursor.at);
  if (code === HASH) {
    if (cursor.comments !== undefined) sawComment(cursor.comments, cursor.at);
    return cursor.text.charCodeAt(cursor.at - 1) === SPACE;
  }
  return code === LINE || !(code >= 0);
}

/** A comment may be looked at more than once on the way. */
export function sawComment(comments: number[], at: number): void {
  if (comments.length === 0 || (comments.at(-1) as number) < at) comments.push(at);
}

/** Leaves a line that has nothing more to say, and finds the next that has. */
export function nextLine(cursor: Cursor): void {
  if (!isLineEnd(cursor)) giveUp();
  const end = cursor.text.indexOf('\n', cursor.at);
  findLine(cursor, end === -1 ? cursor.text.length : end + 1);
}

/** From the start of a line: the first character of content, in a line that is neither blank nor a comment. */
export function findLine(cursor: Cursor, from: number): void {
  const { text } = cursor;
  let start = from;
  for (;;) {
    let at = start;
    let code = text.charCodeAt(at);
    while (code === SPACE) code = text.charCodeAt(++at);
    if (code === LINE || code === HASH) {
      if (code === HASH && cursor.comments !== undefined) sawComment(cursor.comments, at);
      const end = code === LINE ? at : text.indexOf('\n', at);
      start = end === -1 ? text.length : end + 1;
      continue;
    }
    cursor.at = at;
    cursor.lineStart = start;
    cursor.column = !(code >= 0) || (at === start && isMarker(text, at)) ? END : at - start;
    return;
  }
}

/** Whether `---` or `...` stands at `at`, the start of a line, and ends the document before it. */
export function isMarker(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code !== DASH && code !== DOT) return false;
  return text.charCodeAt(at + 1) === code && text.charCodeAt(at + 2) === code && isBlank(text.charCodeAt(at + 3));
}
