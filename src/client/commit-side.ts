import { BugError, type Diagnostic, MAX_COMPILE_ROUNDS, MAX_FILE_BYTES, StalledError } from '../base/index.ts';
import {
  type DiffSide,
  filesAround,
  isDefinitionFile,
  normalisePath,
  openSide,
  type ParseCache,
  PROJECT_FILE,
  type ProjectSettings,
} from '../compiler/index.ts';
import {
  diffTrees,
  findEntry,
  isFault,
  type ObjectReader,
  type Oid,
  type TreeDiff,
  type TreeEntry,
  type TreeFault,
  treeSource,
  walkTree,
} from '../git/index.ts';
import { IMAGES_LOCK_FILE, parseDefinitions } from '../language/index.ts';
import { blobId, compileWorkTree, isListed } from './compile-work-tree.ts';
import type { OpenedRevision, ReadRevision } from './revision.ts';
import { workFolderIds } from './work-folder-ids.ts';
import { readWorkFile } from './work-tree.ts';

/** A commit or a work tree, ready to be compared, errors or not. */
export interface CommitSide {
  readonly side: DiffSide;
  /** What a push of it would be refused for; empty when it would not. */
  readonly errors: readonly Diagnostic[];
  /** All that a push of it would tell: errors, warnings and infos. */
  readonly findings: readonly Diagnostic[];
}

/** What definitions name besides other definitions. */
export interface NamedThings {
  readonly folderIds: (folders: readonly string[]) => Promise<ReadonlyMap<string, string | null>>;
  /** The bytes of a file, undefined where there is none. */
  readonly fileBytes: (path: string) => Promise<Uint8Array | undefined>;
}

/** A commit of this repository, read from its objects. Errors: StalledError when its trees cannot be read. */
export async function revisionSide({ objects, tree }: OpenedRevision, cache: ParseCache): Promise<CommitSide> {
  const files = await filesOf(objects, tree);
  const texts = await readBlobs(objects, files.values());
  return openWith({ files, texts, cache }, thingsIn(objects, tree));
}

export function thingsIn(objects: ObjectReader, tree: Oid): NamedThings {
  return {
    folderIds: (folders) => idsIn(objects, tree, folders),
    fileBytes: async (path) => {
      const entry = unlessFault(await findEntry(treeSource(objects), tree, path));
      return isFile(entry) ? readBlob(objects, entry.oid) : undefined;
    },
  };
}

async function idsIn(objects: ObjectReader, tree: Oid, folders: readonly string[]) {
  const ids = new Map<string, string | null>();
  for (const folder of folders) {
    const entry = unlessFault(await findEntry(treeSource(objects), tree, folder === '.' ? '' : folder));
    ids.set(folder, entry?.kind === 'folder' ? entry.oid : null);
  }
  return ids;
}

/** Blobs by their ids; those that are `known` are not read again. */
export async function readBlobs(
  objects: ObjectReader,
  wanted: Iterable<string>,
  known?: ReadonlyMap<string, Uint8Array>,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const texts = new Map<string, Uint8Array>();
  const blobs: string[] = [];
  for (const blob of new Set(wanted)) {
    const bytes = known?.get(blob);
    if (bytes === undefined) blobs.push(blob);
    else texts.set(blob, bytes);
  }
  await objects.prefetch?.(blobs);
  for (let start = 0; start < blobs.length; start += READS_AT_ONCE) {
    const part = blobs.slice(start, start + READS_AT_ONCE);
    const read = await Promise.all(part.map((blob) => readBlob(objects, blob)));
    for (const [at, bytes] of read.entries()) texts.set(part[at] as string, bytes);
  }
  return texts;
}

/**
 * Two commits of this repository: of files that both have, only those that say what the changes mean, where names lead to
 * them. Errors: as of one.
 */
export async function revisionSides(
  before: OpenedRevision,
  after: OpenedRevision,
  cache: ParseCache,
): Promise<readonly [CommitSide, CommitSide]> {
  const around = await aroundChanges(before, after);
  if (around === undefined) return [await revisionSide(before, cache), await revisionSide(after, cache)];
  const { files, texts, isTold } = around;
  const sideOf = async (at: 0 | 1, { objects, tree }: OpenedRevision): Promise<CommitSide> => {
    const side = await openWith({ files: files[at], texts, cache }, thingsIn(objects, tree));
    return { ...side, errors: side.errors.filter(({ span }) => span === undefined || isTold(span.file)) };
  };
  return [await sideOf(0, before), await sideOf(1, after)];
}

export interface ChangesAround {
  readonly files: readonly [ReadonlyMap<string, string>, ReadonlyMap<string, string>];
  /** Files of the second commit that both have and that are not read: nothing about them differs. */
  readonly rest: ReadonlyMap<string, string>;
  readonly texts: ReadonlyMap<string, Uint8Array>;
  /** Errors are told of files that changes are about: of others not all is read that they refer to. */
  readonly isTold: (file: string) => boolean;
}

/** Undefined when all files must be read. */
export async function aroundChanges(
  before: ReadRevision,
  after: ReadRevision,
  known?: ReadonlyMap<string, Uint8Array>,
): Promise<ChangesAround | undefined> {
  const { objects } = after;
  const [old, fresh] = [await filesOf(before.objects, before.tree), await filesOf(objects, after.tree)];
  const differs = (path: string): boolean => old.get(path) !== fresh.get(path);
  if (differs(PROJECT_FILE) || differs(IMAGES_LOCK_FILE)) return undefined;
  const diff = await diffTrees(treeSource(objects), before.tree, after.tree);
  if (isFault(diff)) return undefined;
  const changed = [...new Set([...old.keys(), ...fresh.keys()])].filter(differs);
  const same = [...fresh.keys()].filter((path) => !differs(path) && path !== PROJECT_FILE && path !== IMAGES_LOCK_FILE);
  const blobs = [...changed.flatMap((path) => [old.get(path) ?? [], fresh.get(path) ?? []].flat())];
  const texts = await readBlobs(objects, [...blobs, ...fresh.values()], known);
  const textOf = (blob: string | undefined): readonly Uint8Array[] => [texts.get(blob ?? '') ?? []].flat();
  const around = filesAround({
    changed: new Map(changed.map((path) => [path, [...textOf(old.get(path)), ...textOf(fresh.get(path))]])),
    same: new Map(same.flatMap((path) => textOf(fresh.get(path)).map((bytes) => [path, bytes] as const))),
    folders: changedFolders(diff),
    files: changedFiles(diff),
  });
  if (around === undefined) return undefined;
  const { touched, named } = around;
  const isRead = ([path]: readonly [string, string]): boolean =>
    path === PROJECT_FILE || path === IMAGES_LOCK_FILE || differs(path) || touched.has(path) || named.has(path);
  return {
    files: [new Map([...old].filter(isRead)), new Map([...fresh].filter(isRead))],
    rest: new Map([...fresh].filter((entry) => !isRead(entry))),
    texts,
    isTold: (file) => !named.has(file),
  };
}

/** Folders that differ; what is below one that has come or gone is not listed. */
function changedFolders({ changes, folders }: TreeDiff): ReadonlySet<string> {
  const moved = changes.filter(({ before, after }) => before?.kind === 'folder' || after?.kind === 'folder');
  return new Set([...folders, ...moved.map(({ path }) => path)]);
}

/** Files of dates that differ: definitions may name them. */
function changedFiles({ changes }: TreeDiff): ReadonlySet<string> {
  return new Set(changes.flatMap(({ path }) => (path.endsWith('.dates') ? [path] : [])));
}

/** What a commit of everything in the folder `root` would be. */
export async function workTreeSide(
  root: string,
  cache: ParseCache,
  env: Readonly<Record<string, string | undefined>>,
): Promise<CommitSide> {
  const { texts: byPath, tree } = await compileWorkTree(root, { cache });
  const files = new Map<string, string>();
  const texts = new Map<string, Uint8Array>();
  for (const [path, bytes] of byPath) {
    const blob = blobId(bytes);
    files.set(path, blob);
    texts.set(blob, bytes);
  }
  return openWith(
    { files, texts, cache },
    {
      folderIds: (folders) => workFolderIds(root, folders, env),
      fileBytes: async (path) => (isListed(tree, path) ? readWorkFile(root, path) : undefined),
    },
  );
}

const READS_AT_ONCE = 1_000;

interface Files {
  readonly files: ReadonlyMap<string, string>;
  readonly texts: ReadonlyMap<string, Uint8Array>;
  readonly cache: ParseCache;
}

/** The compiler names the source folders and files that it needs, and is asked again with them. */
export async function openWith(given: Files, { folderIds, fileBytes }: NamedThings): Promise<CommitSide> {
  const trees = new Map<string, string | null>();
  const blobs = new Map<string, string | null>();
  const texts = new Map(given.texts);
  for (let round = 0; round < MAX_COMPILE_ROUNDS; round += 1) {
    const opened = openSide({ ...given, texts, trees, blobs });
    if (opened.kind === 'opened') {
      const { side, errors, findings } = opened;
      return { side, errors, findings };
    }
    if (opened.folders.length > 0) for (const [folder, id] of await folderIds(opened.folders)) trees.set(folder, id);
    for (const path of opened.files) {
      const bytes = await fileBytes(path);
      blobs.set(path, bytes === undefined ? null : blobId(bytes));
      if (bytes !== undefined) texts.set(blobId(bytes), bytes);
    }
  }
  throw new BugError(`the compiler still asks for folders after ${MAX_COMPILE_ROUNDS} rounds`);
}

/** The definition files of a commit, by path, with their blob ids. */
export async function filesOf(objects: ObjectReader, tree: Oid): Promise<ReadonlyMap<string, string>> {
  const source = treeSource(objects);
  const files = new Map<string, string>();
  const project = unlessFault(await findEntry(source, tree, PROJECT_FILE));
  if (!isFile(project)) return files;
  files.set(PROJECT_FILE, project.oid);
  const lock = unlessFault(await findEntry(source, tree, IMAGES_LOCK_FILE));
  if (isFile(lock)) files.set(IMAGES_LOCK_FILE, lock.oid);
  const settings = settingsOf(await readBlob(objects, project.oid));
  for (const path of settings.paths) {
    const start = path === '.' ? '' : path;
    const found = unlessFault(await findEntry(source, tree, start));
    if (isFile(found) && isDefinitionFile(path, settings)) files.set(path, found.oid);
    if (found?.kind !== 'folder') continue;
    unlessFault(
      await walkTree(source, found.oid, start, {
        folder: (folder) => !folder.split('/').some((segment) => segment.startsWith('.')),
        entry: (at, entry) => {
          if (isFile(entry) && isDefinitionFile(at, settings)) files.set(at, entry.oid);
        },
      }),
    );
  }
  return files;
}

function settingsOf(bytes: Uint8Array): Pick<ProjectSettings, 'paths'> {
  const { documents } = parseDefinitions({ path: PROJECT_FILE, bytes });
  const project = documents.find(({ kind }) => kind === 'Project');
  if (project?.kind !== 'Project') return { paths: [] };
  const paths = project.spec.paths.flatMap((written) => {
    const normal = normalisePath(written);
    return normal.kind === 'ok' ? [normal.path] : [];
  });
  return { paths };
}

/** The bytes of a file; of one that is too large as many as make the compiler say so. */
export async function readBlob(objects: ObjectReader, blob: Oid): Promise<Uint8Array> {
  const read = await objects.read(blob, MAX_FILE_BYTES, 'blob');
  if (read.kind === 'tooLarge') return new Uint8Array(MAX_FILE_BYTES + 1);
  if (read.kind === 'missing') throw new StalledError('DamagedRepository', `git has no blob ${blob}: try \`git fsck\``);
  return read.bytes;
}

export function isFile(entry: TreeEntry | undefined): entry is TreeEntry {
  return entry?.kind === 'file' || entry?.kind === 'executable';
}

export function unlessFault<T>(value: T | TreeFault): T {
  if (!isFault(value)) return value;
  throw new StalledError('DamagedRepository', `${value.path === '' ? 'the commit' : value.path}: ${value.reason}`);
}
