import { closeSync, constants, fsyncSync, openSync, readdirSync, unlinkSync } from 'node:fs';
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

/** Opened so that each write returns when its bytes are on the disk. */
export function openSegment(segment: Segment): number {
  return openSync(segment.path, constants.O_RDWR | constants.O_DSYNC);
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
