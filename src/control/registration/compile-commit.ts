import {
  BugError,
  type Diagnostic,
  MAX_COMPILE_ROUNDS,
  MAX_DEFINITION_BYTES,
  MAX_DIAGNOSTICS,
  MAX_FILE_BYTES,
  MAX_SHOWN_WARNINGS,
  MAX_SOURCE_ENTRIES,
  MAX_SOURCE_FOLDERS,
  PARSE_SLICE_BYTES,
} from '../../base/index.ts';
import {
  type CommitIndex,
  type CompileOutcome,
  compileInSlices,
  createParseCache,
  holdsUnder,
  normalisePath,
  type ParseCache,
  PROJECT_FILE,
  type ProjectSettings,
  parsedFile,
  projectSettings,
  type Slices,
} from '../../compiler/index.ts';
import { findEntry, isFault, type ObjectReader, type Oid, treeSource, walkTree } from '../../git/index.ts';
import { IMAGES_LOCK_FILE, parseDefinitions } from '../../language/index.ts';
import { faultFinding, linkFinding, nameFinding, sizeFinding } from './findings.ts';
import { type Gathered, gatherAll, gatherChanges } from './gather.ts';

/** A commit that serves as the base of another's compilation. */
export interface CompileBase {
  readonly tree: Oid;
  readonly index: CommitIndex;
}

/** Source trees known to hold nothing but files; grows, bounded by its holder. */
export type CleanTrees = Pick<Set<Oid>, 'has' | 'add'>;

export type CompiledCommit =
  | {
      readonly kind: 'compiled';
      readonly outcome: Extract<CompileOutcome, { readonly kind: 'compiled' }>;
      /** The definition files that were looked at. */
      readonly files: Iterable<string>;
      /** False when everything was compiled anew, without the base. */
      readonly isIncremental: boolean;
    }
  | { readonly kind: 'rejected'; readonly diagnostics: readonly Diagnostic[] };

/** Compiles the commit with tree `tree`, reading only what differs from `base` when there is one. */
export async function compileCommit(
  objects: ObjectReader,
  tree: Oid,
  base: CompileBase | undefined,
  clean: CleanTrees,
): Promise<CompiledCommit> {
  const source = treeSource(objects);
  const texts = new Map<string, Uint8Array>();
  const project = await readProject(objects, tree, base, texts);
  if (project.kind === 'rejected') return project;
  const changes = project.isKept && base ? await gatherChanges(source, base.tree, tree, base.index) : undefined;
  const gathered = changes ?? (await gatherAll(treeSource(objects), tree, project.settings));
  if (!gathered.diagnostics.every(({ code }) => LOCAL_CODES.has(code))) {
    return { kind: 'rejected', diagnostics: gathered.diagnostics };
  }
  const isIncremental = changes !== undefined;
  const request = { ...(isIncremental && base && { base: base.index }), gathered, texts };
  const outcome = await compileRounds(objects, tree, request, clean);
  if (outcome.kind === 'rejected') return outcome;
  return { kind: 'compiled', outcome, files: gathered.files.keys(), isIncremental };
}

/** Findings of one name or one link: what is beside it can be compiled, so that a pusher is told everything at once. */
const LOCAL_CODES: ReadonlySet<string> = new Set(['PIPE-TREE-002', 'PIPE-TREE-003']);

type Project =
  | { readonly kind: 'project'; readonly settings: ProjectSettings; readonly isKept: boolean }
  | { readonly kind: 'rejected'; readonly diagnostics: readonly Diagnostic[] };

/** The settings that say where definitions are, and whether they are those of the base. */
async function readProject(
  objects: ObjectReader,
  tree: Oid,
  base: CompileBase | undefined,
  texts: Map<string, Uint8Array>,
): Promise<Project> {
  const entry = await findEntry(treeSource(objects), tree, PROJECT_FILE);
  const nowhere: ProjectSettings = { name: '', paths: [], domains: {} };
  if (isFault(entry)) return { kind: 'rejected', diagnostics: [faultFinding(entry)] };
  if (entry?.kind === 'symlink' || entry?.kind === 'gitlink') {
    return { kind: 'rejected', diagnostics: [linkFinding(PROJECT_FILE, entry.kind)] };
  }
  // The compiler tells what is wrong with a project file that is missing or broken.
  if (entry === undefined || entry.kind === 'folder') return { kind: 'project', settings: nowhere, isKept: false };
  const known = base?.index.entries.get(`Project/${base.index.project.name}`);
  if (base !== undefined && known?.blob === entry.oid) {
    return { kind: 'project', settings: base.index.project, isKept: true };
  }
  const found: Diagnostic[] = [];
  await readTexts(objects, new Map([[PROJECT_FILE, entry.oid]]), texts, found);
  if (found.length > 0) return { kind: 'rejected', diagnostics: found };
  const { documents } = parseDefinitions({ path: PROJECT_FILE, bytes: texts.get(entry.oid) ?? new Uint8Array() });
  const document = documents.find(({ kind }) => kind === 'Project');
  if (document?.kind !== 'Project') return { kind: 'project', settings: nowhere, isKept: false };
  const paths = document.spec.paths.flatMap((written) => {
    const normal = normalisePath(written);
    return normal.kind === 'ok' ? [normal.path] : [];
  });
  const settings = projectSettings(document, paths);
  const isKept = base !== undefined && holdsUnder(base.index, settings);
  return { kind: 'project', settings, isKept };
}

interface Rounds {
  readonly base?: CommitIndex;
  readonly gathered: Gathered;
  readonly texts: Map<string, Uint8Array>;
}

/** Asks the compiler until it needs no more, reading what it names. Its findings come after those of the trees. */
async function compileRounds(
  objects: ObjectReader,
  tree: Oid,
  { base, gathered, texts }: Rounds,
  clean: CleanTrees,
): Promise<Exclude<CompileOutcome, { readonly kind: 'needs' }>> {
  const { files, changedFolders } = gathered;
  const trees = new Map<string, string | null>();
  const blobs = new Map<string, string | null>();
  const cache = createParseCache();
  const found: Diagnostic[] = [...gathered.diagnostics];
  let isReadable = await readTexts(objects, present(files), texts, found);
  if (isReadable) await parseInSlices(cache, present(files), texts);
  for (let round = 0; round < MAX_COMPILE_ROUNDS && isReadable; round += 1) {
    const request = { ...(base && { base }), files, changedFolders, texts, trees, blobs, cache };
    const outcome = await slowly(compileInSlices(request));
    if (outcome.kind !== 'needs') return found.length === 0 ? outcome : rejectedFor(found, outcome);
    isReadable = await readTexts(objects, outcome.blobs, texts, found);
    for (const file of outcome.files ?? []) found.push(...(await lookUpFile(objects, tree, file, blobs)));
    for (const folder of outcome.folders) {
      if (!trees.has(folder)) found.push(...(await lookUpFolder(objects, tree, folder, trees, clean)));
    }
  }
  if (!isReadable) return { kind: 'rejected', diagnostics: found };
  throw new BugError(`the compiler still asks for more after ${MAX_COMPILE_ROUNDS} rounds`);
}

function rejectedFor(
  found: readonly Diagnostic[],
  outcome: Exclude<CompileOutcome, { readonly kind: 'needs' }>,
): Extract<CompileOutcome, { readonly kind: 'rejected' }> {
  const compiled = outcome.kind === 'rejected' ? outcome.diagnostics : [];
  const told = new Set(found.map(({ code, span }) => `${code} ${span?.file}`));
  // What stands in for a file that is too large was found too large as well.
  const others = compiled.filter(({ code, span }) => code !== 'PIPE-YAML-001' || !told.has(`${code} ${span?.file}`));
  return { kind: 'rejected', diagnostics: [...found, ...others].slice(0, MAX_DIAGNOSTICS) };
}

/** Work to its end, letting others run after each slice: 10,000 definitions in one go would stop every loop for seconds. */
async function slowly<T>(slices: Slices<T>): Promise<T> {
  for (;;) {
    const next = slices.next();
    if (next.done === true) return next.value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Parses what the compiler is about to parse anyway, letting others run in between. */
async function parseInSlices(
  cache: ParseCache,
  blobs: ReadonlyMap<string, string>,
  texts: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  let sliceBytes = 0;
  for (const [path, blob] of blobs) {
    if (path === IMAGES_LOCK_FILE) continue;
    sliceBytes += texts.get(blob)?.length ?? 0;
    parsedFile(cache, texts, path, blob);
    if (sliceBytes < PARSE_SLICE_BYTES) continue;
    sliceBytes = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function present(files: ReadonlyMap<string, string | null>): Map<string, string> {
  const blobs = new Map<string, string>();
  for (const [path, blob] of files) if (blob !== null) blobs.set(path, blob);
  return blobs;
}

/**
 * Reads blobs (path → id) that are not yet in `texts`, a bounded number at a time, and adds what is wrong with them to
 * `found`. False: the rest cannot be compiled.
 */
async function readTexts(
  objects: ObjectReader,
  blobs: ReadonlyMap<string, string>,
  texts: Map<string, Uint8Array>,
  found: Diagnostic[],
): Promise<boolean> {
  const wanted = [...blobs].filter(([, blob]) => !texts.has(blob));
  let total = 0;
  for (let start = 0; start < wanted.length; start += READS_AT_ONCE) {
    const part = wanted.slice(start, start + READS_AT_ONCE);
    const results = await Promise.all(part.map(([, blob]) => objects.read(blob, MAX_FILE_BYTES, 'blob')));
    for (const [position, result] of results.entries()) {
      const [path, blob] = part[position] as [string, string];
      if (result.kind === 'missing') {
        found.push(faultFinding({ kind: 'fault', path, reason: `git has no blob ${blob}` }));
        return false;
      }
      if (result.kind === 'tooLarge') {
        const message = `the file has ${result.sizeBytes} bytes, more than ${MAX_FILE_BYTES}`;
        found.push(sizeFinding('PIPE-YAML-001', path, message));
      }
      texts.set(blob, result.kind === 'found' ? result.bytes : OVERSIZED);
      total += result.kind === 'found' ? result.bytes.length : 0;
    }
    if (total <= MAX_DEFINITION_BYTES) continue;
    found.push(sizeFinding('PIPE-TREE-004', '', `the definitions have more than ${MAX_DEFINITION_BYTES} bytes`));
    return false;
  }
  return true;
}

/** Stands in for a file that is too large, so that the compiler treats it as one that cannot be read. */
const OVERSIZED = new Uint8Array(MAX_FILE_BYTES + 1);

const READS_AT_ONCE = 1_000;

/** The blob id of a file that a definition names. A link is told, and then is no file. */
async function lookUpFile(
  objects: ObjectReader,
  tree: Oid,
  path: string,
  blobs: Map<string, string | null>,
): Promise<Diagnostic[]> {
  const entry = await findEntry(treeSource(objects), tree, path);
  if (isFault(entry)) {
    blobs.set(path, null);
    return [faultFinding(entry)];
  }
  blobs.set(path, entry?.kind === 'file' || entry?.kind === 'executable' ? entry.oid : null);
  return entry?.kind === 'symlink' || entry?.kind === 'gitlink' ? [linkFinding(path, entry.kind)] : [];
}

/** The tree id of a task's source folder, once it is known to hold nothing but files. */
async function lookUpFolder(
  objects: ObjectReader,
  tree: Oid,
  folder: string,
  trees: Map<string, string | null>,
  clean: CleanTrees,
): Promise<Diagnostic[]> {
  const path = folder === '.' ? '' : folder;
  const entry = await findEntry(treeSource(objects), tree, path);
  if (isFault(entry)) return [faultFinding(entry)];
  trees.set(folder, entry?.kind === 'folder' ? entry.oid : null);
  if (entry?.kind !== 'folder' || clean.has(entry.oid)) return [];
  const diagnostics: Diagnostic[] = [];
  let entries = 0;
  const fault = await walkTree(treeSource(objects, MAX_SOURCE_FOLDERS), entry.oid, path, {
    folder(at, parsed) {
      diagnostics.push(...parsed.problems.map((problem) => nameFinding(at, problem)));
      if (diagnostics.length < MAX_SHOWN_WARNINGS && entries <= MAX_SOURCE_ENTRIES) return true;
      return { kind: 'fault', path: at, reason: 'it has too many files, or too many bad ones' };
    },
    entry(at, { kind }) {
      entries += 1;
      if (kind === 'symlink' || kind === 'gitlink') diagnostics.push(linkFinding(at, kind));
    },
  });
  if (entries > MAX_SOURCE_ENTRIES) {
    diagnostics.push(sizeFinding('PIPE-TREE-004', path, `the folder has more than ${MAX_SOURCE_ENTRIES} files`));
  } else if (fault !== undefined) diagnostics.push(faultFinding(fault));
  if (diagnostics.length === 0) clean.add(entry.oid);
  return diagnostics;
}
