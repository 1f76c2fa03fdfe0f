import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import { LARGE_OBJECT_BYTES, MAX_DELTA_DEPTH, MAX_OBJECT_OF_PUSH_BYTES } from '../../../base/index.ts';
import { isOid, type ObjectType, type Oid, type ReadResult } from '../../index.ts';
import { applyDelta, MAX_DELTA_HEAD_BYTES, readDeltaHead } from './delta.ts';
import { inflateExactly, inflateStart, PACKED_START_BYTES } from './inflate.ts';
import { MAX_ENTRY_HEAD_BYTES, type PackEntry, readPackEntry } from './pack-entry.ts';
import { type PackIndex, readPackIndex } from './pack-index.ts';
import { readFully } from './pack-window.ts';

/** A pack with its index, which was checked when it came. */
export interface PackReader {
  /** Undefined when the pack does not have it, or it is damaged there. */
  read(oid: Oid, maxBytes: number): Promise<ReadResult | undefined>;
  has(oid: Oid): boolean;
}

interface KnownPack {
  readonly index: PackIndex;
  /** Where objects begin, in order: so each one's end is known. Made when it is first needed. */
  offsets: Float64Array | undefined;
}

/** The same while one object of it is read. */
interface OpenPack {
  readonly pack: KnownPack;
  readonly file: number;
  readonly sizeBytes: number;
}

/** Opens `<path>.pack` by `<path>.idx`; undefined when they cannot be read. */
export function openPackReader(path: string): PackReader | undefined {
  const index = readPackIndex(readFileSync(`${path}.idx`));
  if (index === undefined) return undefined;
  const pack: KnownPack = { index, offsets: undefined };
  const has = (oid: Oid): boolean => isOid(oid) && index.find(Buffer.from(oid, 'hex')) >= 0;
  return {
    has,
    read: async (oid, maxBytes) => (has(oid) ? readOpened(pack, `${path}.pack`, oid, maxBytes) : undefined),
  };
}

/** A repository that is followed for long has many packs, and a process few files that it may hold open. */
async function readOpened(pack: KnownPack, path: string, oid: Oid, maxBytes: number): Promise<ReadResult | undefined> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    // It has landed, and is found there.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return await read({ pack, file, sizeBytes: fstatSync(file).size }, oid, maxBytes);
  } finally {
    closeSync(file);
  }
}

/** An entry, and where it and the next one begin. */
interface Place {
  readonly entry: PackEntry;
  readonly at: number;
  readonly end: number;
}

async function read(open: OpenPack, oid: Oid, maxBytes: number): Promise<ReadResult | undefined> {
  const { index } = open.pack;
  const deltas: Place[] = [];
  let place = placeAt(open, index.offsetAt(index.find(Buffer.from(oid, 'hex'))));
  while (place !== undefined && isDelta(place.entry) && deltas.length < MAX_DELTA_DEPTH) {
    deltas.push(place);
    place = baseOf(open, place);
  }
  if (place === undefined || isDelta(place.entry)) return undefined;
  const type = place.entry.type as ObjectType;
  const [last] = deltas;
  const size = last === undefined ? place.entry.size : resultSizeOf(open, last);
  if (size === undefined) return undefined;
  if (size > Math.min(maxBytes, MAX_OBJECT_OF_PUSH_BYTES)) return { kind: 'tooLarge', type, sizeBytes: size };
  let bytes = await unpack(open, place);
  for (const delta of deltas.reverse()) {
    const instructions = bytes && (await unpack(open, delta));
    const head = instructions && readDeltaHead(instructions);
    if (bytes === undefined || head === undefined || head.resultSize > MAX_OBJECT_OF_PUSH_BYTES) return undefined;
    bytes = applyDelta(bytes, instructions as Buffer);
  }
  return bytes && { kind: 'found', type, bytes };
}

function isDelta({ type }: PackEntry): boolean {
  return type === 'offset-delta' || type === 'id-delta';
}

function placeAt(open: OpenPack, at: number): Place | undefined {
  const entry = readPackEntry(readFully(open.file, at, MAX_ENTRY_HEAD_BYTES));
  const end = endOf(open, at);
  return entry === undefined || end === undefined ? undefined : { entry, at, end };
}

function baseOf(open: OpenPack, { entry, at }: Place): Place | undefined {
  if (entry.baseBack !== undefined) return placeAt(open, at - entry.baseBack);
  const { index } = open.pack;
  const number = index.find(Buffer.from(entry.baseId ?? '', 'hex'));
  return number < 0 ? undefined : placeAt(open, index.offsetAt(number));
}

/** Where the object that begins at `at` ends; undefined when none begins there. */
function endOf({ pack, sizeBytes }: OpenPack, at: number): number | undefined {
  pack.offsets ??= Float64Array.from({ length: pack.index.count }, (_, number) => pack.index.offsetAt(number)).sort();
  const { offsets } = pack;
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((offsets[middle] as number) < at) low = middle + 1;
    else high = middle;
  }
  return offsets[low] === at ? (offsets[low + 1] ?? sizeBytes - 20) : undefined;
}

const inflateApart = promisify(inflate);

/** Large objects are unpacked beside this thread, small ones sooner in it. */
async function unpack({ file }: OpenPack, { entry, at, end }: Place): Promise<Buffer | undefined> {
  if (entry.size > MAX_OBJECT_OF_PUSH_BYTES) return undefined;
  const packed = readFully(file, at + entry.bodyAt, end - at - entry.bodyAt);
  if (entry.size < LARGE_OBJECT_BYTES) {
    const found = inflateExactly(packed, entry.size);
    return typeof found === 'object' ? found.bytes : undefined;
  }
  const options = { maxOutputLength: entry.size, chunkSize: LARGE_OBJECT_BYTES };
  const bytes = await inflateApart(packed, options).catch(() => undefined);
  return bytes?.length === entry.size ? bytes : undefined;
}

function resultSizeOf({ file }: OpenPack, { entry, at }: Place): number | undefined {
  const start = inflateStart(readFully(file, at + entry.bodyAt, PACKED_START_BYTES), MAX_DELTA_HEAD_BYTES);
  return start && readDeltaHead(start)?.resultSize;
}
