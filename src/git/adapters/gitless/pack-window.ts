import { readSync } from 'node:fs';

/** A file that is read in pieces, mostly from front to back. */
export interface PackWindow {
  readonly sizeBytes: number;
  /** Up to `length` bytes from `at`; fewer at the end. Valid until the next call. */
  bytes(at: number, length: number): Buffer;
}

const WINDOW_BYTES = 4 * 1024 * 1024;

export function openWindow(file: number, sizeBytes: number): PackWindow {
  let start = 0;
  let window: Buffer = Buffer.alloc(0);
  return {
    sizeBytes,
    bytes(at, length) {
      const end = Math.min(at + length, sizeBytes);
      if (at < start || end > start + window.length) {
        start = at;
        window = readFully(file, at, Math.min(Math.max(length, WINDOW_BYTES), Math.max(sizeBytes - at, 0)));
      }
      return window.subarray(at - start, Math.max(end - start, at - start));
    },
  };
}

/** So many bytes from `at`, fewer where the file ends. */
export function readFully(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(length, 0));
  let filled = 0;
  while (filled < bytes.length) {
    const read = readSync(file, bytes, filled, bytes.length - filled, at + filled);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}
