import { closeSync, fstatSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { askGit } from './ask-git.ts';
import { type DifferingFile, filesOfList, filesOfStatus, LIST, STATUS } from './differing-files.ts';

/** A look at a folder that git is busy with. */
export interface BegunLook {
  /** As it was given. */
  readonly root: string;
  /** With links resolved. */
  readonly place: string;
  /** The file of git's index, and the checksum that it ended with before git was asked; undefined where there is none. */
  readonly index: { readonly file: string; readonly checksum: string } | undefined;
  /** What differs from the index; undefined when git cannot tell, or tells something unusual. */
  readonly differing: Promise<readonly DifferingFile[] | undefined>;
}

/** Asks git what differs from its index. That takes tens of milliseconds, in which the rest of the program can be loaded. */
export function beginLook(root: string): BegunLook {
  const place = realpathSync(root);
  const found = findIndex(place);
  const checksum = found === undefined ? undefined : checksumOf(found.file);
  if (found === undefined || checksum === undefined)
    return { root, place, index: undefined, differing: Promise.resolve(undefined) };
  return { root, place, index: { file: found.file, checksum }, differing: askWhatDiffers(place, found.isTop) };
}

async function askWhatDiffers(place: string, isTop: boolean): Promise<readonly DifferingFile[] | undefined> {
  const told = await askGit(place, isTop ? STATUS : LIST);
  if (told === undefined) return undefined;
  return isTop ? filesOfStatus(told) : filesOfList(told);
}

/**
 * The end of an index file is a SHA-1 or SHA-256 over all before it (gitformat-index), or zeros where `index.skipHash` is
 * set. Undefined when it is not to be read, or zeros.
 */
export function checksumOf(index: string): string | undefined {
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

/** How many files an index holds, as its head says (gitformat-index); 0 where that is not to be read. */
export function countEntries(index: string): number {
  let file: number | undefined;
  try {
    file = openSync(index, 'r');
    const head = Buffer.alloc(12);
    return readSync(file, head, 0, head.length, 0) < head.length ? 0 : head.readUInt32BE(8);
  } catch {
    // As above.
    return 0;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** The longer of the two; with the shorter some of the last entry is read along. */
const CHECKSUM_BYTES = 32;
const SHA1_BYTES = 20;

interface FoundIndex {
  readonly file: string;
  /** The work tree begins at the folder asked for, so that git's paths are relative to that. */
  readonly isTop: boolean;
}

/** The index of the repository around `root`; undefined where the environment names another, or none is found. */
function findIndex(root: string): FoundIndex | undefined {
  if (['GIT_DIR', 'GIT_INDEX_FILE', 'GIT_WORK_TREE'].some((name) => process.env[name] !== undefined)) return undefined;
  for (let folder = root; ; folder = dirname(folder)) {
    const git = join(folder, '.git');
    const found = statSync(git, { throwIfNoEntry: false });
    if (found?.isDirectory() === true)
      return { file: join(git, 'index'), isTop: folder === root && !namesWorkTree(join(git, 'config')) };
    // A linked work tree: the file names its folder.
    if (found?.isFile() === true) {
      const named = /^gitdir: (.+)\n?$/.exec(readFileSync(git, 'utf8'))?.[1];
      return named === undefined ? undefined : { file: join(resolve(folder, named), 'index'), isTop: false };
    }
    if (dirname(folder) === folder) return undefined;
  }
}

/** Whether a repository's configuration may say that its work tree is elsewhere (`core.worktree`, git-config). */
function namesWorkTree(config: string): boolean {
  try {
    return /worktree/i.test(readFileSync(config, 'utf8'));
  } catch {
    // It has none, or it is not ours to read: git says what is so.
    return true;
  }
}
