import { isJsonObject, type Json } from '../base/index.ts';
import type { Path, Place, PlainDocument } from '../language/index.ts';
import type { TextRange } from './notes.ts';

/**
 * A value in a document that is being read. What is read is remembered, so that in the end all that nobody read can be
 * told: nothing is dropped in silence.
 */
export interface Cursor {
  readonly reading: Reading;
  readonly path: Path;
  readonly value: Json;
}

export interface Reading {
  readonly document: PlainDocument;
  /** Tells the documents of one file apart. */
  readonly number: number;
  /** Paths as JSON text: entered, or taken as a whole with all that is below. */
  readonly seen: Map<string, 'entered' | 'whole'>;
}

export function openDocument(document: PlainDocument, number: number): Cursor {
  return { reading: { document, number, seen: new Map() }, path: [], value: document.value };
}

/** The value under a key; undefined when there is none, or null stands there. */
export function field(cursor: Cursor | undefined, name: string): Cursor | undefined {
  if (cursor === undefined || !isJsonObject(cursor.value) || !Object.hasOwn(cursor.value, name)) return undefined;
  const found = enter(cursor, name, cursor.value[name]!);
  return found.value === null ? undefined : found;
}

/** The value below several keys. */
export function below(cursor: Cursor | undefined, ...names: readonly string[]): Cursor | undefined {
  return names.reduce<Cursor | undefined>((at, name) => field(at, name), cursor);
}

/** The items of a list; none of anything else. */
export function items(cursor: Cursor | undefined): readonly Cursor[] {
  if (cursor === undefined || !Array.isArray(cursor.value)) return [];
  return (cursor.value as readonly Json[]).map((value, at) => enter(cursor, at, value));
}

/** The keys of an object with their values. */
export function entries(cursor: Cursor | undefined): readonly (readonly [string, Cursor])[] {
  if (cursor === undefined || !isJsonObject(cursor.value)) return [];
  return Object.entries(cursor.value).map(([name, value]) => [name, enter(cursor, name, value)]);
}

function enter(cursor: Cursor, segment: string | number, value: Json): Cursor {
  const path = [...cursor.path, segment];
  const key = JSON.stringify(path);
  if (!cursor.reading.seen.has(key)) cursor.reading.seen.set(key, 'entered');
  return { reading: cursor.reading, path, value };
}

/** A scalar as text: numbers and booleans as YAML shows them. Undefined for lists, objects and nothing. */
export function textOf(cursor: Cursor | undefined): string | undefined {
  const value = cursor?.value;
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

export function textIn(cursor: Cursor | undefined, name: string): string | undefined {
  return textOf(field(cursor, name));
}

/** The value with all that is below it: none of it will be told as unread. */
export function whole(cursor: Cursor | undefined): Json | undefined {
  if (cursor === undefined) return undefined;
  cursor.reading.seen.set(JSON.stringify(cursor.path), 'whole');
  return cursor.value;
}

/** The outermost keys below `cursor` that nobody read. */
export function unread(cursor: Cursor): readonly Cursor[] {
  const { reading, path, value } = cursor;
  if (reading.seen.get(JSON.stringify(path)) === 'whole' || value === null || typeof value !== 'object') return [];
  const children: readonly (readonly [string | number, Json])[] = Array.isArray(value)
    ? (value as readonly Json[]).map((item, at) => [at, item] as const)
    : Object.entries(value);
  return children.flatMap(([segment, child]) => {
    const inner: Cursor = { reading, path: [...path, segment], value: child };
    return reading.seen.has(JSON.stringify(inner.path)) ? unread(inner) : [inner];
  });
}

export function placeOf({ reading, path }: Cursor, range: TextRange | undefined, isKey: boolean): Place {
  return isKey ? reading.document.placeOfKey(path) : reading.document.placeOf(path, range);
}
