import { closeSync, fstatSync, unlinkSync, write, writeSync } from 'node:fs';
import { StalledError } from '../../../base/index.ts';
import { encodeFrame, frameBytes } from './log-frame.ts';
import { openSegment, prepareSegment, recycleSegment, type Segment } from './segments.ts';

/** Where the next frame goes; one append at a time. */
export interface AppendLog {
  /** Sequence of the last frame that is on the disk. */
  readonly sequence: () => number;
  /**
   * Appends one frame. `inline` waits on this thread and returns undefined when the bytes are on the disk; otherwise, or
   * when a new segment is needed, a promise does. Throws or rejects with StalledError, and then nothing was appended.
   */
  readonly append: (payload: string, inline: boolean) => Promise<void> | undefined;
  /** Drops segments whose every frame is at or below `sequence`; one is kept to be used again. */
  readonly release: (sequence: number) => void;
  /** Called when a segment is full and another began. */
  onSegmentFull: () => void;
  readonly sizeBytes: () => number;
  /** Lets the files go, and removes those that the database file covers: all of them, when it has every frame. */
  readonly close: (applied: number) => Promise<void>;
}

export interface LogOptions {
  readonly folder: string;
  /** Segments that hold frames of an earlier run, with the sequence of the last frame of each. */
  readonly old: readonly { readonly segment: Segment; readonly lastSequence: number }[];
  readonly lastSequence: number;
  readonly segmentBytes: number;
  /** Size of the first segment of a run: a store that is hardly written should not cost a whole one. */
  readonly firstSegmentBytes: number;
}

/** Frames up to this size use one buffer again and again. */
const STAGING_BYTES = 1024 * 1024;

interface Current {
  readonly segment: Segment;
  readonly fd: number;
  readonly sizeBytes: number;
  offset: number;
}

/** Opens the log for appending, in a new segment after all old ones. Rejects with StalledError. */
export async function openLog(options: LogOptions): Promise<AppendLog> {
  const { folder, segmentBytes } = options;
  let sequence = options.lastSequence;
  let nextNumber = (options.old.at(-1)?.segment.number ?? 0) + 1;
  let full = [...options.old];
  let spare: Promise<Segment | undefined> | undefined;
  let recyclable: Segment | undefined;
  let damaged: StalledError | undefined;
  const staging = Buffer.allocUnsafeSlow(STAGING_BYTES);
  let current = await begin(options.firstSegmentBytes);

  const log: AppendLog = {
    sequence: () => sequence,
    onSegmentFull: () => undefined,
    append(payload, inline) {
      if (damaged !== undefined) throw damaged;
      const payloadBytes = Buffer.byteLength(payload);
      const size = frameBytes(payloadBytes);
      if (current.offset + size > current.sizeBytes) return rotate(size).then(() => put(payload, payloadBytes, size));
      if (current.offset > current.sizeBytes / 2) prepareSpare();
      if (!inline) return put(payload, payloadBytes, size);
      const { fd, offset } = current;
      const buffer = encoded(payload, payloadBytes, size);
      try {
        if (writeSync(fd, buffer, 0, size, offset) < size) throw shortWrite();
      } catch (error) {
        throw failed(error);
      }
      advance(size);
      return undefined;
    },
    release(applied) {
      const released = full.filter((old) => old.lastSequence <= applied);
      full = full.filter((old) => old.lastSequence > applied);
      for (const { segment } of released) {
        if (recyclable === undefined && spare === undefined) recyclable = segment;
        else unlinkSync(segment.path);
      }
    },
    sizeBytes: () => full.length * segmentBytes + current.offset,
    async close(applied) {
      const unused = [recyclable, await spare];
      closeSync(current.fd);
      log.release(applied);
      if (sequence <= applied) unused.push(recyclable, current.segment);
      for (const path of new Set(unused.map((segment) => segment?.path))) if (path !== undefined) unlinkSync(path);
    },
  };
  return log;

  function encoded(payload: string, payloadBytes: number, size: number): Buffer {
    const buffer = size <= STAGING_BYTES ? staging : Buffer.allocUnsafeSlow(size);
    encodeFrame(buffer, current.segment.number, sequence + 1, payload, payloadBytes);
    return buffer;
  }

  function put(payload: string, payloadBytes: number, size: number): Promise<void> {
    const buffer = encoded(payload, payloadBytes, size);
    return new Promise((resolve, reject) => {
      write(current.fd, buffer, 0, size, current.offset, (error, written) => {
        if (error !== null || written < size) return reject(failed(error ?? shortWrite()));
        advance(size);
        resolve();
      });
    });
  }

  function advance(size: number): void {
    current.offset += size;
    sequence += 1;
  }

  /**
   * After a failed write nobody knows what the disk has. Its first bytes are cleared, so that a restart does not find a
   * frame whose writers were told that it failed; when not even that works, only a restart can tell and no write is taken.
   */
  function failed(cause: unknown): StalledError {
    const error = storageError(folder, cause);
    try {
      writeSync(current.fd, Buffer.alloc(8), 0, 8, current.offset);
    } catch {
      damaged = error;
    }
    return error;
  }

  async function rotate(size: number): Promise<void> {
    prepareSpare();
    const next = await spare;
    spare = undefined;
    try {
      let begun = next === undefined ? undefined : opened(next);
      if (next !== undefined && begun !== undefined && begun.sizeBytes < size) {
        closeSync(begun.fd);
        unlinkSync(next.path);
        begun = undefined;
      }
      begun ??= await begin(Math.max(size, segmentBytes));
      closeSync(current.fd);
      full.push({ segment: current.segment, lastSequence: sequence });
      current = begun;
    } catch (error) {
      throw storageError(folder, error);
    }
    log.onSegmentFull();
  }

  /** Makes the next segment while there is still room in this one. A failure shows when the room is needed. */
  function prepareSpare(): void {
    if (spare !== undefined) return;
    const number = nextNumber++;
    const old = recyclable;
    recyclable = undefined;
    spare = (
      old === undefined ? prepareSegment(folder, number, segmentBytes) : recycleSegment(folder, old, number)
    ).catch(() => undefined);
  }

  async function begin(sizeBytes: number): Promise<Current> {
    try {
      return opened(await prepareSegment(folder, nextNumber++, sizeBytes));
    } catch (error) {
      throw storageError(folder, error);
    }
  }

  function opened(segment: Segment): Current {
    const fd = openSegment(segment);
    return { segment, fd, sizeBytes: fstatSync(fd).size, offset: 0 };
  }
}

/** What a person must know when the disk refuses: one line, with the folder and what to do. */
export function storageError(folder: string, cause: unknown): StalledError {
  if (cause instanceof StalledError) return cause;
  const code = (cause as { code?: unknown } | null)?.code;
  const options = { cause };
  if (code === 'ENOSPC' || code === 'EDQUOT') {
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
