import { createHash } from 'node:crypto';
import type { Json } from './json.ts';

/** 64 lower-case hexadecimal digits of a SHA-256. */
export type Digest = string;

/** SHA-256 of `data` as 64 lower-case hexadecimal digits. */
export function sha256(data: string | Uint8Array): Digest {
  return createHash('sha256').update(data).digest('hex');
}

/**
 * The canonical text of a JSON value, after RFC 8785 (JCS): keys sorted by UTF-16 code units, no white space,
 * numbers and strings as ECMAScript prints them. Members whose value is `undefined` are left out.
 */
export function canonicalJson(value: Json | undefined): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const member = (value as Record<string, Json | undefined>)[key];
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`);
  }
  return `{${members.join(',')}}`;
}

/** The identity of a JSON value: SHA-256 over its canonical text. */
export function digestOf(value: Json): Digest {
  return sha256(canonicalJson(value));
}
