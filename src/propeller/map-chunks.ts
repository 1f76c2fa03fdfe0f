import { BugError, MAP_CHUNK_SIZE } from '../base/index.ts';

/** What a chunk's text is made of and what it is read into. */
export interface PackedSubtasks {
  readonly size: number;
  /** A byte for each subtask. */
  readonly packed: Uint8Array;
  /** Failures of the task itself of subtasks that have seven or more. */
  readonly manyFailures: Map<number, number>;
}

/**
 * A chunk as text: a letter, then base64. `p`: how many different bytes there are, those, then for each subtask which
 * of them it has, in 1, 2 or 4 bits, low ones first. `r`: runs, length − 1 and the byte. `b`: the bytes themselves. The
 * shortest is taken. Then `;<index in chunk>=<failures>` for each subtask with seven failures or more.
 */
export function encodeChunk(map: PackedSubtasks, chunk: number): string {
  const start = chunk * MAP_CHUNK_SIZE;
  const bytes = map.packed.subarray(start, Math.min(map.size, start + MAP_CHUNK_SIZE));
  const runs = runsOf(bytes, bytes.length);
  const palette = paletteOf(bytes);
  const paletteBytes = palette === undefined ? bytes.length : paletteLength(palette.length, bytes.length);
  let text: string;
  if (runs !== undefined && runs.length <= paletteBytes) text = `r${Buffer.from(runs).toString('base64')}`;
  else if (palette === undefined) text = `b${Buffer.from(bytes).toString('base64')}`;
  else text = `p${withPalette(bytes, palette).toString('base64')}`;
  if (map.manyFailures.size > 0) {
    for (let i = 0; i < bytes.length; i++) {
      if ((bytes[i] as number) >> 5 === 7) text += `;${i}=${map.manyFailures.get(start + i) ?? 7}`;
    }
  }
  return text;
}

/** Runs of equal bytes; undefined when they take more than `limit` bytes. */
function runsOf(bytes: Uint8Array, limit: number): number[] | undefined {
  const runs: number[] = [];
  for (let i = 0; i < bytes.length; ) {
    if (runs.length >= limit) return undefined;
    let end = i + 1;
    while (end < bytes.length && bytes[end] === bytes[i]) end++;
    runs.push(end - i - 1, bytes[i] as number);
    i = end;
  }
  return runs;
}

const MAX_PALETTE = 16;

function paletteOf(bytes: Uint8Array): number[] | undefined {
  const palette: number[] = [];
  for (const byte of bytes) {
    if (palette.includes(byte)) continue;
    if (palette.length === MAX_PALETTE) return undefined;
    palette.push(byte);
  }
  return palette;
}

function bitsFor(colours: number): number {
  return colours <= 2 ? 1 : colours <= 4 ? 2 : 4;
}

function paletteLength(colours: number, count: number): number {
  return 1 + colours + Math.ceil((count * bitsFor(colours)) / 8);
}

function withPalette(bytes: Uint8Array, palette: readonly number[]): Buffer {
  const packed = Buffer.alloc(paletteLength(palette.length, bytes.length));
  const bits = bitsFor(palette.length);
  const start = 1 + palette.length;
  packed[0] = palette.length;
  packed.set(palette, 1);
  for (let i = 0; i < bytes.length; i++) {
    const at = start + ((i * bits) >> 3);
    packed[at] = (packed[at] as number) | (palette.indexOf(bytes[i] as number) << ((i * bits) & 7));
  }
  return packed;
}

/** Reads what `encodeChunk` wrote. Throws BugError on a text that does not fill the chunk. */
export function decodeChunk(map: PackedSubtasks, chunk: number, text: string): void {
  const start = chunk * MAP_CHUNK_SIZE;
  const count = Math.min(map.size - start, MAP_CHUNK_SIZE);
  const [head = '', ...many] = text.split(';');
  const bytes = Buffer.from(head.slice(1), 'base64');
  if (readChunk(map.packed, start, count, head[0], bytes) !== count) {
    throw new BugError(`a map's chunk ${chunk} has a wrong length`);
  }
  for (const entry of many) {
    const [index, failures] = entry.split('=');
    map.manyFailures.set(start + Number(index), Number(failures));
  }
}

/** How many subtasks were read. */
function readChunk(
  packed: Uint8Array,
  start: number,
  count: number,
  form: string | undefined,
  bytes: Uint8Array,
): number {
  if (form === 'r') {
    let at = 0;
    for (let i = 0; i + 1 < bytes.length; i += 2) {
      const end = at + (bytes[i] as number) + 1;
      packed.fill(bytes[i + 1] as number, start + at, start + end);
      at = end;
    }
    return at;
  }
  if (form === 'b') {
    if (bytes.length === count) packed.set(bytes, start);
    return bytes.length;
  }
  const colours = bytes[0] ?? 0;
  if (form !== 'p' || bytes.length !== paletteLength(colours, count)) return -1;
  const bits = bitsFor(colours);
  const mask = (1 << bits) - 1;
  for (let i = 0; i < count; i++) {
    const byte = bytes[1 + colours + ((i * bits) >> 3)] as number;
    packed[start + i] = bytes[1 + ((byte >> ((i * bits) & 7)) & mask)] as number;
  }
  return count;
}
