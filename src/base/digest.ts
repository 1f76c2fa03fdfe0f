import { hash } from 'node:crypto';
import { bareObject } from './bare-object.ts';
import type { Json, JsonObject } from './json.ts';

/** 64 lower-case hexadecimal digits of a SHA-256. */
export type Digest = string;

/** SHA-256 of `data` as 64 lower-case hexadecimal digits. */
export function sha256(data: string | Uint8Array): Digest {
  return hash('sha256', data, 'hex');
}

/**
 * The canonical text of a JSON value, after RFC 8785 (JCS): keys sorted by UTF-16 code units, no white space,
 * numbers and strings as ECMAScript prints them. Members whose value is `undefined` are left out.
 */
export function canonicalJson(value: Json | undefined): string {
  // Of a value whose keys are in order already, the engine's own text is the canonical one, for half the time.
  return typeof value === 'object' && isOrdered(value) ? JSON.stringify(value) : writtenInOrder(value);
}

/** The same value with all keys in the order of its canonical text, which is then written faster. */
export function orderedJson<T extends Json>(value: T): T;
export function orderedJson(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => orderedJson(item));
  const ordered = bareObject<Json>();
  for (const key of Object.keys(value).sort()) {
    const member: Json | undefined = (value as JsonObject)[key];
    if (member !== undefined) ordered[key] = orderedJson(member);
  }
  return ordered;
}

function isOrdered(value: object | null): boolean {
  if (value === null) return true;
  if (Array.isArray(value)) return value.every((item) => typeof item !== 'object' || isOrdered(item));
  let last = '';
  for (const key of Object.keys(value)) {
    if (key < last) return false;
    last = key;
    const member = (value as JsonObject)[key];
    if (typeof member === 'object' && !isOrdered(member)) return false;
  }
  return true;
}

function writtenInOrder(value: Json | undefined): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? canonicalList(value) : canonicalObject(value as JsonObject);
    default:
      return JSON.stringify(value) ?? 'null';
  }
}

function canonicalList(items: readonly Json[]): string {
  let text = '[';
  for (let at = 0; at < items.length; at++)
    text += at === 0 ? writtenInOrder(items[at]) : `,${writtenInOrder(items[at])}`;
  return `${text}]`;
}

function canonicalObject(object: JsonObject): string {
  const keys = sortedInPlace(Object.keys(object));
  let text = '{';
  for (const key of keys) {
    const member: Json | undefined = object[key];
    if (member === undefined) continue;
    if (text.length > 1) text += ',';
    text += `${quoted(key)}:${writtenInOrder(member)}`;
  }
  return `${text}}`;
}

/** Few keys, mostly in order already: `sort` would spend more on its own preparation. */
function sortedInPlace(keys: string[]): readonly string[] {
  if (keys.length > FEW_KEYS) return keys.sort();
  for (let at = 1; at < keys.length; at++) {
    const key = keys[at] as string;
    let to = at;
    for (; to > 0 && (keys[to - 1] as string) > key; to--) keys[to] = keys[to - 1] as string;
    keys[to] = key;
  }
  return keys;
}

const FEW_KEYS = 16;

/** What JSON.stringify would escape: quotes, backslashes, control characters, lone surrogates. */
const NEEDS_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/;

/** As JSON.stringify, which is several times slower for the short plain strings that closures are made of. */
function quoted(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** The identity of a JSON value: SHA-256 over its canonical text. */
export function digestOf(value: Json): Digest {
  return sha256(canonicalJson(value));
}
