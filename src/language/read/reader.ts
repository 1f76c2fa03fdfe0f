import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import type { Path } from '../document.ts';
import { parseDuration } from '../duration.ts';
import { normalInstant } from '../instant.ts';

/**
 * Reads a document's JSON into its typed form. The schema has told what is of a wrong form by then, so a reader
 * steps over such values silently; what it tells itself is what a schema cannot say.
 */
export interface Reader {
  readonly tell: (code: string, message: string, path: Path, more?: TellMore) => void;
}

export interface TellMore {
  readonly help?: string;
  /** Tell it at the key. */
  readonly isKey?: boolean;
  /** Tell it at this part of the string value. */
  readonly range?: { readonly start: number; readonly end: number };
}

const NOTHING: JsonObject = Object.freeze(Object.create(null));

/** The object, or an empty one when there is none or something else. */
export function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : NOTHING;
}

export function entriesOf(value: Json | undefined): readonly (readonly [string, Json])[] {
  return Object.entries(objectOf(value));
}

export function mapOf<T>(value: Json | undefined, read: (value: Json, name: string) => T): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  const object = objectOf(value);
  for (const name of Object.keys(object)) map.set(name, read(object[name] as Json, name));
  return map;
}

export function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function numberOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

export function textsOf(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** An object that is being made. */
export type Open<T> = { -readonly [K in keyof T]: T[K] };

/** A copy without the members that are undefined: absent and undefined are one. */
export function present<T extends object>(object: { readonly [K in keyof T]: T[K] | undefined }): T {
  const kept: Record<string, unknown> = {};
  for (const name in object) {
    const value: unknown = object[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept as T;
}

/** A duration of the platform's own settings, in milliseconds: never negative; zero where `allowsZero`. */
export function durationOf(
  reader: Reader,
  value: Json | undefined,
  path: Path,
  allowsZero = false,
): number | undefined {
  if (typeof value !== 'string' || value.includes('${{')) return undefined;
  const result = parseDuration(value);
  if (result.kind === 'error') {
    reader.tell('PIPE-VALUE-002', result.message, path, { help: result.help });
    return undefined;
  }
  if (result.ms < 0 || (result.ms === 0 && !allowsZero)) {
    reader.tell('PIPE-VALUE-002', `this duration must be ${allowsZero ? 'zero or more' : 'more than zero'}`, path);
    return undefined;
  }
  return result.ms;
}

/** An instant in its normal form. */
export function instantOf(reader: Reader, value: Json | undefined, path: Path): string | undefined {
  if (typeof value !== 'string') return undefined;
  const normal = normalInstant(value);
  if (normal === undefined) {
    const help = 'write it with its offset, for example 2026-01-02T03:04:05Z';
    reader.tell('PIPE-VALUE-004', `"${value.slice(0, 60)}" is not a date and time`, path, { help });
  }
  return normal;
}
