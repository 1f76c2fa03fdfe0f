import { type Json, MAX_YAML_DOCUMENTS } from '../../base/index.ts';
import { blockMap } from './block.ts';
import { type Cursor, cursorOf, DASH, END, findLine, GIVE_UP, giveUp, nextLine } from './cursor.ts';

/**
 * The values of a text's documents, in order, null for an empty one; undefined when the text is for the full parser. Reads
 * block maps and lists, one-line scalars, flow collections, `|` and `>`, comments and several documents.
 */
export function fastDocuments(text: string): readonly Json[] | undefined {
  // Tabs and carriage returns are white space in some places, text in others and faults in the rest.
  if (text.includes('\t') || text.includes('\r')) return undefined;
  try {
    return documents(cursorOf(text));
  } catch (error) {
    if (error === GIVE_UP) return undefined;
    throw error;
  }
}

function documents(cursor: Cursor): readonly Json[] {
  const { text } = cursor;
  const found: Json[] = [];
  findLine(cursor, 0);
  if (cursor.column !== END) found.push(document(cursor));
  while (cursor.at < text.length) {
    // The document before has ended at a marker; what comes after `...` is another matter.
    if (text.charCodeAt(cursor.at) !== DASH) giveUp();
    cursor.at += 3;
    nextLine(cursor);
    found.push(cursor.column === END ? null : document(cursor));
    if (found.length > MAX_YAML_DOCUMENTS) giveUp();
  }
  return found;
}

function document(cursor: Cursor): Json {
  if (cursor.column !== 0) giveUp();
  const value = blockMap(cursor, 0, 1);
  return isAtEnd(cursor) ? value : giveUp();
}

function isAtEnd({ column }: Cursor): boolean {
  return column === END;
}
