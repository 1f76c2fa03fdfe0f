import { execFile } from 'node:child_process';
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MAX_FILE_BYTES, MAX_WORK_TREE_FILES, StalledError } from '../base/index.ts';

/** What a commit of everything in a folder would hold. Paths are relative to it, with `/`. */
export interface WorkTree {
  readonly root: string;
  /** Sorted. */
  readonly paths: readonly string[];
  /** Files that git does not know yet: a push would not carry them. Empty where git is not at hand. */
  readonly untracked: ReadonlySet<string>;
}

/** Lists a project's folder as git sees it, ignored files left out; without git as the disk has it. */
export async function listWorkTree(root: string): Promise<WorkTree> {
  const listed = (await listByGit(root)) ?? listByDisk(root);
  if (listed.length > MAX_WORK_TREE_FILES) {
    throw new StalledError('FolderTooLarge', `${root} holds more than ${MAX_WORK_TREE_FILES} files`);
  }
  const files = listed.filter(({ path }) => lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile() === true);
  return {
    root,
    paths: files.map(({ path }) => path).sort(),
    untracked: new Set(files.filter(({ isUntracked }) => isUntracked).map(({ path }) => path)),
  };
}

/** The bytes of a file of the work tree; one that is over the bound is cut just past it, for the compiler to refuse. */
export function readWorkFile(root: string, path: string): Uint8Array {
  return readFileSync(join(root, path)).subarray(0, MAX_FILE_BYTES + 1);
}

/** The same for many files one after another: what it gives is overwritten by the next call. */
export function workFileReader(): typeof readWorkFile {
  const buffer = new Uint8Array(READ_BUFFER_BYTES);
  return (root, path) => {
    const file = openSync(join(root, path), 'r');
    try {
      let length = 0;
      for (let more = -1; more !== 0 && length < buffer.length; length += more)
        more = readSync(file, buffer, length, buffer.length - length, null);
      // A larger one has a buffer of its own.
      return length < buffer.length ? buffer.subarray(0, length) : readWorkFile(root, path);
    } finally {
      closeSync(file);
    }
  };
}

const READ_BUFFER_BYTES = 64 * 1024;

interface Listed {
  readonly path: string;
  readonly isUntracked: boolean;
}

async function listByGit(root: string): Promise<readonly Listed[] | undefined> {
  try {
    const args = ['-C', root, 'ls-files', '-z', '-t', '--cached', '--others', '--exclude-standard'];
    const { stdout } = await promisify(execFile)('git', args, { maxBuffer: MAX_LISTING_BYTES });
    const entries = stdout.split('\0').filter((entry) => entry !== '');
    // `? path` is untracked, every other letter is known to git; a path in conflict comes once per stage.
    const byPath = new Map(entries.map((entry) => [entry.slice(2), entry.startsWith('? ')]));
    return [...byPath].map(([path, isUntracked]) => ({ path, isUntracked }));
  } catch {
    // No git on this machine, or the folder is in no repository.
    return undefined;
  }
}

function listByDisk(root: string): readonly Listed[] {
  const found: Listed[] = [];
  const folders = [''];
  while (folders.length > 0 && found.length <= MAX_WORK_TREE_FILES) {
    const folder = folders.pop()!;
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory() && entry.name !== '.git' && entry.name !== 'node_modules') folders.push(`${path}/`);
      else if (entry.isFile()) found.push({ path, isUntracked: false });
    }
  }
  return found;
}

const MAX_LISTING_BYTES = 256 * 1024 * 1024;
