import { execFile } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { MAX_GIT_LISTING_BYTES } from '../../base/index.ts';

/** A look at a folder that git is busy with. */
export interface BegunLook {
  /** As it was given. */
  readonly root: string;
  /** With links resolved. */
  readonly place: string;
  /** The file of git's index, and the checksum that it ended with before git was asked; undefined where there is none. */
  readonly index: { readonly file: string; readonly checksum: string } | undefined;
  /** What differs from the index, as git lists it. */
  readonly listing: Promise<string | undefined>;
}

/** Asks git what differs from its index. That takes tens of milliseconds, in which the rest of the program can be loaded. */
export function beginLook(root: string): BegunLook {
  const place = realpathSync(root);
  const file = findIndex(place);
  const checksum = file === undefined ? undefined : checksumOf(file);
  if (file === undefined || checksum === undefined)
    return { root, place, index: undefined, listing: Promise.resolve(undefined) };
  return { root, place, index: { file, checksum }, listing: askGit(place, ['--modified', '--deleted', '--others']) };
}

/** What git lists of the folder, each record ended by NUL; undefined when it cannot. */
export function askGit(root: string, what: readonly string[]): Promise<string | undefined> {
  const args = ['-C', root, 'ls-files', '-z', '-t', ...what, '--exclude-standard'];
  return new Promise((resolve) => {
    execFile('git', args, { maxBuffer: MAX_GIT_LISTING_BYTES }, (error, stdout) => {
      // No git on this machine, or the folder is in no repository.
      resolve(error === null ? stdout : undefined);
    });
  });
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

/** The longer of the two; with the shorter some of the last entry is read along. */
const CHECKSUM_BYTES = 32;
const SHA1_BYTES = 20;

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
