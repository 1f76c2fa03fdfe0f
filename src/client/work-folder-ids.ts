import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { StalledError } from '../base/index.ts';

/**
 * The git tree id that each folder of a checkout would have if all of it were committed now, ignored files left out;
 * null for one that would hold nothing. Git itself works them out, with an index and an object store of their own, so
 * that the repository is left as it is.
 */
export async function workFolderIds(
  root: string,
  folders: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<ReadonlyMap<string, string | null>> {
  const scratch = mkdtempSync(join(tmpdir(), 'pipectl-tree-'));
  const own = { ...env, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1' };
  try {
    const [index, objects] = await pathsOf(root, own);
    if (existsSync(index)) copyIndex(index, join(scratch, 'index'));
    mkdirSync(join(scratch, 'objects'));
    const apart = {
      ...own,
      GIT_INDEX_FILE: join(scratch, 'index'),
      GIT_OBJECT_DIRECTORY: join(scratch, 'objects'),
      GIT_ALTERNATE_OBJECT_DIRECTORIES: objects,
    };
    const present = folders.filter((folder) => existsSync(join(root, folder)));
    if (present.length > 0) await git(root, apart, 'add', '--all', '--', ...present);
    const tree = (await git(root, apart, 'write-tree')).trim();
    const prefix = (await git(root, apart, 'rev-parse', '--show-prefix')).trim();
    const ids = new Map<string, string | null>();
    for (const folder of folders) ids.set(folder, await folderId(root, apart, tree, `${prefix}${folder}`));
    return ids;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * With the time of the original: git looks again into files that changed in the second in which the index was written,
 * and a newer copy would make it trust their sizes (git's Documentation/technical/racy-git).
 */
function copyIndex(index: string, copy: string): void {
  const { atime, mtime } = statSync(index);
  copyFileSync(index, copy);
  utimesSync(copy, atime, mtime);
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The index and the objects of the repository around `root`. */
async function pathsOf(root: string, env: Environment): Promise<readonly [index: string, objects: string]> {
  const listed = await git(root, env, 'rev-parse', '--git-path', 'index', '--git-path', 'objects');
  const [index = '', objects = ''] = listed.split('\n');
  return [resolve(root, index), resolve(root, objects)];
}

async function folderId(root: string, env: Environment, tree: string, path: string): Promise<string | null> {
  // A folder of the root itself is written `.`, which git does not know inside of a tree.
  const inside = path.replace(/(^|\/)\.$/, '').replace(/\/$/, '');
  if (inside === '') return tree;
  const listed = await git(root, env, 'ls-tree', '-z', '--full-tree', '-d', tree, '--', inside);
  return /^040000 tree ([0-9a-f]+)\t/.exec(listed)?.[1] ?? null;
}

async function git(root: string, env: Environment, ...args: readonly string[]): Promise<string> {
  try {
    const options = { env: env as NodeJS.ProcessEnv, maxBuffer: MAX_ANSWER_BYTES };
    const { stdout } = await promisify(execFile)('git', ['-C', root, ...args], options);
    return stdout;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') throw new StalledError('GitMissing', 'git was not found on PATH', { cause: error });
    throw new StalledError('GitFailed', `git ${args[0]} failed: ${stderr?.trim() ?? String(error)}`, { cause: error });
  }
}

const MAX_ANSWER_BYTES = 1024 * 1024;
