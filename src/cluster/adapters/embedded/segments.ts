import { closeSync, constants, fstatSync, fsyncSync, openSync, readdirSync, unlinkSync, writeSync } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** A log file, `log-00000012.seg`, preallocated with zeros so that a write to it changes no metadata of the disk. */
export interface Segment {
  readonly number: number;
  readonly path: string;
}

const NAME = /^log-(\d{8})\.seg$/;
const ZEROS = 1024 * 1024;

export function segmentPath(folder: string, number: number): string {
  return join(folder, `log-${String(number).padStart(8, '0')}.seg`);
}

/** The log's files in order; what an interrupted preparation left is removed. */
export function listSegments(folder: string): readonly Segment[] {
  const segments: Segment[] = [];
  for (const name of readdirSync(folder)) {
    const match = NAME.exec(name);
    if (match !== null) segments.push({ number: Number(match[1]), path: join(folder, name) });
    else if (name.endsWith('.seg.new')) unlinkSync(join(folder, name));
  }
  return segments.sort((a, b) => a.number - b.number);
}

/** An opened segment: each write returns when its bytes are on the disk. */
export interface OpenSegment {
  readonly fd: number;
  /** Writes begin and end at multiples of this, and their memory at one of BLOCK_BYTES. */
  readonly blockBytes: number;
  /** A multiple of `blockBytes`. */
  readonly sizeBytes: number;
}

/** What direct writes are aligned to: no disk in use has larger sectors. */
export const BLOCK_BYTES = 4096;

/**
 * Opens a segment for writing past the page cache, where the file system can: that takes a seventh off each durable
 * write. `block` is an aligned block of zeros; it is written at the start, since some file systems refuse only then.
 */
export function openSegment({ path }: Segment, block: Uint8Array): OpenSegment {
  const direct = openDirect(path, block);
  const fd = direct ?? openSync(path, constants.O_RDWR | constants.O_DSYNC);
  const blockBytes = direct === undefined ? 1 : BLOCK_BYTES;
  const { size } = fstatSync(fd);
  return { fd, blockBytes, sizeBytes: size - (size % blockBytes) };
}

/** Undefined where there are no direct writes: tmpfs, some network and stacked file systems, other kernels. */
function openDirect(path: string, block: Uint8Array): number | undefined {
  const { O_RDWR, O_DSYNC, O_DIRECT } = constants;
  if (O_DIRECT === undefined) return undefined;
  let fd: number | undefined;
  try {
    fd = openSync(path, O_RDWR | O_DSYNC | O_DIRECT);
    if (writeSync(fd, block, 0, BLOCK_BYTES, 0) === BLOCK_BYTES) return fd;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EINVAL' && code !== 'EOPNOTSUPP') {
      if (fd !== undefined) closeSync(fd);
      throw error;
    }
  }
  if (fd !== undefined) closeSync(fd);
  return undefined;
}

const WASM_PAGE_BYTES = 64 * 1024;

/** No types of the web's are loaded. */
declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

/**
 * Memory of zeros for direct writes. What WebAssembly takes is aligned to its pages, which nothing else in Node
 * promises. Where it may not reserve address space other memory serves, surely not aligned: direct writes are refused.
 */
export function alignedBuffer(bytes: number): Buffer {
  const pages = Math.ceil(bytes / WASM_PAGE_BYTES);
  try {
    return Buffer.from(new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer, 0, bytes);
  } catch {
    return Buffer.alloc(bytes + 1).subarray(1);
  }
}

/** Creates a segment of zeros that is durable with its name before it is used. Rejects with the system's error. */
export async function prepareSegment(folder: string, number: number, sizeBytes: number): Promise<Segment> {
  const path = segmentPath(folder, number);
  const draft = `${path}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    const zeros = Buffer.alloc(Math.min(ZEROS, sizeBytes));
    for (let at = 0; at < sizeBytes; at += zeros.length) {
      const length = Math.min(zeros.length, sizeBytes - at);
      const { bytesWritten } = await file.write(zeros, 0, length, at);
      if (bytesWritten < length) throw Object.assign(new Error('the disk took only a part'), { code: 'ENOSPC' });
    }
    await file.sync();
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
  await rename(draft, path);
  syncFolder(folder);
  return { number, path };
}

/** Gives a released segment a new life under a later number: its old frames do not count there. */
export async function recycleSegment(folder: string, old: Segment, number: number): Promise<Segment> {
  const path = segmentPath(folder, number);
  await rename(old.path, path);
  syncFolder(folder);
  return { number, path };
}

/** Makes names in the folder durable. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
