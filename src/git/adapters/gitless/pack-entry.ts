import type { ObjectType } from '../../index.ts';

/** The head of an object in a pack (gitformat-pack(5)): what it is, its unpacked size, and where its bytes begin. */
export interface PackEntry {
  readonly type: ObjectType | 'offset-delta' | 'id-delta';
  /** Of the object, or of the delta. */
  readonly size: number;
  /** From the start of the buffer that it was read from. */
  readonly bodyAt: number;
  /** Of an offset delta: how far before this entry its base is. */
  readonly baseBack?: number;
  /** Of a delta by id. */
  readonly baseId?: string;
}

/** Bytes that the head of an entry can take: ten of size, and twenty of an id. */
export const MAX_ENTRY_HEAD_BYTES = 32;

const TYPES: readonly (PackEntry['type'] | undefined)[] = [
  undefined,
  'commit',
  'tree',
  'blob',
  'tag',
  undefined,
  'offset-delta',
  'id-delta',
];
/** Beyond these digits a size is no number that a pack of ours could hold. */
const MAX_SIZE = 2 ** 48;

/** The entry at the beginning of `bytes`; undefined when there is none. */
export function readPackEntry(bytes: Buffer): PackEntry | undefined {
  let at = 0;
  let byte = bytes[at++] ?? 0;
  const type = TYPES[(byte >> 4) & 7];
  let size = byte & 15;
  for (let scale = 16; byte >= 128; scale *= 128) {
    byte = bytes[at++] ?? 0;
    size += (byte & 127) * scale;
    if (size > MAX_SIZE) return undefined;
  }
  if (type === undefined || at > bytes.length) return undefined;
  if (type === 'id-delta') {
    if (at + 20 > bytes.length) return undefined;
    return { type, size, bodyAt: at + 20, baseId: bytes.toString('hex', at, at + 20) };
  }
  if (type !== 'offset-delta') return { type, size, bodyAt: at };
  byte = bytes[at++] ?? 0;
  let baseBack = byte & 127;
  while (byte >= 128) {
    byte = bytes[at++] ?? 0;
    baseBack = (baseBack + 1) * 128 + (byte & 127);
    if (baseBack > MAX_SIZE) return undefined;
  }
  return at > bytes.length || baseBack === 0 ? undefined : { type, size, bodyAt: at, baseBack };
}
