import type { FileRecord } from '../../compiler/index.ts';

/** A record without its file's name and all that is empty: nearly everything that may be said of a file is not. */
export type WrittenRecord = Partial<FileRecord>;

/** A record, and the JSON text that it is kept as. */
export interface NotedRecord {
  readonly record: FileRecord;
  readonly text: string;
}

export function noteRecord(record: FileRecord): NotedRecord {
  return { record, text: JSON.stringify(compactRecord(record)) };
}

/** The same from its text. */
export function notedRecord(file: string, text: string): NotedRecord {
  return { record: wholeRecord(file, JSON.parse(text) as WrittenRecord), text };
}

function compactRecord(record: FileRecord): WrittenRecord {
  const written: Record<string, unknown> = {};
  for (const name of WRITTEN) {
    const value = record[name];
    if (value !== 0 && value !== false && !(Array.isArray(value) && value.length === 0)) written[name] = value;
  }
  return written as WrittenRecord;
}

export function wholeRecord(file: string, written: WrittenRecord): FileRecord {
  return { ...EMPTY, ...written, file };
}

const EMPTY = {
  declared: [],
  broken: [],
  refs: [],
  idle: [],
  findings: [],
  judged: [],
  lints: [],
  secrets: [],
  ignores: [],
  counts: {},
  images: [],
  folders: [],
  calendars: [],
  steps: 0,
  hasCircle: false,
  needsWhole: false,
} as const satisfies Omit<FileRecord, 'file'>;

const WRITTEN = Object.keys(EMPTY) as readonly (keyof typeof EMPTY)[];
