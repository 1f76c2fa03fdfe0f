import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256 } from '../../base/index.ts';

/** One file for each project in a folder of the cache: at most `most` of them, each of at most `maxBytes`. */
export interface KeptFiles {
  /** The folder's name. */
  readonly name: string;
  readonly maxBytes: number;
  readonly most: number;
}

/**
 * What was kept for the project at `root` under this key. A file that is missing, too large, cut, or otherwise not what was
 * written is as none.
 */
export function readKept({ name, maxBytes }: KeptFiles, folder: string, root: string, key: string): string | undefined {
  try {
    const file = fileOf(name, folder, root);
    if (statSync(file).size > maxBytes) return undefined;
    const bytes = readFileSync(file);
    const body = bytes.subarray(HEAD_LENGTH);
    return bytes.toString('latin1', 0, HEAD_LENGTH) === headOf(key, body) ? body.toString('utf8') : undefined;
  } catch {
    // Nothing kept, or not to be read: the folder is validated anew.
    return undefined;
  }
}

/** What was kept, whatever its key, with the time of its keeping; unchecked, so only to guess by. */
export function guessKept(
  { name, maxBytes }: KeptFiles,
  folder: string,
  root: string,
): { readonly text: string; readonly keptMs: number } | undefined {
  try {
    const file = fileOf(name, folder, root);
    const { size, mtimeMs } = statSync(file);
    return size > maxBytes ? undefined : { text: readFileSync(file, 'utf8').slice(HEAD_LENGTH), keptMs: mtimeMs };
  } catch {
    // Nothing kept.
    return undefined;
  }
}

/** The same of a part of it, which whoever kept it can tell from others: only the key is compared. */
export function readKeptPart(
  { name }: KeptFiles,
  folder: string,
  root: string,
  key: string,
  offset: number,
  lengthBytes: number,
): Buffer | undefined {
  let file: number | undefined;
  try {
    file = openSync(fileOf(name, folder, root), 'r');
    const head = Buffer.alloc(KEY_LENGTH);
    const part = Buffer.alloc(lengthBytes);
    readSync(file, head, 0, KEY_LENGTH, 0);
    const size = readSync(file, part, 0, lengthBytes, HEAD_LENGTH + offset);
    return size === lengthBytes && head.toString('latin1') === key ? part : undefined;
  } catch {
    // Nothing kept, or not to be read: as above.
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Keeps a text in place of the last one of this project. That it cannot be kept costs time only, so it is not told. */
export function keep(
  { name, maxBytes, most }: KeptFiles,
  folder: string,
  root: string,
  key: string,
  content: string | Uint8Array,
): void {
  const body = typeof content === 'string' ? Buffer.from(content) : content;
  if (HEAD_LENGTH + body.length > maxBytes) return;
  try {
    const file = fileOf(name, folder, root);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, Buffer.concat([Buffer.from(headOf(key, body), 'latin1'), body]), { mode: 0o600 });
    renameSync(draft, file);
    removeOldest(dirname(file), most);
  } catch {
    // A full disk or a folder of somebody else.
  }
}

/** Key and checksum, a line each. */
function headOf(key: string, body: Uint8Array): string {
  return `${key}\n${sha256(`${key}\n${sha256(body)}`)}\n`;
}

const KEY_LENGTH = 64;
const HEAD_LENGTH = 2 * (KEY_LENGTH + 1);

function fileOf(name: string, folder: string, root: string): string {
  return join(folder, name, sha256(root));
}

function removeOldest(folder: string, most: number): void {
  const names = readdirSync(folder);
  if (names.length <= most) return;
  const byAge = names
    .map((name) => ({ name, writtenMs: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.writtenMs - a.writtenMs);
  for (const { name } of byAge.slice(most)) rmSync(join(folder, name), { force: true });
}
