import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_OBJECT_OF_PUSH_BYTES } from '../../../base/index.ts';
import type { ObjectType, Oid, ReadResult } from '../../index.ts';
import { inflateExactly, inflateStart, packedBound } from './inflate.ts';

/** Room for `commit 1234567890` and its NUL. */
const HEADER_BYTES = 32;

/** Reads an object that has a file of its own; undefined when it has none, or one that is damaged. */
export function readLooseObject(objects: string, oid: Oid, maxBytes: number): ReadResult | undefined {
  const path = join(objects, oid.slice(0, 2), oid.slice(2));
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size;
  if (sizeBytes === undefined || sizeBytes > packedBound(MAX_OBJECT_OF_PUSH_BYTES)) return undefined;
  const packed = readFileSync(path);
  const start = inflateStart(packed, HEADER_BYTES);
  const end = start?.indexOf(0) ?? -1;
  const header = /^(commit|tree|blob|tag) (\d{1,15})$/.exec(start?.toString('latin1', 0, Math.max(end, 0)) ?? '');
  if (header === null) return undefined;
  const type = header[1] as ObjectType;
  const size = Number(header[2]);
  if (size > Math.min(maxBytes, MAX_OBJECT_OF_PUSH_BYTES)) return { kind: 'tooLarge', type, sizeBytes: size };
  const whole = inflateExactly(packed, end + 1 + size);
  return typeof whole === 'object' ? { kind: 'found', type, bytes: whole.bytes.subarray(end + 1) } : undefined;
}
