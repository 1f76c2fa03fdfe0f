import { canonicalJson, type Diagnostic, digestOf, type Json, plainKey, sha256 } from '../base/index.ts';
import { IMAGES_LOCK_FILE } from '../language/index.ts';
import { audit, toldFindings } from './audit.ts';
import { changedFiles } from './changed-files.ts';
import type { EntityKind } from './closure.ts';
import type { CompiledEntity, CompileOutcome, CompileRequest, IndexEntry, ProjectSettings } from './contract.ts';
import { compileEntity, compileEntityInSlices } from './entity.ts';
import { sortedFindings, type Tell } from './findings.ts';
import { checkLock, lockBlob, lockDependents, lookUpLock } from './images-lock.ts';
import { EMPTY_VIEWS, updatedIndex, viewsOf } from './index-views.ts';
import { cacheOfRounds } from './parse-cache.ts';
import { PROJECT_FILE } from './paths.ts';
import { holdsUnder, readProject } from './project.ts';
import { finished, type Slices } from './slices.ts';
import { lintUnusedValues } from './unused-values.ts';
import { keyOfDefinition } from './variants.ts';
import { type Compilation, isWanting, keyOf, tellTo, type Workspace } from './workspace.ts';

/** The order in which changes are listed. */
const KINDS: readonly EntityKind[] = ['Task', 'Workflow', 'LaunchPlan', 'Schedule', 'Platform', 'Policy'];

/**
 * Compiles a commit, or what changed in it since `base`: the outcome is the same, the cost follows the change. Asks in
 * rounds for what else it must read; the caller adds that to the request and calls again.
 */
export function compile(request: CompileRequest): CompileOutcome {
  return finished(compileInSlices(request));
}

/** The same in slices: of each definition's compilation, its judgement by policies, and its lints. */
export function* compileInSlices(request: CompileRequest): Slices<CompileOutcome> {
  const workspace = openWorkspace(request);
  const result = readProject(workspace);
  if (result.kind === 'pending') return needsOf(workspace);
  if (result.kind === 'failed') return rejected(workspace);
  const { project } = result;
  workspace.settings.project = project;
  if (request.base !== undefined && !holdsUnder(request.base, project)) {
    return { kind: 'needs', blobs: new Map(), folders: [], everyFile: true };
  }
  const removed = changedFiles(workspace, project);
  if (request.files.has(IMAGES_LOCK_FILE)) lookUpLock(workspace);
  // Before all changed files are read, every entity in them looks removed, and all that refer to it would be asked for.
  if (workspace.neededBlobs.size > 0) return needsOf(workspace);
  const compilations = yield* compileAffected(workspace, removed);
  checkLock(workspace, compilations, removed);
  const telling = yield* audit(workspace, { compilations, removed, levels: project.lints });
  if (isWanting(workspace)) return needsOf(workspace);
  lintUnusedValues(workspace, project, compilations, removed);
  if (workspace.neededBlobs.size > 0) return needsOf(workspace);
  if (isEmpty(workspace, removed)) tellEmpty(tellTo(workspace), project);
  const diagnostics = sortedFindings(toldFindings(workspace.diagnostics, telling, project.lints));
  if (diagnostics.some(({ severity }) => severity === 'error')) return { kind: 'rejected', diagnostics };
  return compiled(workspace, project, compilations, removed, diagnostics);
}

/** One run of the compiler over this request. */
export function openWorkspace(request: CompileRequest): Workspace {
  const workspace: Workspace = {
    request,
    base: request.base === undefined ? EMPTY_VIEWS : viewsOf(request.base),
    cache: request.cache ?? cacheOfRounds(request.texts),
    settings: {},
    declared: new Map(),
    variants: new Map(),
    broken: new Map(),
    outcomes: new Map(),
    diagnostics: [],
    neededBlobs: new Map(),
    neededRefs: new Set(),
    neededFolders: new Set(),
    neededFiles: new Set(),
    identify: (closure) => {
      const text = canonicalJson(closure as unknown as Json);
      return { digest: sha256(text), text };
    },
    compileEntity: (kind, name) => compileEntity(workspace, kind, name),
  };
  return workspace;
}

function needsOf({ neededBlobs, neededFolders, neededFiles }: Workspace): CompileOutcome {
  const files = neededFiles.size === 0 ? {} : { files: [...neededFiles].sort() };
  return { kind: 'needs', blobs: neededBlobs, folders: [...neededFolders].sort(), ...files };
}

function rejected(workspace: Workspace): CompileOutcome {
  return { kind: 'rejected', diagnostics: sortedFindings(workspace.diagnostics) };
}

/** Whether nothing is defined any more: neither in the changed files nor in those that the base still has. */
function isEmpty({ base, declared, broken }: Workspace, removed: ReadonlySet<string>): boolean {
  if (declared.size + broken.size > 0) return false;
  const isDefinition = (key: string): boolean => !key.startsWith('Project/');
  const projects = (base.byFile.get(PROJECT_FILE) ?? []).filter((key) => !isDefinition(key)).length;
  return base.entries.size - projects - [...removed].filter(isDefinition).length === 0;
}

export function tellEmpty(tell: Tell, project: ProjectSettings): void {
  const where = project.paths.join(', ');
  const help =
    'correct spec.paths of the project, or put definitions there: a domain that tracks this branch will have nothing';
  tell('PIPE-PROJ-004', `this commit has no definitions in ${where}`, undefined, { help });
}

/**
 * Compiles the entities of changed files, those whose source folder changed, and all that refer to one whose closure
 * changed. `compileEntity` sees to it that each is compiled after what it refers to.
 */
function* compileAffected(workspace: Workspace, removed: ReadonlySet<string>): Slices<readonly Compilation[]> {
  const affected = new Set<string>(workspace.declared.keys());
  for (const folder of workspace.request.changedFolders) addAll(affected, workspace.base.byFolder.get(folder));
  for (const key of removed) addAll(affected, workspace.base.dependents.get(plainKey(key)));
  // What is for some domains only leaves the others to the definition for every domain.
  if (workspace.variants.size + workspace.base.variants.size > 0)
    for (const key of [...affected, ...removed]) if (key.includes('@')) affected.add(plainKey(key));
  addAll(affected, lockDependents(workspace));
  if (havePoliciesChanged(workspace))
    for (const [key, { kind }] of workspace.base.entries) if (kind !== 'Project') affected.add(key);
  const compilations: Compilation[] = [];
  // What is added on the way is visited too: a workflow may run another one, or a launch plan.
  for (const key of affected) {
    if (removed.has(key)) continue;
    yield;
    const [kind, name] = entityOfKey(key);
    const outcome = yield* compileEntityInSlices(workspace, kind, name);
    if (outcome.kind !== 'ok') continue;
    compilations.push(outcome.compilation);
    const before = workspace.base.entries.get(key);
    if (before?.digest !== outcome.compilation.digest) addAll(affected, workspace.base.dependents.get(plainKey(key)));
  }
  const rank = ({ closure }: Compilation): number => KINDS.indexOf(closure.kind);
  return compilations.sort((a, b) => rank(a) - rank(b));
}

function entityOfKey(key: string): readonly [EntityKind, string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash) as EntityKind, key.slice(slash + 1)];
}

/** A policy that is new or another one is about every definition there is. */
function havePoliciesChanged({ base, declared, compileEntity: compileOne }: Workspace): boolean {
  return [...declared.values()].some(({ definition: { kind, name } }) => {
    if (kind !== 'Policy') return false;
    const outcome = compileOne(kind, name);
    return outcome.kind === 'ok' && outcome.compilation.digest !== base.entries.get(keyOf(kind, name))?.digest;
  });
}

function addAll(keys: Set<string>, more: readonly string[] = []): void {
  for (const key of more) keys.add(key);
}

function compiled(
  workspace: Workspace,
  project: ProjectSettings,
  compilations: readonly Compilation[],
  removed: ReadonlySet<string>,
  diagnostics: readonly Diagnostic[],
): CompileOutcome {
  const { base, request } = workspace;
  const changes = new Map<string, IndexEntry | undefined>();
  for (const key of removed) changes.set(key, undefined);
  const changed: CompiledEntity[] = [];
  for (const compilation of compilations) {
    const entity = entityOf(compilation);
    const key = keyOfDefinition(compilation.declared.definition);
    if (base.entries.get(key)?.digest !== entity.digest) changed.push(entity);
    const { refs, folders, images, values, declared } = compilation;
    const { kind, name, domains, file, digest } = entity;
    const prune = declared.definition.annotations[PRUNE_ANNOTATION];
    const entry = { kind, name, file, blob: declared.blob, digest, refs, folders };
    changes.set(key, {
      ...entry,
      ...(images !== undefined && { images }),
      ...(domains !== undefined && { domains }),
      ...(values !== undefined && { values }),
      ...(prune !== undefined && { prune }),
    });
  }
  const blob = request.files.get(PROJECT_FILE);
  if (blob !== undefined && blob !== null) setProject(workspace, project, blob, changes);
  return {
    kind: 'compiled',
    index: updatedIndex(project, base, changes, lockBlob(workspace)),
    changed,
    removed: [...removed].sort(),
    diagnostics,
  };
}

function entityOf({ declared, closure, digest, text }: Compilation): CompiledEntity {
  const { definition } = declared;
  const description =
    definition.description ?? ('description' in definition.spec ? definition.spec.description : undefined);
  return {
    kind: closure.kind,
    name: closure.name,
    ...(definition.domains !== undefined && { domains: [...definition.domains].sort() }),
    file: definition.file,
    digest,
    closure,
    text,
    ...(description === undefined ? {} : { description }),
  };
}

/** Asks that a definition is not removed before somebody confirms it: no part of what it means, so of no closure. */
const PRUNE_ANNOTATION = 'pipectl.dev/prune';

/** The project is an entry too, so that an index alone tells which file it came from. */
function setProject(
  { base }: Workspace,
  project: ProjectSettings,
  blob: string,
  changes: Map<string, IndexEntry | undefined>,
): void {
  for (const key of base.byFile.get(PROJECT_FILE) ?? []) if (key.startsWith('Project/')) changes.set(key, undefined);
  const digest = digestOf(project as unknown as Json);
  const entry = {
    kind: 'Project',
    name: project.name,
    file: PROJECT_FILE,
    blob,
    digest,
    refs: [],
    folders: [],
  } as const;
  changes.set(keyOf('Project', project.name), entry);
}
