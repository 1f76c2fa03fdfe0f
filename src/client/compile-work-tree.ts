import { createHash } from 'node:crypto';
import { BugError } from '../base/index.ts';
import { type CompileOutcome, compile, isDefinitionFile, type ParseCache } from '../compiler/index.ts';
import { IMAGES_LOCK_FILE, parseDefinitions } from '../language/index.ts';
import { PROJECT_FILE } from './checkout.ts';
import { listWorkTree, readWorkFile, type WorkTree } from './work-tree.ts';

/** What the compiler says in the end, when it has been given all that it asked for. */
export type FinishedOutcome = Exclude<CompileOutcome, { readonly kind: 'needs' }>;

/** A work tree compiled as a push of all of it would be. */
export interface CompiledWorkTree {
  readonly tree: WorkTree;
  /** The definition files that were compiled, in order; the project document is one. */
  readonly files: readonly string[];
  /** Their bytes. */
  readonly texts: ReadonlyMap<string, Uint8Array>;
  readonly outcome: FinishedOutcome;
}

export interface CompileWorkTreeOptions {
  /** Bytes by path that stand for what is on disk. */
  readonly overlay?: ReadonlyMap<string, Uint8Array>;
  /** Parsed files to keep from one compilation to the next. */
  readonly cache?: ParseCache;
}

/** Compiles the project in the folder `root`. Throws StalledError when the folder is too large, and what the disk throws. */
export async function compileWorkTree(root: string, options: CompileWorkTreeOptions = {}): Promise<CompiledWorkTree> {
  return compileListed(await listWorkTree(root), options);
}

/** The same for a folder that is listed already. */
export function compileListed(tree: WorkTree, { overlay, cache }: CompileWorkTreeOptions = {}): CompiledWorkTree {
  const read = (path: string): Uint8Array => overlay?.get(path) ?? readWorkFile(tree.root, path);
  const files = definitionFiles(tree, read);
  const texts = new Map(files.map((path) => [path, read(path)] as const));
  return { tree, files, texts, outcome: compileTexts(tree, texts, read, cache) };
}

/** The project document, the lock of images, and all files under the paths that the former names; it alone when it cannot be read. */
export function definitionFiles(
  { paths }: Pick<WorkTree, 'paths'>,
  read: (path: string) => Uint8Array,
): readonly string[] {
  const { documents } = parseDefinitions({ path: PROJECT_FILE, bytes: read(PROJECT_FILE) });
  const project = documents.find((document) => document.kind === 'Project');
  if (project?.kind !== 'Project') return [PROJECT_FILE];
  const settings = { name: project.name, paths: project.spec.paths, domains: Object.fromEntries(project.spec.domains) };
  return paths.filter((path) => path === IMAGES_LOCK_FILE || isDefinitionFile(path, settings));
}

/** The compiler's rounds: it names what it must read, and is asked again with it. */
function compileTexts(
  tree: WorkTree,
  byPath: ReadonlyMap<string, Uint8Array>,
  read: (path: string) => Uint8Array,
  cache: ParseCache | undefined,
): FinishedOutcome {
  const texts = new Map<string, Uint8Array>();
  const files = new Map<string, string>();
  for (const [path, bytes] of byPath) {
    const id = blobId(bytes);
    texts.set(id, bytes);
    files.set(path, id);
  }
  const trees = new Map<string, string | null>();
  const blobs = new Map<string, string | null>();
  const folders = foldersOf(tree);
  for (;;) {
    const request = {
      files,
      changedFolders: new Set<string>(),
      texts,
      trees,
      blobs,
      ...(cache !== undefined && { cache }),
    };
    const outcome = compile(request);
    if (outcome.kind !== 'needs') return outcome;
    const asked = outcome.folders.filter((folder) => !trees.has(folder));
    // All texts were given at first; asking for nothing new would never end.
    const named = outcome.files?.filter((path) => !blobs.has(path)) ?? [];
    if (asked.length + named.length === 0) throw new BugError('the compiler asks for what it has been given');
    for (const folder of asked) trees.set(folder, folderId(folders, folder));
    for (const path of named) {
      const bytes = isListed(tree, path) ? read(path) : undefined;
      const id = bytes === undefined ? null : blobId(bytes);
      if (id !== null && bytes !== undefined) texts.set(id, bytes);
      blobs.set(path, id);
    }
  }
}

/** Whether a push would carry the file: paths are sorted. */
export function isListed({ paths }: Pick<WorkTree, 'paths'>, path: string): boolean {
  let [low, high] = [0, paths.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((paths[middle] as string) < path) low = middle + 1;
    else high = middle;
  }
  return paths[low] === path;
}

/** The id that git gives to a file of these bytes. */
export function blobId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/** Every folder that holds a file, at any depth. */
export function foldersOf({ paths }: Pick<WorkTree, 'paths'>): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  if (paths.length > 0) folders.add('');
  return folders;
}

/** Folders that hold a file. */
export type FolderNames = Pick<ReadonlySet<string>, 'has'>;

/** An id that stands for the folder's content: closures of a validation are thrown away, so that it exists is enough. */
export function folderId(folders: FolderNames, folder: string): string | null {
  return folders.has(folder === '.' ? '' : folder.replace(/\/+$/, '')) ? '0'.repeat(40) : null;
}
