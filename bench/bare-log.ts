import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FILE_BYTES = 4 * 1024 * 1024;
/** What a node's result takes in the store's log. */
const RECORD_BYTES = 200;

/** A preallocated file that is synced by every write: the least that a durable record can cost here. */
export interface BareLog {
  /** Milliseconds of `frames` writes one after another, each of `records` records made as JSON text. */
  append(frames: number, records: number): number;
  close(): void;
}

export function openBareLog(): BareLog {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-floor-'));
  const fd = openSync(join(folder, 'log'), constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC);
  writeSync(fd, Buffer.alloc(FILE_BYTES), 0, FILE_BYTES, 0);
  let at = 0;
  return {
    append(frames, records) {
      const started = performance.now();
      for (let frame = 0; frame < frames; frame++) {
        let text = '';
        for (let i = 0; i < records; i++) text += JSON.stringify({ i, frame, value: 'x'.repeat(RECORD_BYTES - 40) });
        const bytes = Buffer.from(text);
        if (at + bytes.length > FILE_BYTES) at = 0;
        writeSync(fd, bytes, 0, bytes.length, at);
        at += bytes.length;
      }
      return performance.now() - started;
    },
    close() {
      closeSync(fd);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
