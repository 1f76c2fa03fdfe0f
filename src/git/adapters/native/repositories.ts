import { readdirSync } from 'node:fs';
import { access, chmod, constants, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Log,
  MAX_DELTA_BASE_CACHE_BYTES,
  MAX_PACKS,
  MAX_PUSH_BYTES,
  MAX_REPOSITORIES,
  PACK_EVERY_PUSHES,
  StalledError,
} from '../../../base/index.ts';
import { isOid, isRepositoryName, QUARANTINE_PREFIX, type Refs, type Repositories } from '../../index.ts';
import { gitEnvironment, runGit } from './environment.ts';
import { HOOKS } from './hooks.ts';
import { type NativeReader, openNativeReader } from './reader.ts';
import { PROMISOR, SCRATCH_PREFIX } from './remote-process.ts';
import { SIGNATURES_PREFIX } from './signatures.ts';

/** Repositories that git keeps, and serves. */
export interface RepositoryStore extends Repositories {
  readonly env: Record<string, string>;
  reader(name: string): NativeReader;
  /** Removes what pushes that were ended had brought; no push may run. */
  tidy(name: string): Promise<void>;
  /**
   * Packs loose objects, and joins packs once there are MAX_PACKS, removing none that are unreachable: commits that a
   * force-push left behind stay runnable.
   */
  pack(name: string): Promise<void>;
  /** Something was added: does the above now and then, beside whatever else happens. */
  packSometimes(name: string): void;
}

export interface RepositoryStoreOptions {
  /** Absolute; created when missing. */
  readonly folder: string;
  readonly log: Log;
  readonly denyNonFastForwards?: boolean;
  /** Packed bytes of one push; absent: MAX_PUSH_BYTES. */
  readonly maxPushBytes?: number;
}

const MAX_REFS_BYTES = 64 * 1024 * 1024;

/**
 * Opens the folder of repositories, writing hooks and git's configuration anew.
 * Errors: StalledError HooksNotExecutable on a file system that runs no scripts: git would skip the decision silently.
 */
export async function openRepositoryStore(options: RepositoryStoreOptions): Promise<RepositoryStore> {
  const { folder } = options;
  const hooks = join(folder, 'hooks');
  const configFile = join(folder, 'gitconfig');
  await mkdir(hooks, { recursive: true, mode: 0o700 });
  await removeScratch(folder);
  await writeFile(configFile, '[safe]\n\tdirectory = *\n[init]\n\tdefaultBranch = main\n');
  for (const [name, script] of HOOKS) await writeHook(join(hooks, name), script);
  const env = gitEnvironment(configFile);
  const place: Place = { folder, env, config: repositoryConfig(hooks, options) };
  const readers = new Map<string, NativeReader>();
  const ensured = new Map<string, Promise<void>>();
  /** Pushes and fetches since the last packing. */
  const added = new Map<string, number>();
  const path = (name: string): string => pathOf(place, name);
  const exists = (name: string): Promise<boolean> => isThere(join(path(name), 'HEAD'));
  return {
    env,
    folder,
    path,
    exists,
    list: () => list(place),
    ensure(name) {
      const running = ensured.get(name) ?? renew(place, name);
      ensured.set(name, running);
      // A failure (a full disk) is not remembered.
      running.catch(() => ensured.delete(name));
      return running;
    },
    async refs(name) {
      if (!(await exists(name))) return new Map();
      const args = ['--git-dir', path(name), 'for-each-ref', '--format=%(objectname) %(refname)'];
      return parseRefs(await runGit(args, { env, maxBytes: MAX_REFS_BYTES }));
    },
    reader(name) {
      const reader = readers.get(name) ?? openNativeReader(path(name), env);
      readers.set(name, reader);
      return reader;
    },
    async setHead(name, branch) {
      await runGit(['--git-dir', path(name), 'symbolic-ref', 'HEAD', `refs/heads/${branch}`], { env, maxBytes: 4_096 });
    },
    tidy: (name) => removeQuarantines(join(path(name), 'objects')),
    pack: (name) => pack(path(name), env),
    packSometimes(name) {
      const count = (added.get(name) ?? 0) + 1;
      added.set(name, count % PACK_EVERY_PUSHES);
      if (count < PACK_EVERY_PUSHES) return;
      pack(path(name), env).catch((error: Error) => {
        options.log.write('warn', 'objects could not be packed', { repository: name, error: error.message });
      });
    },
    async remove(name) {
      readers.get(name)?.close();
      readers.delete(name);
      ensured.delete(name);
      // Under a name that no repository has, so that what is there is whole; a start takes it away as a draft.
      const draft = join(folder, `.draft-${name}`);
      await rm(draft, { recursive: true, force: true });
      if (await exists(name)) await rename(path(name), draft);
      await rm(draft, { recursive: true, force: true });
    },
    close() {
      for (const reader of readers.values()) reader.close();
      readers.clear();
    },
  };
}

/** Blobs that a filter left out are missed only by a git that does not know that they can be. */
async function pack(path: string, env: Record<string, string>): Promise<void> {
  const files = await readdir(join(path, 'objects', 'pack'));
  const isPartial = files.some((file) => file.endsWith('.promisor'));
  const isCrowded = files.filter((file) => file.endsWith('.pack')).length > MAX_PACKS;
  const knows = isPartial ? ['-c', `remote.${PROMISOR}.promisor=true`] : [];
  const all = isCrowded ? ['-a', '-k'] : [];
  await runGit([...knows, '--git-dir', path, 'repack', ...all, '-d', '-l', '-q'], { env, maxBytes: 4_096 });
}

interface Place {
  readonly folder: string;
  readonly env: Record<string, string>;
  /** The configuration of each repository. */
  readonly config: string;
}

function pathOf({ folder }: Place, name: string): string {
  return join(folder, `${name}.git`);
}

async function list({ folder }: Place): Promise<string[]> {
  const files = await readdir(folder);
  const names = files.filter((file) => file.endsWith('.git')).map((file) => file.slice(0, -'.git'.length));
  return names.filter(isRepositoryName).sort();
}

/** Makes the repository under another name first, so that one that is there is whole. */
async function create(place: Place, name: string): Promise<void> {
  if ((await list(place)).length >= MAX_REPOSITORIES) {
    throw new StalledError('TooManyRepositories', `there are ${MAX_REPOSITORIES} repositories already`);
  }
  const draft = join(place.folder, `.draft-${name}`);
  await rm(draft, { recursive: true, force: true });
  await runGit(['init', '--quiet', '--bare', '--template=', draft], { env: place.env, maxBytes: 4_096 });
  await writeFile(join(draft, 'HEAD'), 'ref: refs/heads/main\n');
  await writeFile(join(draft, 'config'), place.config);
  await rename(draft, pathOf(place, name));
}

async function renew(place: Place, name: string): Promise<void> {
  const path = pathOf(place, name);
  if (!(await isThere(join(path, 'HEAD')))) return create(place, name);
  const file = join(path, 'config');
  if ((await readFile(file, 'utf8')) !== place.config) await writeFile(file, place.config);
  await removeQuarantines(join(path, 'objects'));
}

async function writeHook(file: string, script: string): Promise<void> {
  await writeFile(file, script);
  await chmod(file, 0o755);
  // Also false on a file system mounted noexec.
  if (await isThere(file, constants.X_OK)) return;
  throw new StalledError(
    'HooksNotExecutable',
    `${file} cannot be executed: keep the data on a file system without noexec`,
  );
}

/** What pushes to a control plane that died had brought: git leaves it, and nothing refers to it. */
async function removeQuarantines(objects: string): Promise<void> {
  // Looked up at once: a push that begins meanwhile is not among them.
  for (const name of readdirSync(objects)) {
    if (name.startsWith('tmp_objdir-')) await rm(join(objects, name), { recursive: true, force: true });
  }
}

/** The same of fetches and checks of signatures. */
async function removeScratch(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (SCRATCH_PREFIXES.some((prefix) => name.startsWith(prefix)))
      await rm(join(folder, name), { recursive: true, force: true });
  }
}

const SCRATCH_PREFIXES = [QUARANTINE_PREFIX, SCRATCH_PREFIX, SIGNATURES_PREFIX];

async function isThere(file: string, mode = constants.F_OK): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}

function parseRefs(text: string): Refs {
  const refs = new Map<string, string>();
  for (const line of text.split('\n')) {
    const oid = line.slice(0, 40);
    if (isOid(oid) && line[40] === ' ') refs.set(line.slice(41), oid);
  }
  return refs;
}

/**
 * The configuration of each repository. Nothing is ever pruned or collected on its own: a commit that was registered
 * can be run for as long as it is registered. Two old, harmless faults of commits pass fsck, as on the large hosts.
 */
function repositoryConfig(
  hooks: string,
  { denyNonFastForwards = false, maxPushBytes = MAX_PUSH_BYTES }: RepositoryStoreOptions,
): string {
  const quoted = `"${hooks.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  return `[core]
	repositoryformatversion = 0
	filemode = true
	bare = true
	hooksPath = ${quoted}
	fsync = committed
	fsyncMethod = batch
	bigFileThreshold = 4g
	deltaBaseCacheLimit = ${MAX_DELTA_BASE_CACHE_BYTES}
[pack]
	threads = 1
[receive]
	fsckObjects = true
	maxInputSize = ${maxPushBytes}
	denyDeletes = false
	denyDeleteCurrent = ignore
	denyNonFastForwards = ${denyNonFastForwards}
	autogc = false
[receive "fsck"]
	badTimezone = ignore
	missingSpaceBeforeDate = ignore
[gc]
	auto = 0
	pruneExpire = never
[http]
	receivepack = true
	getanyfile = false
[maintenance]
	auto = false
`;
}
