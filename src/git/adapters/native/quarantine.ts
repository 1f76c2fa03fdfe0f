import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RepositoryStore } from './repositories.ts';

/** A bare repository for what is fetched, which sees the objects of another one. Its refs are what the remote showed. */
export interface Quarantine {
  readonly gitDir: string;
  remove(): Promise<void>;
}

/** Begins the names of quarantines, beside the repositories; what a process that died left there is removed at the start. */
export const QUARANTINE_PREFIX = '.fetch-';

const CONFIG =
  '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n\tbigFileThreshold = 4g\n[pack]\n\tthreads = 1\n';

/** Makes one for the repository of that name, on the same file system, so that landing only renames files. */
export async function openQuarantine(repositories: RepositoryStore, name: string): Promise<Quarantine> {
  const main = repositories.path(name);
  const gitDir = await mkdtemp(join(repositories.folder, `${QUARANTINE_PREFIX}${name}-`));
  const remove = (): Promise<void> => rm(gitDir, { recursive: true, force: true });
  try {
    await mkdir(join(gitDir, 'objects', 'info'), { recursive: true });
    await mkdir(join(gitDir, 'refs', 'heads'), { recursive: true });
    await writeFile(join(gitDir, 'HEAD'), 'ref: refs/heads/pipectl-quarantine\n');
    await writeFile(join(gitDir, 'config'), CONFIG);
    await writeFile(join(gitDir, 'objects', 'info', 'alternates'), `${quoted(join(main, 'objects'))}\n`);
    await copyFile(join(main, 'shallow'), join(gitDir, 'shallow')).catch(ignoreMissing);
    return { gitDir, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** A path as git reads it from its alternates file: in C's quotes, or as it is. */
function quoted(path: string): string {
  return /^[#"]|[\n\\"]/.test(path) ? JSON.stringify(path) : path;
}

/** Passes over a file that is not there. */
export function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
