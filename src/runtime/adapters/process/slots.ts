import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { BLOB_CHUNK_BYTES, MAX_STORED_OUTPUTS_BYTES, MAX_VALUE_BYTES } from '../../../base/index.ts';
import { REASON } from '../../reasons.ts';
import type { Redactor } from '../../redactor.ts';
import { type SlotPaths, slotPaths } from './folders.ts';

/** Private folders for attempts, used again while they are left as they were found. */
export interface Slots {
  /** A slot with `inputs` as its inputs file, or with that file, nothing else in it. Throws what the file system says. */
  take(inputs: string, inputsFile?: string): SlotPaths;
  /** Gives it back when no process of the attempt lives. */
  release(slot: SlotPaths): void;
}

export function openSlots(spawnerFolder: string): Slots {
  const free: SlotPaths[] = [];
  let made = 0;
  const make = (): SlotPaths => {
    made += 1;
    const slot = slotPaths(spawnerFolder, String(made));
    mkdirSync(slot.root, { mode: 0o700 });
    mkdirSync(slot.scratch, { mode: 0o700 });
    mkdirSync(slot.work, { mode: 0o700 });
    return slot;
  };
  return {
    take(inputs, inputsFile) {
      const slot = free.pop() ?? make();
      if (inputsFile === undefined) writeInPlace(slot.inputs, inputs);
      else renameSync(inputsFile, slot.inputs);
      return slot;
    },
    release(slot) {
      if (isClean(slot)) free.push(slot);
      // Filled slots are removed off the main thread, whatever the attempt left in them.
      else rm(slot.root, { recursive: true, force: true, maxRetries: 2 }).catch(() => {});
    },
  };
}

/** Overwrites without truncating first: ext4 writes a truncated and rewritten file to disk at once. */
function writeInPlace(path: string, text: string): void {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    const bytes = Buffer.from(text);
    let at = 0;
    while (at < bytes.length) at += writeSync(fd, bytes, at, bytes.length - at, at);
    if (fstatSync(fd).size > bytes.length) ftruncateSync(fd, bytes.length);
  } finally {
    closeSync(fd);
  }
}

function isClean(slot: SlotPaths): boolean {
  try {
    for (const entry of readdirSync(slot.root, { withFileTypes: true })) {
      if (entry.name === 'outputs' && entry.isFile()) unlinkSync(slot.outputs);
      else if (entry.name === 'inputs.json' ? !entry.isFile() : !entry.isDirectory()) return false;
    }
    return readdirSync(slot.scratch).length === 0 && readdirSync(slot.work).length === 0;
  } catch {
    return false;
  }
}

export type OutputsText =
  | { readonly kind: 'text'; readonly text: string }
  /** It has no room in the pod. */
  | { readonly kind: 'large' }
  | { readonly kind: 'refused'; readonly reason: string; readonly note: string };

/** The text of the outputs file, '' when there is none. To be read when no process of the attempt lives. */
export function readOutputs(path: string, takesLarge: boolean): OutputsText {
  try {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return { kind: 'text', text: '' };
    // A task may leave a link or a named pipe there: neither is followed or waited for.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) return refusedOutputs('is not a regular file');
      if (stat.size > MAX_VALUE_BYTES && takesLarge && stat.size <= MAX_STORED_OUTPUTS_BYTES) return { kind: 'large' };
      if (stat.size > MAX_VALUE_BYTES) {
        const limit = takesLarge ? MAX_STORED_OUTPUTS_BYTES : MAX_VALUE_BYTES;
        const note = `the outputs file has ${stat.size} bytes, the limit is ${limit}; ${takesLarge ? '' : STORE_HELP}keep large data elsewhere and output where it is`;
        return { kind: 'refused', reason: REASON.outputsTooLarge, note };
      }
      return { kind: 'text', text: readFileSync(fd, 'utf8') };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return refusedOutputs(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
}

const STORE_HELP = 'name an object store in git, spec.objectStore of the Platform, for larger outputs of a task, or ';

/** Keeps an outputs file beyond its slot, without what the redactor hides. Throws what the file system says. */
export function keepLargeOutputs(from: string, to: string, redactor: Redactor | undefined): void {
  if (redactor === undefined) {
    renameSync(from, to);
    return;
  }
  const source = openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW);
  const target = openSync(to, 'w', 0o600);
  try {
    const buffer = Buffer.allocUnsafe(BLOB_CHUNK_BYTES);
    for (let count = readSync(source, buffer); count > 0; count = readSync(source, buffer)) {
      writeAll(target, redactor.write(buffer.subarray(0, count)));
    }
    writeAll(target, redactor.end());
  } finally {
    closeSync(source);
    closeSync(target);
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
}

function refusedOutputs(what: string): OutputsText {
  return {
    kind: 'refused',
    reason: REASON.invalidOutputs,
    note: `the outputs file ${what}; write it as a plain file at $PIPECTL_OUTPUTS`,
  };
}
