import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_REPOSITORIES, StalledError } from '../../../base/index.ts';
import { isRepositoryName, QUARANTINE_PREFIX, type Repositories } from '../../index.ts';
import { type FolderReader, openFolderReader } from './folder-reader.ts';
import { REFS_LOCK, readPlainRefs } from './plain-refs.ts';

/** What git needs to find in the configuration to take a folder for a repository of ours, if it comes to this machine. */
const CONFIG = '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n';

/**
 * Repositories as git lays them out, without git: what one of the two wrote, the other reads. Nobody pushes to them.
 * Opens the folder, and removes what an earlier process left of its fetches.
 */
export async function openGitlessRepositories(folder: string): Promise<Repositories> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    const isLeft = name.startsWith(QUARANTINE_PREFIX) || name.startsWith(DRAFT_PREFIX);
    if (isLeft) await rm(join(folder, name), { recursive: true, force: true });
  }
  const path = (name: string): string => join(folder, `${name}.git`);
  const readers = new Map<string, FolderReader>();
  const ensured = new Map<string, Promise<void>>();
  const isThere = (name: string): boolean => existsSync(join(path(name), 'HEAD'));
  const list = async (): Promise<readonly string[]> => {
    const names = (await readdir(folder)).filter((file) => file.endsWith('.git'));
    return names
      .map((file) => file.slice(0, -'.git'.length))
      .filter(isRepositoryName)
      .sort();
  };
  const close = (name: string): void => {
    readers.get(name)?.close();
    readers.delete(name);
  };
  return {
    folder,
    path,
    list,
    exists: async (name) => isThere(name),
    ensure(name) {
      const running = ensured.get(name) ?? (isThere(name) ? renew(path(name)) : create(folder, name, list));
      ensured.set(name, running);
      running.catch(() => ensured.delete(name));
      return running;
    },
    refs: async (name) => readPlainRefs(path(name)),
    reader(name) {
      const reader = readers.get(name) ?? openFolderReader([join(path(name), 'objects')]);
      readers.set(name, reader);
      return reader;
    },
    async setHead(name, branch) {
      const draft = join(path(name), 'HEAD.new');
      await writeFile(draft, `ref: refs/heads/${branch}\n`);
      await rename(draft, join(path(name), 'HEAD'));
    },
    async remove(name) {
      close(name);
      ensured.delete(name);
      // Under a name that no repository has, so that what is there is whole.
      const draft = join(folder, `${DRAFT_PREFIX}${name}`);
      await rm(draft, { recursive: true, force: true });
      if (isThere(name)) await rename(path(name), draft);
      await rm(draft, { recursive: true, force: true });
    },
    close() {
      for (const name of [...readers.keys()]) close(name);
    },
  };
}

const DRAFT_PREFIX = '.draft-';

/** Makes the repository under another name first, so that one that is there is whole. */
async function create(folder: string, name: string, list: () => Promise<readonly string[]>): Promise<void> {
  if ((await list()).length >= MAX_REPOSITORIES) {
    throw new StalledError('TooManyRepositories', `there are ${MAX_REPOSITORIES} repositories already`);
  }
  const draft = join(folder, `${DRAFT_PREFIX}${name}`);
  await rm(draft, { recursive: true, force: true });
  for (const part of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags']) {
    await mkdir(join(draft, part), { recursive: true });
  }
  await writeFile(join(draft, 'config'), CONFIG);
  await writeFile(join(draft, 'HEAD'), 'ref: refs/heads/main\n');
  await rename(draft, join(folder, `${name}.git`));
}

/** A process that died may have left its lock; no other one works on this folder. */
async function renew(path: string): Promise<void> {
  await rm(join(path, REFS_LOCK), { force: true });
  await mkdir(join(path, 'objects', 'pack'), { recursive: true });
}
