import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { QUARANTINE_PREFIX } from '../../index.ts';
import type { RepositoryStore } from './repositories.ts';

/** A bare repository for what is fetched, which sees the objects of another one. Its refs are what the remote showed. */
export interface Quarantine {
  readonly gitDir: string;
  /** The repository has packs that refer to blobs which a filter left out. */
  readonly isPartial: boolean;
  /** Forgets what git wrote into its configuration: no other git is to fetch what is missing by itself. */
  resetConfig(): Promise<void>;
  remove(): Promise<void>;
}

const CONFIG =
  '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n\tbigFileThreshold = 4g\n[pack]\n\tthreads = 1\n';

/** Makes one for the repository of that name, on the same file system, so that landing only renames files. */
export async function openQuarantine(repositories: RepositoryStore, name: string): Promise<Quarantine> {
  const main = repositories.path(name);
  const gitDir = await mkdtemp(join(repositories.folder, `${QUARANTINE_PREFIX}${name}-`));
  const remove = (): Promise<void> => rm(gitDir, { recursive: true, force: true });
  const resetConfig = (): Promise<void> => writeFile(join(gitDir, 'config'), CONFIG);
  try {
    await mkdir(join(gitDir, 'objects', 'info'), { recursive: true });
    await mkdir(join(gitDir, 'refs', 'heads'), { recursive: true });
    await writeFile(join(gitDir, 'HEAD'), 'ref: refs/heads/pipectl-quarantine\n');
    await resetConfig();
    await writeFile(join(gitDir, 'objects', 'info', 'alternates'), `${quoted(join(main, 'objects'))}\n`);
    await copyFile(join(main, 'shallow'), join(gitDir, 'shallow')).catch(ignoreMissing);
    const packs = await readdir(join(main, 'objects', 'pack')).catch(() => []);
    return { gitDir, isPartial: packs.some((file) => file.endsWith('.promisor')), resetConfig, remove };
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
