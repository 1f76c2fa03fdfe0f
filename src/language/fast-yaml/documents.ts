import { type Json, MAX_YAML_DOCUMENTS, MAX_YAML_ENTRIES } from '../../base/index.ts';
import type { Mark } from '../yaml-mark.ts';
import { blockMap } from './block.ts';
import { type Cursor, cursorOf, DASH, END, findLine, GIVE_UP, giveUp, isMarker, nextLine } from './cursor.ts';

/**
 * The values of a text's documents, in order, null for an empty one; undefined when the text is for the full parser. Reads
 * block maps and lists, one-line scalars, flow collections, `|` and `>`, comments and several documents.
 */
export function fastDocuments(text: string): readonly Json[] | undefined {
  return attempt(text, false)?.values;
}

/** Where the values of a text's documents stand, under the same condition. */
export function fastMarks(text: string): readonly Mark[] | undefined {
  return attempt(text, true)?.marks;
}

/** What stands between two `---` lines of a text, or before the first, or after the last. */
export type FastPart =
  | { readonly kind: 'read'; readonly value: Json /** When places are wanted. */; readonly mark: Mark | undefined }
  | {
      readonly kind: 'unread';
      /** [start, end) of the text, the `---` line included. */
      readonly start: number;
      readonly end: number;
      /** Where the reader gave up: all before is plain and without fault. */
      readonly at: number;
      /** Because there are more keys and items than a text may have. */
      readonly isOverBudget: boolean;
    };

/** What is wanted of a text besides its values. */
export interface Wanted {
  readonly isMarking?: boolean;
  /** Filled with the offsets at which comments begin, of the parts that were read. */
  readonly comments?: number[];
}

/** The same document by document, so that one that is not plain leaves the others read. */
export function fastParts(text: string, { isMarking = false, comments }: Wanted = {}): readonly FastPart[] {
  const cursor = cursorOf(text, isMarking, comments);
  const parts: FastPart[] = [];
  for (let start = 0; start < text.length; ) {
    const end = nextMarker(text, start);
    const found = part(cursor, start, end);
    if (found !== undefined) parts.push(found);
    start = end;
  }
  return parts;
}

/** Start of the next line `---` behind the one at `start`, or the text's end. */
function nextMarker(text: string, start: number): number {
  for (let at = text.indexOf('\n---', start); at !== -1; at = text.indexOf('\n---', at + 1))
    if (isMarker(text, at + 1)) return at + 1;
  return text.length;
}

function part(cursor: Cursor, start: number, end: number): FastPart | undefined {
  const { text, isMarking } = cursor;
  const seenComments = cursor.comments?.length ?? 0;
  try {
    const isMarked = isMarker(text, start);
    if (isMarked) {
      cursor.at = start + 3;
      nextLine(cursor);
    } else findLine(cursor, start);
    const isEmpty = cursor.column === END;
    const value = isEmpty ? null : document(cursor);
    if (cursor.at !== end) giveUp();
    if (isEmpty && !isMarked) return undefined;
    const mark = isEmpty ? { start, end: start + 1 } : cursor.mark;
    return { kind: 'read', value, mark: isMarking ? mark : undefined };
  } catch (error) {
    if (error !== GIVE_UP) throw error;
    if (cursor.comments !== undefined) cursor.comments.length = seenComments;
    const at = Math.min(cursor.at, end - 1);
    return { kind: 'unread', start, end, at, isOverBudget: cursor.entries > MAX_YAML_ENTRIES };
  }
}

interface Documents {
  readonly values: readonly Json[];
  /** Empty when no places are wanted. */
  readonly marks: readonly Mark[];
}

function attempt(text: string, isMarking: boolean): Documents | undefined {
  try {
    return documents(cursorOf(text, isMarking));
  } catch (error) {
    if (error === GIVE_UP) return undefined;
    throw error;
  }
}

function documents(cursor: Cursor): Documents {
  const { text } = cursor;
  const values: Json[] = [];
  const marks: Mark[] = [];
  const add = (): void => {
    values.push(cursor.column === END ? null : document(cursor));
    // An empty document has no place of its own; the full parser tells what stands for it.
    if (cursor.isMarking) marks.push(cursor.mark ?? giveUp());
    cursor.mark = undefined;
  };
  findLine(cursor, 0);
  if (cursor.column !== END) add();
  while (cursor.at < text.length) {
    // The document before has ended at a marker; what comes after `...` is another matter.
    if (text.charCodeAt(cursor.at) !== DASH) giveUp();
    cursor.at += 3;
    nextLine(cursor);
    add();
    if (values.length > MAX_YAML_DOCUMENTS) giveUp();
  }
  return { values, marks };
}

function document(cursor: Cursor): Json {
  if (cursor.column !== 0) giveUp();
  const value = blockMap(cursor, 0, 1);
  return isAtEnd(cursor) ? value : giveUp();
}

function isAtEnd({ column }: Cursor): boolean {
  return column === END;
}
