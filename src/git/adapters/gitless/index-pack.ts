import { createHash } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { MAX_OBJECT_OF_PUSH_BYTES, MAX_PACK_OBJECTS, UNPACKED_BYTES } from '../../../base/index.ts';
import type { ObjectType, Oid } from '../../index.ts';
import { inflateExactly, packedBound } from './inflate.ts';
import { type CheckedObject, checkObject, idOf } from './object-check.ts';
import { MAX_ENTRY_HEAD_BYTES, type PackEntry, readPackEntry } from './pack-entry.ts';
import { readPackIndex, writePackIndex } from './pack-index.ts';
import { openWindow, type PackWindow } from './pack-window.ts';
import { resolveDeltas } from './resolve-deltas.ts';

export interface IndexJob {
  /** A pack, whole in itself. */
  readonly pack: string;
  /** Where its index is written. */
  readonly index: string;
  /** Commits whose parents may be missing. */
  readonly shallow: readonly Oid[];
  /** Blobs may be missing. */
  readonly isFiltered: boolean;
  /** Ids that must have come. */
  readonly wants: readonly Oid[];
  /** What it may unpack to in all; absent: what UNPACKED_BYTES allows for its size. */
  readonly maxUnpackedBytes?: number;
}

export type IndexOutcome =
  | { readonly kind: 'indexed'; readonly count: number; readonly needed: readonly Oid[] }
  | {
      readonly kind: 'refused';
      readonly reason: 'ObjectsRefused' | 'TooLarge' | 'FetchFailed';
      readonly message: string;
    };

/** What is thrown when a pack is not to be had; its message is for people. */
class Refusal extends Error {
  readonly reason: Extract<IndexOutcome, { readonly kind: 'refused' }>['reason'];
  constructor(reason: Refusal['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A pack that is being looked through: what is known of each of its objects, in its order. */
export interface PackScan {
  readonly window: PackWindow;
  readonly count: number;
  readonly offsets: Uint32Array;
  /** Where the packed bytes of each begin, and their unpacked size. */
  readonly bodies: Uint32Array;
  readonly sizes: Uint32Array;
  readonly crcs: Uint32Array;
  /** By place in TYPES; 0: a delta that is not resolved. */
  readonly types: Uint8Array;
  readonly ids: Buffer;
  /** Of deltas: the base's number, or -1 with an id. */
  readonly bases: Int32Array;
  readonly baseIds: Map<number, Oid>;
  /** Unpacked so far, in all. */
  unpackedBytes: number;
  readonly maxUnpackedBytes: number;
}

export const TYPES: readonly ObjectType[] = ['commit', 'tree', 'blob', 'tag'];

/**
 * Looks through a pack that a stranger made and writes its index, as git's index-pack and fsck do together. Every
 * object's size is known before it is unpacked, all unpacked bytes together are bounded, and what holds at once is as
 * well. `needed` are the ids that its objects refer to and that are not in it. Takes its time: for a thread of its own.
 */
export function indexPack(job: IndexJob): IndexOutcome {
  const file = openSync(job.pack, 'r');
  try {
    const { size } = fstatSync(file);
    const window = openWindow(file, size);
    const checksum = checkFrame(window);
    const scan = scanPack(window, job.maxUnpackedBytes);
    const needed = new Set<Oid>(job.wants);
    const isCut = new Set(job.shallow);
    const note = (number: number, type: ObjectType, bytes: Buffer): void => {
      const id = idOf(type, bytes);
      id.copy(scan.ids, number * 20);
      scan.types[number] = TYPES.indexOf(type) + 1;
      noteNeeds(needed, checkObject(type, bytes), { id: id.toString('hex'), isCut, isFiltered: job.isFiltered });
    };
    readWholeObjects(scan, note);
    resolveDeltas(scan, note, unpack);
    const bytes = writePackIndex({ ...scan, packChecksum: checksum });
    const index = readPackIndex(bytes);
    writeFileSync(job.index, bytes, { flag: 'wx', mode: 0o444, flush: true });
    fsyncSync(file);
    const outside = [...needed].filter((oid) => index?.find(Buffer.from(oid, 'hex')) === -1);
    return { kind: 'indexed', count: scan.count, needed: outside };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', reason: error.reason, message: error.message };
    throw error;
  } finally {
    closeSync(file);
  }
}

/** The checksum at the end, once it is the one of what is before. */
function checkFrame(window: PackWindow): Buffer {
  const end = window.sizeBytes - 20;
  if (end < 12) throw new Refusal('FetchFailed', 'what came is too short for a pack');
  const hash = createHash('sha1');
  for (let at = 0; at < end; at += PIECE_BYTES) hash.update(window.bytes(at, Math.min(PIECE_BYTES, end - at)));
  const said = Buffer.from(window.bytes(end, 20));
  if (!hash.digest().equals(said)) throw new Refusal('FetchFailed', 'the pack is damaged: its checksum is another one');
  return said;
}

const PIECE_BYTES = 1024 * 1024;

/** Room for what is found of each object. */
function scanPack(window: PackWindow, maxUnpackedBytes?: number): PackScan {
  const head = window.bytes(0, 12);
  const count = head.readUInt32BE(8);
  if (head.toString('latin1', 0, 4) !== 'PACK' || head.readUInt32BE(4) !== 2) {
    throw new Refusal('FetchFailed', 'what came is no pack of version 2');
  }
  if (count > MAX_PACK_OBJECTS) {
    throw new Refusal('TooLarge', `the fetch brings ${count} objects, more than ${MAX_PACK_OBJECTS} without git`);
  }
  return {
    window,
    count,
    offsets: new Uint32Array(count),
    bodies: new Uint32Array(count),
    sizes: new Uint32Array(count),
    crcs: new Uint32Array(count),
    types: new Uint8Array(count),
    ids: Buffer.alloc(count * 20),
    bases: new Int32Array(count).fill(-1),
    baseIds: new Map(),
    unpackedBytes: 0,
    maxUnpackedBytes: maxUnpackedBytes ?? UNPACKED_BYTES.base + UNPACKED_BYTES.perPackedByte * window.sizeBytes,
  };
}

/** Goes through the pack once: what is no delta is handed to `note`, of deltas the place is kept. */
function readWholeObjects(scan: PackScan, note: (number: number, type: ObjectType, bytes: Buffer) => void): void {
  const { window } = scan;
  let at = 12;
  for (let number = 0; number < scan.count; number += 1) {
    const entry = readPackEntry(window.bytes(at, MAX_ENTRY_HEAD_BYTES));
    if (entry === undefined) throw new Refusal('FetchFailed', `the pack is damaged at byte ${at}`);
    scan.offsets[number] = at;
    scan.bodies[number] = at + entry.bodyAt;
    scan.sizes[number] = entry.size;
    if (entry.size > MAX_OBJECT_OF_PUSH_BYTES) throw tooLarge(entry.size);
    const { bytes, taken } = unpack(scan, number);
    const end = at + entry.bodyAt + taken;
    scan.crcs[number] = crcOf(window, at, end);
    noteBase(scan, number, at, entry);
    if (entry.type !== 'offset-delta' && entry.type !== 'id-delta') note(number, entry.type, bytes);
    at = end;
  }
  if (at !== window.sizeBytes - 20) throw new Refusal('FetchFailed', 'the pack has something behind its objects');
}

function crcOf(window: PackWindow, from: number, end: number): number {
  let crc = 0;
  for (let at = from; at < end; at += PIECE_BYTES) crc = crc32(window.bytes(at, Math.min(PIECE_BYTES, end - at)), crc);
  return crc;
}

function noteBase(scan: PackScan, number: number, at: number, { type, baseBack, baseId }: PackEntry): void {
  if (type === 'id-delta') scan.baseIds.set(number, baseId ?? '');
  if (type !== 'offset-delta') return;
  const base = numberAt(scan.offsets.subarray(0, number), at - (baseBack ?? 0));
  if (base < 0) throw new Refusal('FetchFailed', `the pack is damaged: the delta at byte ${at} has no base`);
  scan.bases[number] = base;
}

/** The number of the object that begins at `offset`, or -1. */
function numberAt(offsets: Uint32Array, offset: number): number {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((offsets[middle] as number) < offset) low = middle + 1;
    else high = middle;
  }
  return offsets[low] === offset ? low : -1;
}

/** The bytes of an entry as they are packed: an object, or a delta. */
function unpack(scan: PackScan, number: number): { readonly bytes: Buffer; readonly taken: number } {
  const size = scan.sizes[number] as number;
  spend(scan, size);
  const at = scan.bodies[number] as number;
  const most = scan.window.sizeBytes - 20 - at;
  // Who packs worse than zlib does gets one more try, with more.
  for (const length of [packedBound(size), 2 * packedBound(size) + PIECE_BYTES]) {
    const found = inflateExactly(scan.window.bytes(at, Math.min(length, most)), size);
    if (typeof found === 'object') return found;
    if (found === 'damaged' || length >= most) break;
  }
  throw new Refusal(
    'FetchFailed',
    `the pack is damaged: the object at byte ${scan.offsets[number]} cannot be unpacked`,
  );
}

/** Bytes are counted before they are made. Errors: Refusal. */
export function spend(scan: PackScan, bytes: number): void {
  if (bytes > MAX_OBJECT_OF_PUSH_BYTES) throw tooLarge(bytes);
  scan.unpackedBytes += bytes;
  if (scan.unpackedBytes <= scan.maxUnpackedBytes) return;
  throw new Refusal('TooLarge', 'what was fetched unpacks to far more than its size is worth');
}

function tooLarge(bytes: number): Refusal {
  return new Refusal('TooLarge', `an object has ${bytes} bytes, more than ${MAX_OBJECT_OF_PUSH_BYTES}`);
}

/** The error for deltas that lead nowhere or ask for too much. */
export function damaged(what: string, reason: Refusal['reason'] = 'FetchFailed'): Error {
  return new Refusal(reason, what);
}

function noteNeeds(
  needed: Set<Oid>,
  { needs, blobs, parents, problem }: CheckedObject,
  { id, isCut, isFiltered }: { readonly id: Oid; readonly isCut: ReadonlySet<Oid>; readonly isFiltered: boolean },
): void {
  if (problem !== undefined) throw new Refusal('ObjectsRefused', `object ${id} ${problem}`);
  for (const oid of needs) needed.add(oid);
  if (!isFiltered) for (const oid of blobs) needed.add(oid);
  if (!isCut.has(id)) for (const oid of parents) needed.add(oid);
}
