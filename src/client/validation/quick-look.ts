import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { MAX_KEPT_VERDICTS, MAX_RECHECKED_FILES, sha256 } from '../../base/index.ts';
import { type KeptFiles, keep, readKept } from './kept-file.ts';
import { askGit, onDisk } from './snapshot.ts';

/** A folder as its snapshot tells of it, from less: the checksum that git's index ends with, and what differs from the index. */
export interface QuickLook {
  /** Stands for the folder and the program that looked. Equal keys, equal snapshots; one snapshot may have several. */
  readonly key: string;
  /** The checksum. */
  readonly index: string;
  /** What differs, by path. */
  readonly differing: ReadonlyMap<string, Differing>;
  /** Texts that were read for their states, as far as they may be kept. */
  readonly texts: ReadonlyMap<string, Uint8Array>;
}

/** What stands at a path instead of what the index has there. */
export interface Differing {
  readonly state: string;
  /** The index has nothing there. */
  readonly isUntracked: boolean;
}

/** Undefined where the index has no checksum or something unusual stands in it: the snapshot looks closer. */
export async function takeQuickLook(root: string, tool: () => string): Promise<QuickLook | undefined> {
  const index = findIndex(root);
  const before = index === undefined ? undefined : checksumOf(index);
  if (index === undefined || before === undefined) return undefined;
  const asked = askGit(root, ['--modified', '--deleted', '--others']);
  // Told while git works.
  const program = tool();
  const listing = await asked;
  // What another git wrote meanwhile is not what was listed.
  if (listing === undefined || checksumOf(index) !== before) return undefined;
  const differing = new Map<string, Differing>();
  const texts = new Map<string, Uint8Array>();
  for (const record of listing.split('\0')) {
    if (record === '') continue;
    // Deleted files come twice, as changed ones too.
    if (!/^[CR?] /.test(record)) return undefined;
    const path = record.slice(2);
    if (differing.has(path)) continue;
    const isUntracked = record.startsWith('?');
    const { state, text } = onDisk(root, path, isUntracked ? 'new' : 'changed');
    differing.set(path, { state, isUntracked });
    if (text !== undefined && texts.size < MAX_RECHECKED_FILES) texts.set(path, text);
  }
  const lines = [...differing].map(([path, { state }]) => `${state} ${path}`).sort();
  return { key: sha256([program, root, before, ...lines].join('\0')), index: before, differing, texts };
}

const LOOKS: KeptFiles = { name: 'looks', maxBytes: 1_024, most: MAX_KEPT_VERDICTS };

/** The key of the snapshot that was taken when the folder last looked like this. */
export function snapshotKeyOf(folder: string, root: string, look: string): string | undefined {
  return readKept(LOOKS, folder, root, look);
}

export function keepLook(folder: string, root: string, look: string, snapshotKey: string): void {
  keep(LOOKS, folder, root, look, snapshotKey);
}

/** The index of the repository around `root`; undefined where the environment names another, or none is found. */
function findIndex(root: string): string | undefined {
  if (['GIT_DIR', 'GIT_INDEX_FILE', 'GIT_WORK_TREE'].some((name) => process.env[name] !== undefined)) return undefined;
  for (let folder = root; ; folder = dirname(folder)) {
    const git = join(folder, '.git');
    const found = statSync(git, { throwIfNoEntry: false });
    if (found?.isDirectory() === true) return join(git, 'index');
    // A linked work tree: the file names its folder.
    if (found?.isFile() === true) {
      const named = /^gitdir: (.+)\n?$/.exec(readFileSync(git, 'utf8'))?.[1];
      return named === undefined ? undefined : join(resolve(folder, named), 'index');
    }
    if (dirname(folder) === folder) return undefined;
  }
}

/**
 * The end of an index file is a SHA-1 or SHA-256 over all before it (gitformat-index), or zeros where `index.skipHash` is
 * set. Undefined when it is not to be read, or zeros.
 */
function checksumOf(index: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(index, 'r');
    const { size } = fstatSync(file);
    const end = Buffer.alloc(CHECKSUM_BYTES);
    if (size < CHECKSUM_BYTES || readSync(file, end, 0, CHECKSUM_BYTES, size - CHECKSUM_BYTES) < CHECKSUM_BYTES)
      return undefined;
    return end.subarray(-SHA1_BYTES).every((byte) => byte === 0) ? undefined : `${size} ${end.toString('hex')}`;
  } catch {
    // Nothing was ever added, or it is not ours to read.
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** The longer of the two; with the shorter some of the last entry is read along. */
const CHECKSUM_BYTES = 32;
const SHA1_BYTES = 20;
