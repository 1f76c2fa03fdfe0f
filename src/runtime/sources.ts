import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Log, MAX_IDLE_SOURCES, type Random, StalledError } from '../base/index.ts';
import type { ObjectReader } from '../git/index.ts';
import { layOutTree } from './lay-out-tree.ts';

/** A laid-out source folder in use; stays at least until it is released. */
export interface SourceLease {
  /** Absolute path of the read-only folder. */
  readonly path: string;
  release(): void;
}

/** Read-only folders with the content of git trees. */
export interface Sources {
  /**
   * The tree `tree` (its git id) of `repository` as a folder; calls for the same tree share the work.
   * Errors: StalledError('SourceRefused') when the tree breaks a rule or a bound or misses an object;
   * what the reader and the file system throw.
   */
  ensure(repository: string, tree: string): Promise<SourceLease>;
}

export interface SourcesOptions {
  /** Of these sources alone; created when missing. */
  readonly folder: string;
  readonly readerOf: (repository: string) => ObjectReader | Promise<ObjectReader>;
  readonly random: Pick<Random, 'bytes'>;
  readonly log: Log;
  /** Names this boot of the host: copies are not synced to disk, so those of an earlier boot may be torn. */
  readonly bootId: string;
}

interface Copy {
  readonly path: Promise<string>;
  uses: number;
}

interface State {
  readonly options: SourcesOptions;
  /** In the order of their last use: the first that nobody uses is the one to go. */
  readonly copies: Map<string, Copy>;
  /** Copies being removed: the same tree is made anew only after that. */
  readonly leaving: Map<string, Promise<void>>;
}

const TREE_ID = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
const BOOT_FILE = '.boot';

/**
 * Keeps copies of trees below `folder`, one each, by tree id: `<folder>/<tree>`. A copy appears whole by a rename.
 * Files are 0444 or 0555 and folders 0555, which stops every user but root from changing them.
 */
export async function openSources(options: SourcesOptions): Promise<Sources> {
  const state: State = { options, copies: new Map(), leaving: new Map() };
  for (const tree of await openFolder(options.folder, options.bootId)) {
    state.copies.set(tree, { path: Promise.resolve(join(options.folder, tree)), uses: 0 });
  }
  return {
    ensure: (repository, tree) => lease(state, repository, tree),
  };
}

async function lease(state: State, repository: string, tree: string): Promise<SourceLease> {
  if (!TREE_ID.test(tree)) throw new StalledError('SourceRefused', `${JSON.stringify(tree)} is no tree id`);
  const { copies } = state;
  const copy = copies.get(tree) ?? { path: makeCopy(state, repository, tree), uses: 0 };
  copies.delete(tree);
  copies.set(tree, copy);
  copy.uses += 1;
  let isReleased = false;
  const release = (): void => {
    if (isReleased) return;
    isReleased = true;
    copy.uses -= 1;
    prune(state);
  };
  try {
    return { path: await copy.path, release };
  } catch (error) {
    // The next call tries anew.
    if (copies.get(tree) === copy) copies.delete(tree);
    throw error;
  }
}

function prune({ copies, leaving, options }: State): void {
  let idle = [...copies.values()].filter((copy) => copy.uses === 0).length;
  for (const [tree, copy] of copies) {
    if (idle <= MAX_IDLE_SOURCES) return;
    if (copy.uses > 0) continue;
    copies.delete(tree);
    idle -= 1;
    const gone = copy.path
      .then((path) => removeTree(path))
      .catch((error) => {
        options.log.write('warn', 'a source copy could not be removed', { tree, error: String(error) });
      })
      .finally(() => leaving.delete(tree));
    leaving.set(tree, gone);
  }
}

/** Makes the folder usable and returns the trees that are whole in it. */
async function openFolder(folder: string, bootId: string): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const bootFile = join(folder, BOOT_FILE);
  const lastBoot = await readFile(bootFile, 'utf8').catch(() => '');
  const isSameBoot = lastBoot === bootId;
  const kept: string[] = [];
  for (const name of await readdir(folder)) {
    if (name === BOOT_FILE) continue;
    if (isSameBoot && TREE_ID.test(name)) kept.push(name);
    else await removeTree(join(folder, name));
  }
  if (!isSameBoot) await writeFile(bootFile, bootId);
  return kept;
}

async function makeCopy({ options, leaving }: State, repository: string, tree: string): Promise<string> {
  const { folder, readerOf, random } = options;
  await leaving.get(tree);
  const temporary = join(folder, `making-${tree}-${Buffer.from(random.bytes(6)).toString('hex')}`);
  const path = join(folder, tree);
  try {
    await layOutTree(await readerOf(repository), tree, temporary);
    await rename(temporary, path);
    return path;
  } catch (error) {
    await removeTree(temporary).catch(() => {});
    throw error;
  }
}

/** Removes a tree whose folders may be read-only. */
async function removeTree(path: string): Promise<void> {
  const unlock = async (folder: string): Promise<void> => {
    await chmod(folder, 0o700);
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) await unlock(join(folder, entry.name));
    }
  };
  await unlock(path).catch(() => {});
  await rm(path, { recursive: true, force: true });
}
