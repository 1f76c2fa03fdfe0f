import { type Diagnostic, MAX_DEFINITION_FILES, MAX_DIAGNOSTICS } from '../../base/index.ts';
import { type CommitIndex, isDefinitionFile, PROJECT_FILE, type ProjectSettings } from '../../compiler/index.ts';
import {
  checkSegment,
  diffTrees,
  findEntry,
  isFault,
  type Oid,
  type ParsedTree,
  type PathChange,
  parseTree,
  type TreeDiff,
  type TreeEntry,
  type TreeFault,
  type TreeSource,
  walkTree,
} from '../../git/index.ts';
import { IMAGES_LOCK_FILE } from '../../language/index.ts';
import { faultFinding, linkFinding, nameFinding, sizeFinding } from './findings.ts';

/** Definition files to compile, and what is wrong with the trees they are in. */
export interface Gathered {
  /** Path → blob id, null when deleted. */
  readonly files: Map<string, string | null>;
  readonly changedFolders: Set<string>;
  readonly diagnostics: Diagnostic[];
}

/** All definition files of a commit. */
export async function gatherAll(source: TreeSource, tree: Oid, project: ProjectSettings): Promise<Gathered> {
  const gathered = nothing();
  await gatherEntry(source, tree, PROJECT_FILE, project, gathered);
  await gatherEntry(source, tree, IMAGES_LOCK_FILE, project, gathered);
  for (const path of project.paths) await gatherEntry(source, tree, path === '.' ? '' : path, project, gathered);
  return gathered;
}

/**
 * The definition files and folders that differ between `before` and `after`, two commits with the same paths.
 * Undefined when the two cannot be compared within the budget: then everything is to be gathered.
 */
export async function gatherChanges(
  source: TreeSource,
  before: Oid,
  after: Oid,
  base: CommitIndex,
): Promise<Gathered | undefined> {
  const diff = await diffTrees(source, before, after);
  if (isFault(diff)) return undefined;
  const gathered = nothing();
  for (const folder of diff.folders) gathered.changedFolders.add(folder === '' ? '.' : folder);
  for (const change of diff.changes) await gatherChange(source, change, base, gathered);
  await checkNewNames(source, after, diff, base.project, gathered);
  return gathered;
}

function nothing(): Gathered {
  return { files: new Map(), changedFolders: new Set(), diagnostics: [] };
}

async function gatherChange(
  source: TreeSource,
  { path, before, after }: PathChange,
  base: CommitIndex,
  gathered: Gathered,
): Promise<void> {
  if (before?.kind === 'folder') gatherRemovedFolder(path, base, gathered);
  else if (before !== undefined && isCompiled(path, base.project)) gathered.files.set(path, null);
  // A definition may name the file.
  else if (before !== undefined) gathered.changedFolders.add(path);
  if (after === undefined) return;
  if (after.kind !== 'folder') addEntry(path, after, base.project, gathered);
  else if (isNearDefinitions(path, base.project)) await walkInto(source, after.oid, path, base.project, gathered);
}

/** Everything that the base index knows below a folder that is gone. */
function gatherRemovedFolder(path: string, base: CommitIndex, gathered: Gathered): void {
  gathered.changedFolders.add(path);
  for (const { file, folders } of base.entries.values()) {
    if (file.startsWith(`${path}/`)) gathered.files.set(file, null);
    for (const folder of folders) if (folder.startsWith(`${path}/`)) gathered.changedFolders.add(folder);
  }
}

/** A folder that took in a new name must not have it twice on machines that fold case. */
async function checkNewNames(
  source: TreeSource,
  root: Oid,
  diff: TreeDiff,
  project: ProjectSettings,
  gathered: Gathered,
): Promise<void> {
  const folders = new Set<string>();
  for (const { path, before, after } of diff.changes) {
    const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
    if (before === undefined && after !== undefined && isInside(path, project)) folders.add(folder);
  }
  for (const folder of folders) {
    const entry = await findEntry(source, root, folder);
    if (entry === undefined) continue;
    const bytes = isFault(entry) ? entry : await source.read(entry.oid, folder);
    if (isFault(bytes)) addFinding(gathered, faultFinding(bytes));
    else addNameProblems(folder, parseTree(bytes), project, gathered);
  }
}

async function gatherEntry(
  source: TreeSource,
  root: Oid,
  path: string,
  project: ProjectSettings,
  gathered: Gathered,
): Promise<void> {
  const entry = await findEntry(source, root, path);
  if (entry === undefined) return;
  if (isFault(entry)) addFinding(gathered, faultFinding(entry));
  else if (entry.kind === 'folder') await walkInto(source, entry.oid, path, project, gathered);
  else addEntry(path, entry, project, gathered);
}

async function walkInto(
  source: TreeSource,
  tree: Oid,
  path: string,
  project: ProjectSettings,
  gathered: Gathered,
): Promise<void> {
  let isFull = false;
  const fault: TreeFault | undefined = await walkTree(source, tree, path, {
    folder(folder, parsed) {
      addNameProblems(folder, parsed, project, gathered);
      isFull = gathered.files.size > MAX_DEFINITION_FILES || gathered.diagnostics.length >= MAX_DIAGNOSTICS;
      if (isFull) return { kind: 'fault', path: folder, reason: 'there is too much to tell' };
      return isNearDefinitions(folder, project) && !isHidden(folder);
    },
    entry: (entryPath, entry) => addEntry(entryPath, entry, project, gathered),
  });
  if (fault !== undefined && !isFull) addFinding(gathered, faultFinding(fault));
  if (gathered.files.size > MAX_DEFINITION_FILES) {
    const message = `there are more than ${MAX_DEFINITION_FILES} definition files`;
    addFinding(gathered, sizeFinding('PIPE-TREE-004', path, message));
  }
}

function addEntry(path: string, entry: TreeEntry, project: ProjectSettings, gathered: Gathered): void {
  const problem = checkSegment(entry.name);
  if (problem !== undefined && isInside(path, project)) {
    const folder = path.slice(0, Math.max(0, path.length - entry.name.length - 1));
    addFinding(gathered, nameFinding(folder, { ...problem, name: entry.name }));
  } else if ((entry.kind === 'symlink' || entry.kind === 'gitlink') && isInside(path, project)) {
    if (!isHidden(path)) addFinding(gathered, linkFinding(path, entry.kind));
  } else if (isCompiled(path, project)) gathered.files.set(path, entry.oid);
}

/** Forged names are told wherever they are met, others only where definitions are. */
function addNameProblems(folder: string, tree: ParsedTree, project: ProjectSettings, gathered: Gathered): void {
  for (const problem of tree.problems) {
    const path = folder === '' ? problem.name : `${folder}/${problem.name}`;
    if (problem.severity === 'forged' || isInside(path, project)) addFinding(gathered, nameFinding(folder, problem));
  }
}

function addFinding(gathered: Gathered, finding: Diagnostic): void {
  const isKnown = gathered.diagnostics.some(
    ({ message, span }) => message === finding.message && span?.file === finding.span?.file,
  );
  if (!isKnown && gathered.diagnostics.length < MAX_DIAGNOSTICS) gathered.diagnostics.push(finding);
}

/** Whether the compiler is given the file. */
function isCompiled(path: string, project: ProjectSettings): boolean {
  return path === IMAGES_LOCK_FILE || isDefinitionFile(path, project);
}

/** Whether `path` is a definitions path of the project or lies in one. */
function isInside(path: string, { paths }: ProjectSettings): boolean {
  return (
    path === PROJECT_FILE ||
    path === IMAGES_LOCK_FILE ||
    paths.some((folder) => folder === '.' || path === folder || path.startsWith(`${folder}/`))
  );
}

/** Whether definitions can be at or below the folder `path`. */
function isNearDefinitions(path: string, project: ProjectSettings): boolean {
  return path === '' || isInside(path, project) || project.paths.some((folder) => folder.startsWith(`${path}/`));
}

function isHidden(path: string): boolean {
  return path.split('/').some((segment) => segment.startsWith('.'));
}
