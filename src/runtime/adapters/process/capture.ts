import { closeSync, openSync, writeSync } from 'node:fs';
import { MAX_LOG_BYTES, MAX_LOG_TAIL_BYTES } from '../../../base/index.ts';

/** The output of one attempt on its way into the log file. */
export interface Capture {
  write(chunk: Uint8Array): void;
  /** Writes what was held back and closes the file. */
  finish(): void;
}

/** Width of what stands before each line of a log file: `2026-01-02T03:04:05.678Z `. */
export const STAMP_BYTES = 25;

/**
 * Writes output to `path`, each line behind the time when its first byte came. The file is made with the first byte.
 * Past MAX_LOG_BYTES output is taken and dropped, so that the process is never blocked, but for the last
 * MAX_LOG_TAIL_BYTES: these follow at the end, behind a line that counts what is missing.
 */
export function openCapture(path: string, now: () => number): Capture {
  let fd: number | undefined;
  let room = MAX_LOG_BYTES - MAX_LOG_TAIL_BYTES;
  let atLineStart = true;
  let tail: Uint8Array[] = [];
  let tailBytes = 0;
  let droppedBytes = 0;

  const append = (bytes: Uint8Array): void => {
    try {
      fd ??= openSync(path, 'a', 0o600);
      writeSync(fd, bytes);
    } catch {
      // A full disk must not end the attempt; the rest of its log is lost.
      room = 0;
    }
  };
  const store = (chunk: Uint8Array): void => {
    const stamped = stampLines(chunk, atLineStart, now());
    atLineStart = chunk[chunk.length - 1] === 10;
    append(stamped);
    room -= stamped.length;
  };
  const keepTail = (chunk: Uint8Array): void => {
    tail.push(chunk.slice());
    tailBytes += chunk.length;
    while (tailBytes - (tail[0]?.length ?? 0) >= MAX_LOG_TAIL_BYTES / 2) {
      const first = tail.shift() as Uint8Array;
      tailBytes -= first.length;
      droppedBytes += first.length;
    }
  };

  return {
    write(chunk) {
      if (chunk.length === 0) return;
      if (room > 0) store(chunk);
      else keepTail(chunk);
    },
    finish() {
      if (tailBytes > 0) {
        const start = atLineStart ? '' : '\n';
        const note =
          droppedBytes > 0 ? `${start}[pipectl: the log is full, ${droppedBytes} bytes are left out here]\n` : '';
        if (note !== '') store(Buffer.from(note));
        store(Buffer.concat(tail));
      }
      tail = [];
      tailBytes = 0;
      if (fd !== undefined) closeSync(fd);
    },
  };
}

/** `chunk` with the time before the first byte of each line that starts in it. */
function stampLines(chunk: Uint8Array, atLineStart: boolean, nowMs: number): Uint8Array {
  const stamp = Buffer.from(`${new Date(nowMs).toISOString()} `);
  const pieces: Uint8Array[] = atLineStart ? [stamp] : [];
  let from = 0;
  for (let at = chunk.indexOf(10); at >= 0 && at + 1 < chunk.length; at = chunk.indexOf(10, from)) {
    pieces.push(chunk.subarray(from, at + 1), stamp);
    from = at + 1;
  }
  pieces.push(chunk.subarray(from));
  return Buffer.concat(pieces);
}
