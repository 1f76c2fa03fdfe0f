import { MAX_IMPORT_NOTES, type Span } from '../base/index.ts';
import { type Cursor, placeOf } from './cursor.ts';

/**
 * What an import could not, or not wholly, carry over. `lost`: the construct is not in what was written. `changed`: it
 * is, and means something slightly else.
 */
export interface ImportNote {
  readonly level: 'lost' | 'changed';
  readonly span: Span;
  /** The line that holds the construct. */
  readonly frame: string;
  /** The construct as people name it: `volumes`, `{{tasks.a.status}}`. */
  readonly construct: string;
  readonly message: string;
  /** What to do, where there is something to do. */
  readonly instead?: string;
}

/** Part of a string value. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

export interface NoteDetails {
  readonly construct: string;
  readonly message: string;
  readonly instead?: string | undefined;
  readonly range?: TextRange;
  /** The place is the key's, not the value's. */
  readonly isKey?: boolean;
}

export interface Notes {
  readonly lost: (cursor: Cursor, details: NoteDetails) => void;
  readonly changed: (cursor: Cursor, details: NoteDetails) => void;
  /** In order of their places, each once. */
  readonly list: () => readonly ImportNote[];
  /** Notes past MAX_IMPORT_NOTES. */
  readonly left: () => number;
}

export function collectNotes(): Notes {
  const notes = new Map<string, ImportNote>();
  let left = 0;
  const add = (level: ImportNote['level'], cursor: Cursor, details: NoteDetails): void => {
    const { construct, message, instead, range } = details;
    const { file } = cursor.reading.document;
    const key = JSON.stringify([file, cursor.reading.number, cursor.path, range?.start, construct, message]);
    if (notes.has(key)) return;
    if (notes.size >= MAX_IMPORT_NOTES) {
      left++;
      return;
    }
    const { span, frame } = placeOf(cursor, range, details.isKey === true);
    notes.set(key, { level, span, frame, construct, message, ...(instead !== undefined && { instead }) });
  };
  return {
    lost: (cursor, details) => add('lost', cursor, details),
    changed: (cursor, details) => add('changed', cursor, details),
    list: () => [...notes.values()].sort((a, b) => comparePlaces(a.span, b.span)),
    left: () => left,
  };
}

function comparePlaces(a: Span, b: Span): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
