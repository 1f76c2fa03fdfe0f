import { bareObject, FAST_YAML, type Json } from '../../base/index.ts';
import type { Mark, PairMark } from '../yaml-mark.ts';
import { blockScalar } from './block-scalar.ts';
import {
  COLON,
  type Cursor,
  countEntry,
  DASH,
  giveUp,
  HASH,
  isBlank,
  isLineEnd,
  LINE,
  nextLine,
  plainText,
  SPACE,
} from './cursor.ts';
import { beginsPlain, flow, isFlowStart, isQuote, plainMark, quoted } from './flow.ts';
import { plainValue } from './scalar.ts';

/**
 * The block map whose first key is at the cursor, in `column`. Like all readers here it leaves the cursor at the next line
 * of content, whose column tells whom it belongs to.
 */
export function blockMap(cursor: Cursor, column: number, depth: number): Json {
  return map(cursor, column, depth, key(cursor));
}

function map(cursor: Cursor, column: number, depth: number, firstName: string): Json {
  if (depth > FAST_YAML.maxDepth) giveUp();
  const object = bareObject<Json>();
  const start = cursor.keyStart;
  const pairs: PairMark[] = [];
  for (let name = firstName; ; name = key(cursor)) {
    // An empty name and a merge are told; twice the same as well.
    if (name === '' || name === '<<' || object[name] !== undefined) giveUp();
    cursor.at++;
    countEntry(cursor);
    const { keyStart, keyEnd } = cursor;
    object[name] = valueOfKey(cursor, column, depth);
    if (cursor.isMarking) pairs.push({ name, start: keyStart, end: keyEnd, value: cursor.mark });
    if (cursor.column > column) giveUp();
    if (cursor.column < column) {
      // To the end of the text: a place ends with its first line.
      cursor.mark = { start, end: cursor.text.length, pairs };
      return object;
    }
  }
}

function valueOfKey(cursor: Cursor, column: number, depth: number): Json {
  if (!isLineEnd(cursor)) return value(cursor, column, depth + 1, false);
  nextLine(cursor);
  if (cursor.column > column) return value(cursor, column, depth + 1, true);
  // A list may stand below its key, not indented.
  if (cursor.column === column && isItem(cursor)) return list(cursor, column, depth + 1);
  cursor.mark = undefined;
  return null;
}

function list(cursor: Cursor, column: number, depth: number): Json {
  if (depth > FAST_YAML.maxDepth) giveUp();
  const items: Json[] = [];
  const marks: Mark[] = [];
  const start = cursor.at;
  do {
    cursor.at++;
    countEntry(cursor);
    items.push(valueOfItem(cursor, column, depth));
    if (cursor.isMarking) marks.push(cursor.mark ?? giveUp());
    if (cursor.column > column) giveUp();
  } while (cursor.column === column && isItem(cursor));
  cursor.mark = { start, end: cursor.text.length, items: marks };
  return items;
}

function valueOfItem(cursor: Cursor, column: number, depth: number): Json {
  if (!isLineEnd(cursor)) return value(cursor, column, depth + 1, true);
  nextLine(cursor);
  if (cursor.column > column) return value(cursor, column, depth + 1, true);
  cursor.mark = undefined;
  return null;
}

function isItem({ text, at }: Cursor): boolean {
  return text.charCodeAt(at) === DASH && isBlank(text.charCodeAt(at + 1));
}

/**
 * The value at the cursor, inside of a block at `outer`. A map or list may begin here when it `isFirst` in its line, or
 * stands after the dash of an item.
 */
function value(cursor: Cursor, outer: number, depth: number, isFirst: boolean): Json {
  const { text, at } = cursor;
  const code = text.charCodeAt(at);
  const column = at - cursor.lineStart;
  if (isQuote(code)) {
    const inner = quoted(cursor);
    if (isFirst && isColon(cursor)) return map(cursor, column, depth, keyRead(cursor, at, inner));
    if (cursor.isMarking) cursor.mark = { start: at, end: cursor.at, text: inner };
    nextLine(cursor);
    return inner;
  }
  if (isFlowStart(code)) {
    const collection = flow(cursor, outer, depth);
    nextLine(cursor);
    return collection;
  }
  if (code === 0x7c || code === 0x3e) return blockScalar(cursor, outer);
  if (isItem(cursor)) return isFirst ? list(cursor, column, depth) : giveUp();
  const scalar = plain(cursor);
  if (isColon(cursor)) return isFirst ? map(cursor, column, depth, keyRead(cursor, at, scalar)) : giveUp();
  const resolved = plainValue(scalar);
  if (cursor.isMarking) cursor.mark = plainMark(at, scalar, resolved);
  nextLine(cursor);
  return resolved;
}

function key(cursor: Cursor): string {
  const { at } = cursor;
  const name = isQuote(cursor.text.charCodeAt(at)) ? quoted(cursor) : plain(cursor);
  return isColon(cursor) ? keyRead(cursor, at, name) : giveUp();
}

function isColon({ text, at }: Cursor): boolean {
  return text.charCodeAt(at) === COLON && isBlank(text.charCodeAt(at + 1));
}

/** A key's length is bounded by the specification. */
function keyRead(cursor: Cursor, start: number, name: string): string {
  cursor.keyStart = start;
  cursor.keyEnd = cursor.at;
  return cursor.at - start > FAST_YAML.maxKeyLength ? giveUp() : name;
}

/** Plain text up to the end of the line, a comment, or the colon of a key. */
function plain(cursor: Cursor): string {
  const { text, at } = cursor;
  if (!beginsPlain(text, at)) giveUp();
  let end = at;
  for (let scan = at; ; scan++) {
    const code = text.charCodeAt(scan);
    if (code === SPACE) {
      if (text.charCodeAt(scan + 1) === HASH) break;
      continue;
    }
    if (code === LINE || !(code >= 0)) break;
    if (code === COLON && isBlank(text.charCodeAt(scan + 1))) {
      // `key :` is rare enough.
      if (end !== scan) giveUp();
      break;
    }
    end = scan + 1;
  }
  cursor.at = end;
  return plainText(cursor, at, end);
}
