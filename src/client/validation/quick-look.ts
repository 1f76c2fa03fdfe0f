import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { MAX_KEPT_VERDICTS, sha256 } from '../../base/index.ts';
import { type KeptFiles, keep, readKept } from './kept-file.ts';
import { askGit, stateOnDisk } from './snapshot.ts';

/**
 * A key that stands for the folder as its snapshot does, from less: the checksum that git's index ends with, and what
 * differs from the index. Equal keys, equal snapshots; one snapshot may have several. Undefined where the index has no
 * checksum or something unusual stands in it: the snapshot looks closer.
 */
export async function takeQuickLook(root: string, tool: string): Promise<string | undefined> {
  const index = findIndex(root);
  const before = index === undefined ? undefined : checksumOf(index);
  if (index === undefined || before === undefined) return undefined;
  const listing = await askGit(root, ['--modified', '--deleted', '--others']);
  // What another git wrote meanwhile is not what was listed.
  if (listing === undefined || checksumOf(index) !== before) return undefined;
  const lines = new Set<string>();
  for (const record of listing.split('\0')) {
    if (record === '') continue;
    // Deleted files come twice, as changed ones too.
    if (!/^[CR?] /.test(record)) return undefined;
    const path = record.slice(2);
    lines.add(`${stateOnDisk(root, path, record.startsWith('?') ? 'new' : 'changed')} ${path}`);
  }
  return sha256([tool, root, before, ...[...lines].sort()].join('\0'));
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
