import { type Json, MAX_YAML_DOCUMENTS } from '../../base/index.ts';
import type { Mark } from '../yaml-mark.ts';
import { blockMap } from './block.ts';
import { type Cursor, cursorOf, DASH, END, findLine, GIVE_UP, giveUp, nextLine } from './cursor.ts';

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

interface Documents {
  readonly values: readonly Json[];
  /** Empty when no places are wanted. */
  readonly marks: readonly Mark[];
}

function attempt(text: string, isMarking: boolean): Documents | undefined {
  // Tabs and carriage returns are white space in some places, text in others and faults in the rest.
  if (text.includes('\t') || text.includes('\r')) return undefined;
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
