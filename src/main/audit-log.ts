import {
  closeSync,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  AUDIT_SYNC_MS,
  type Clock,
  type Log,
  MAX_AUDIT_FILE_BYTES,
  MAX_AUDIT_FILES,
  MAX_PENDING_AUDIT_LINES,
  StalledError,
} from '../base/index.ts';
import { AUDIT_FILE, type AuditLog, isOldAuditFile, oldAuditFile } from '../cluster/index.ts';

export interface AuditLogOptions {
  /** Made when it is not there. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: MAX_AUDIT_FILE_BYTES and MAX_AUDIT_FILES. */
  readonly maxFileBytes?: number;
  readonly maxFiles?: number;
}

interface State extends AuditLogOptions {
  fd: number;
  sizeBytes: number;
  /** Lines that the disk did not take. */
  readonly pending: string[];
  /** Ends the wait for the next sync; undefined when all is synced. */
  cancelSync: (() => void) | undefined;
}

/**
 * JSON lines in a folder that only its owner reads. A line is handed to the operating system before `record` returns,
 * so `kill -9` loses none; it is on the disk itself within AUDIT_SYNC_MS. A full file is put away under the time, and
 * of those only the newest are kept. What is written down last must be possible to write down: while the disk takes
 * nothing, `check` throws StalledError.
 */
export function openAuditLog(options: AuditLogOptions): AuditLog & { close(): void } {
  const { folder, log } = options;
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
  const state: State = { ...options, ...openFile(folder), pending: [], cancelSync: undefined };
  return {
    check() {
      const cause = flush(state);
      if (cause === undefined) return;
      throw new StalledError(
        'AuditLogUnwritable',
        `the audit log in ${folder} takes no entries, so nothing is changed: ${cause.message}`,
        { cause },
      );
    },
    record(entry) {
      if (state.pending.length >= MAX_PENDING_AUDIT_LINES) return;
      state.pending.push(`${JSON.stringify(entry)}\n`);
      const cause = flush(state);
      if (cause !== undefined) log.write('error', 'the audit log cannot be written', { error: cause.message });
    },
    close() {
      flush(state);
      state.cancelSync?.();
      closeSync(state.fd);
    },
  };
}

/** A line that a power failure cut is ended, so that the next one stands by itself. */
function openFile(folder: string): { readonly fd: number; readonly sizeBytes: number } {
  const fd = openSync(join(folder, AUDIT_FILE), 'a+', 0o600);
  const sizeBytes = fstatSync(fd).size;
  const last = Buffer.alloc(1);
  if (sizeBytes > 0) readSync(fd, last, 0, 1, sizeBytes - 1);
  return { fd, sizeBytes: sizeBytes === 0 || last[0] === NEWLINE ? sizeBytes : sizeBytes + writeSync(fd, '\n') };
}

const NEWLINE = 0x0a;

/** Writes what waits. Returns why it could not. */
function flush(state: State): Error | undefined {
  const { pending } = state;
  try {
    while (pending.length > 0) {
      const line = Buffer.from(pending[0] as string);
      if (state.sizeBytes + line.length > (state.maxFileBytes ?? MAX_AUDIT_FILE_BYTES)) rotate(state);
      const written = writeSync(state.fd, line);
      state.sizeBytes += written;
      if (written < line.length) {
        // The rest goes behind it when there is room; a reader skips a line that is cut.
        pending[0] = line.subarray(written).toString('utf8');
        return new Error('no space left on device');
      }
      pending.shift();
      syncSoon(state);
    }
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function rotate(state: State): void {
  const { folder, clock, maxFiles = MAX_AUDIT_FILES } = state;
  if (state.sizeBytes === 0) return;
  let at = clock.now();
  while (existsSync(join(folder, oldAuditFile(at)))) at += 1;
  fdatasyncSync(state.fd);
  renameSync(join(folder, AUDIT_FILE), join(folder, oldAuditFile(at)));
  closeSync(state.fd);
  Object.assign(state, openFile(folder));
  const old = readdirSync(folder).filter(isOldAuditFile).sort();
  for (const name of old.slice(0, Math.max(0, old.length - maxFiles))) rmSync(join(folder, name), { force: true });
}

function syncSoon(state: State): void {
  state.cancelSync ??= state.clock.at(state.clock.now() + AUDIT_SYNC_MS, () => {
    state.cancelSync = undefined;
    fdatasync(state.fd, (error) => {
      if (error !== null) state.log.write('error', 'the audit log cannot be synced', { error: error.message });
    });
  });
}
