import { closeSync, unlinkSync, write, writeSync } from 'node:fs';
import { StalledError } from '../../../base/index.ts';
import { encodeFrame, frameBytes } from './log-frame.ts';
import {
  alignedBuffer,
  BLOCK_BYTES,
  type OpenSegment,
  openSegment,
  prepareSegment,
  recycleSegment,
  type Segment,
} from './segments.ts';

export interface LogOptions {
  readonly folder: string;
  /** Segments that hold frames of an earlier run, with the sequence of the last frame of each. */
  readonly old: readonly FullSegment[];
  readonly lastSequence: number;
  readonly segmentBytes: number;
  /** Size of the first segment of a run: a store that is hardly written should not cost a whole one. */
  readonly firstSegmentBytes: number;
}

interface FullSegment {
  readonly segment: Segment;
  readonly lastSequence: number;
}

/** The segment that takes the next frame. */
interface CurrentSegment extends OpenSegment {
  readonly segment: Segment;
  /** Behind the last frame. */
  offset: number;
}

/** The log being written. One append at a time. */
export interface AppendLog {
  readonly folder: string;
  readonly segmentBytes: number;
  /** Sequence of the last frame that is on the disk. */
  sequence: number;
  current: CurrentSegment;
  full: readonly FullSegment[];
  /** The next segment, while it is being prepared and after; undefined in it when that failed. */
  spare: Promise<Segment | undefined> | undefined;
  /** A released segment that will be the next spare. */
  recyclable: Segment | undefined;
  nextNumber: number;
  /** Set when nobody knows what the disk has: only a restart can tell, and no write is taken before. */
  damaged: StalledError | undefined;
  /** What is written next, from the start of the block that it begins in. */
  readonly staging: Buffer;
  /** The block that `current.offset` is in, valid up to there: it is written again with what follows. */
  readonly tail: Buffer;
  /** Called when a segment is full and another began. */
  onSegmentFull: () => void;
}

/** What goes to the disk in one write; a larger frame takes several. */
const STAGING_BYTES = 1024 * 1024;
/** Clears what would be read as the head of a frame. */
const CLEARED_BYTES = 8;

/** Opens the log for appending, in a new segment after all old ones. Rejects with StalledError. */
export async function openLog(options: LogOptions): Promise<AppendLog> {
  const { folder, segmentBytes, old } = options;
  const number = (old.at(-1)?.segment.number ?? 0) + 1;
  // Room for the block, and for what is cleared behind it.
  const tail = alignedBuffer(2 * BLOCK_BYTES);
  return {
    folder,
    segmentBytes,
    sequence: options.lastSequence,
    current: await beginSegment(folder, number, options.firstSegmentBytes, tail),
    full: old,
    spare: undefined,
    recyclable: undefined,
    nextNumber: number + 1,
    damaged: undefined,
    staging: alignedBuffer(STAGING_BYTES),
    tail,
    onSegmentFull: () => undefined,
  };
}

/**
 * Appends one frame. `inline` waits on this thread and returns undefined when the bytes are on the disk; otherwise, or
 * when a new segment is needed, a promise does. Throws or rejects with StalledError, and then nothing was appended.
 */
export function append(log: AppendLog, payload: string, inline: boolean): Promise<void> | undefined {
  if (log.damaged !== undefined) clearTail(log, log.damaged);
  const { current } = log;
  const payloadBytes = Buffer.byteLength(payload);
  const size = frameBytes(payloadBytes);
  if (current.offset + size > current.sizeBytes) {
    return rotate(log, size).then(() => writeLater(log, payload, payloadBytes, size));
  }
  if (current.offset > current.sizeBytes / 2) prepareSpare(log);
  if (!inline || tailBytes(current) + size > STAGING_BYTES) return writeLater(log, payload, payloadBytes, size);
  const bytes = stageFrame(log, payload, payloadBytes, size);
  try {
    if (writeSync(current.fd, log.staging, 0, bytes, current.offset - tailBytes(current)) < bytes) throw shortWrite();
  } catch (error) {
    throw failed(log, error);
  }
  advance(log, size);
  return undefined;
}

/** Drops segments whose every frame is at or below `applied`; one is kept to be used again. */
export function release(log: AppendLog, applied: number): void {
  for (const { segment, lastSequence } of log.full) {
    if (lastSequence > applied) continue;
    if (log.recyclable === undefined && log.spare === undefined) log.recyclable = segment;
    else unlinkSync(segment.path);
  }
  log.full = log.full.filter(({ lastSequence }) => lastSequence > applied);
}

export function logBytes({ full, segmentBytes, current }: AppendLog): number {
  return full.length * segmentBytes + current.offset;
}

/** Lets the files go, and removes those that the database file covers: all of them, when it has every frame. */
export async function closeLog(log: AppendLog, applied: number): Promise<void> {
  const spare = await log.spare;
  closeSync(log.current.fd);
  release(log, applied);
  if (spare !== undefined) unlinkSync(spare.path);
  if (log.recyclable !== undefined) unlinkSync(log.recyclable.path);
  if (log.sequence <= applied) unlinkSync(log.current.segment.path);
}

async function writeLater(log: AppendLog, payload: string, payloadBytes: number, size: number): Promise<void> {
  const { current, staging } = log;
  const start = current.offset - tailBytes(current);
  try {
    if (tailBytes(current) + size <= STAGING_BYTES) {
      await writeStaged(current.fd, staging, stageFrame(log, payload, payloadBytes, size), start);
    } else await writeLarge(log, payload, payloadBytes, size);
  } catch (error) {
    throw failed(log, error);
  }
  advance(log, size);
}

/** Writes a frame that is larger than the staging buffer. Until its last byte is there its checksum does not hold. */
async function writeLarge(log: AppendLog, payload: string, payloadBytes: number, size: number): Promise<void> {
  const { current, staging, tail } = log;
  const before = tailBytes(current);
  const frame = Buffer.allocUnsafeSlow(size);
  encodeFrame(frame, current.segment.number, log.sequence + 1, payload, payloadBytes);
  tail.copy(staging, 0, 0, before);
  let written = 0;
  for (let used = before; written < size; used = 0) {
    const taken = Math.min(STAGING_BYTES - used, size - written);
    frame.copy(staging, used, written, written + taken);
    const bytes = padded(current, staging, used + taken);
    await writeStaged(current.fd, staging, bytes, current.offset - before + (written === 0 ? 0 : before + written));
    written += taken;
  }
  // What advance takes the new tail from.
  const rest = (current.offset + size) % current.blockBytes;
  frame.copy(staging, 0, size - rest, size);
}

function writeStaged(fd: number, staging: Buffer, bytes: number, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    write(fd, staging, 0, bytes, position, (error, written) => {
      if (error === null && written === bytes) resolve();
      else reject(error ?? shortWrite());
    });
  });
}

/** Bytes of the current block that hold frames already. */
function tailBytes({ offset, blockBytes }: CurrentSegment): number {
  return offset % blockBytes;
}

/** Puts the current block's frames and the next one into the staging buffer, and returns how much is to be written. */
function stageFrame(log: AppendLog, payload: string, payloadBytes: number, size: number): number {
  const { current, staging, tail } = log;
  const before = tailBytes(current);
  if (before > 0) tail.copy(staging, 0, 0, before);
  encodeFrame(staging.subarray(before), current.segment.number, log.sequence + 1, payload, payloadBytes);
  return padded(current, staging, before + size);
}

/** Fills the last block up with zeros; returns the bytes of whole blocks. */
function padded({ blockBytes }: CurrentSegment, staging: Buffer, bytes: number): number {
  const whole = Math.ceil(bytes / blockBytes) * blockBytes;
  if (whole > bytes) staging.fill(0, bytes, whole);
  return whole;
}

/** The frame of `size` bytes is on the disk, and its end is in the staging buffer. */
function advance(log: AppendLog, size: number): void {
  const { current, staging, tail } = log;
  const before = tailBytes(current);
  current.offset += size;
  log.sequence += 1;
  const after = tailBytes(current);
  const end = before + size <= STAGING_BYTES ? before + size : after;
  if (after > 0) staging.copy(tail, 0, end - after, end);
}

/** After a failed write nobody knows what the disk has. Its first bytes are cleared, so that a restart does not find a
 * frame whose writers were told that it failed. */
function failed(log: AppendLog, cause: unknown): StalledError {
  const error = storageError(log.folder, cause);
  try {
    clearTail(log, error);
  } catch {
    // Tried again before the next write: until the tail is clear nothing may follow it.
    log.damaged = error;
  }
  return error;
}

/** Clears what a failed write may have left. Throws `otherwise` while the disk does not take even that. */
function clearTail(log: AppendLog, otherwise: StalledError): void {
  const { current, tail } = log;
  const before = tailBytes(current);
  tail.fill(0, before);
  const bytes = padded(current, tail, before + CLEARED_BYTES);
  try {
    if (writeSync(current.fd, tail, 0, bytes, current.offset - before) < bytes) throw otherwise;
  } catch {
    throw otherwise;
  }
  log.damaged = undefined;
}

/** Goes on in the next segment, which has room for a frame of `size` bytes. Rejects when there is no disk for it. */
async function rotate(log: AppendLog, size: number): Promise<void> {
  const { folder, segmentBytes, current } = log;
  prepareSpare(log);
  const spare = await log.spare;
  log.spare = undefined;
  try {
    let next = spare === undefined ? undefined : opened(spare, log.tail);
    if (next !== undefined && next.sizeBytes < size) {
      closeSync(next.fd);
      unlinkSync(next.segment.path);
      next = undefined;
    }
    log.current = next ?? (await beginSegment(folder, log.nextNumber++, Math.max(size, segmentBytes), log.tail));
  } catch (error) {
    throw storageError(folder, error);
  }
  closeSync(current.fd);
  log.full = [...log.full, { segment: current.segment, lastSequence: log.sequence }];
  log.onSegmentFull();
}

/** Makes the next segment while there is still room in this one. A failure shows when the room is needed. */
function prepareSpare(log: AppendLog): void {
  if (log.spare !== undefined) return;
  const { folder, recyclable, segmentBytes } = log;
  const number = log.nextNumber++;
  log.recyclable = undefined;
  const made =
    recyclable === undefined
      ? prepareSegment(folder, number, segmentBytes)
      : recycleSegment(folder, recyclable, number);
  log.spare = made.catch(() => undefined);
}

async function beginSegment(folder: string, number: number, sizeBytes: number, tail: Buffer): Promise<CurrentSegment> {
  const whole = Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
  try {
    return opened(await prepareSegment(folder, number, whole), tail);
  } catch (error) {
    throw storageError(folder, error);
  }
}

/** Nothing of the segment before counts here: the tail is empty. */
function opened(segment: Segment, tail: Buffer): CurrentSegment {
  tail.fill(0);
  return { segment, ...openSegment(segment, tail), offset: 0 };
}

/** What a person must know when the disk refuses: one line, with the folder and what to do. */
export function storageError(folder: string, cause: unknown): StalledError {
  if (cause instanceof StalledError) return cause;
  const code = (cause as { code?: unknown } | null)?.code;
  const options = { cause };
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new StalledError(
      'DiskFull',
      `no space left for the store in ${folder}: free some, writes go on then`,
      options,
    );
  }
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    return new StalledError(
      'FolderNotWritable',
      `cannot write to the store in ${folder}: check its permissions`,
      options,
    );
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return new StalledError(
    'StorageFailed',
    `the store in ${folder} failed: ${why}; check the disk and restart`,
    options,
  );
}

function shortWrite(): Error {
  return Object.assign(new Error('the disk took only a part of a write'), { code: 'ENOSPC' });
}
