import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { MAX_LOOSE_FILE_BYTES } from '../../../base/index.ts';
import type { ObjectType, Oid, ReadResult } from '../../index.ts';

/** Room for `commit 1234567890` and its NUL. */
const HEADER_LIMIT = 32;

/**
 * Reads a loose object of the objects folder without a process: a push leaves the few objects that it brings so, and
 * starting git for them took half of the time that a decision takes. Undefined for whatever is not there or not plain:
 * git then gives the answer. Small files that were just written are read at once: a thread would take longer.
 */
export function readLoose(objects: string, oid: Oid, maxBytes: number): ReadResult | undefined {
  const packed = readSmallFile(join(objects, oid.slice(0, 2), oid.slice(2)));
  if (packed === undefined) return undefined;
  let plain: Buffer;
  try {
    plain = inflateSync(packed, { maxOutputLength: Math.max(maxBytes, 0) + HEADER_LIMIT });
  } catch {
    return undefined;
  }
  const end = plain.subarray(0, HEADER_LIMIT).indexOf(0);
  const header = /^(commit|tree|blob|tag) (\d{1,15})$/.exec(plain.subarray(0, Math.max(end, 0)).toString('latin1'));
  const bytes = plain.subarray(end + 1);
  if (header === null || Number(header[2]) !== bytes.length) return undefined;
  const type = header[1] as ObjectType;
  if (bytes.length > maxBytes) return { kind: 'tooLarge', type, sizeBytes: bytes.length };
  return { kind: 'found', type, bytes };
}

function readSmallFile(path: string): Buffer | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const { size } = fstatSync(file);
    if (size > MAX_LOOSE_FILE_BYTES) return undefined;
    const bytes = Buffer.allocUnsafe(size);
    return readSync(file, bytes, 0, size, 0) === size ? bytes : undefined;
  } finally {
    closeSync(file);
  }
}
