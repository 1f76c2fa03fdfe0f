import type { Diagnostic, Span } from '../base/index.ts';
import type { Definition, DefinitionOf, Ignore } from '../language/index.ts';
import { atLevels, type LintLevels } from './lint/levels.ts';
import { lintEntity } from './lint/lint-entity.ts';
import { maskSecrets } from './lint/secrets.ts';
import { silenced } from './lint/silence.ts';
import { lintUnusedTasks, tasksInQuestion } from './lint/unused-task.ts';
import { parsedFile } from './parse-cache.ts';
import { PROJECT_FILE } from './paths.ts';
import type { Subject } from './policy-object.ts';
import { reviewByPolicies } from './policy-review.ts';
import type { Slices } from './slices.ts';
import { keyOfDefinition } from './variants.ts';
import { type Compilation, isWanting, lookUp, type Workspace } from './workspace.ts';

/** What compiled, to be judged by policies and lints. */
export interface Audited {
  readonly compilations: readonly Compilation[];
  readonly removed: ReadonlySet<string>;
  readonly levels?: LintLevels | undefined;
}

/** What decides how findings are told. */
export interface Telling {
  readonly secrets: readonly Span[];
  /** By file; the files of which everything was looked at. */
  readonly ignores: ReadonlyMap<string, readonly Ignore[]>;
}

/**
 * Judges what was compiled by the commit's policies, and lints it. Findings go to the workspace; the result says how they
 * are to be told. Asks the workspace for what must be read first.
 */
export function* audit(workspace: Workspace, { compilations, removed, levels }: Audited): Slices<Telling> {
  const tasks = tasksInQuestion(workspace, compilations, removed);
  const { ignores, more } = filesAsAWhole(workspace, compilations, tasks);
  const policies = policiesOf(workspace);
  const all = [...compilations, ...more];
  const subjects = [...projectOf(workspace, compilations), ...all.map(subjectOf)];
  if (isWanting(workspace)) return { secrets: [], ignores };
  yield* reviewByPolicies(workspace, policies, subjects);
  const secrets: Span[] = [];
  for (const compilation of all) {
    yield;
    secrets.push(...lintEntity(workspace, compilation, levels));
  }
  // An entity that does not compile refers to nothing: what it uses would look unused.
  const hasErrors = workspace.diagnostics.some(({ severity }) => severity === 'error');
  const told = more
    .map(({ declared }) => keyOfDefinition(declared.definition))
    .filter((key) => key.startsWith('Task/'));
  if (!hasErrors) lintUnusedTasks(workspace, compilations, removed, new Set([...tasks, ...told]));
  return { secrets, ignores };
}

/** Findings as they are told: at the levels of the project, without what comments silence, and without secrets. */
export function toldFindings(
  diagnostics: readonly Diagnostic[],
  { secrets, ignores }: Telling,
  levels: LintLevels | undefined,
): readonly Diagnostic[] {
  return maskSecrets(silenced(atLevels(diagnostics, levels), ignores, levels ?? {}), secrets);
}

function subjectOf({ declared, closure }: Compilation): Subject {
  return { definition: declared.definition, closure };
}

/**
 * The ignore comments of all files that are looked at. Whether a comment silences anything shows when its whole file is
 * looked at: so the other entities of such a file are compiled too, and their findings told again.
 */
function filesAsAWhole(
  workspace: Workspace,
  compilations: readonly Compilation[],
  tasks: ReadonlySet<string>,
): { readonly ignores: Telling['ignores']; readonly more: readonly Compilation[] } {
  const { base, request, cache, diagnostics } = workspace;
  const ignores = new Map<string, readonly Ignore[]>();
  const more: Compilation[] = [];
  for (const [file, blob] of request.files) {
    if (blob === null || !/\.ya?ml$/.test(file)) continue;
    const parsed = cache.files.get(`${blob}:${file}`);
    if (parsed !== undefined && parsed.ignores.length > 0) ignores.set(file, parsed.ignores);
  }
  const done = new Set(compilations.map(({ declared }) => keyOfDefinition(declared.definition)));
  const files = new Set<string>();
  for (const key of [...done, ...tasks]) {
    const entry = base.entries.get(key);
    if (entry !== undefined && !request.files.has(entry.file)) files.add(entry.file);
  }
  for (const file of files) {
    const keys = (base.byFile.get(file) ?? []).filter((key) => !key.startsWith('Project/'));
    const blob = base.entries.get(keys[0] ?? '')?.blob ?? '';
    const parsed = parsedFile(cache, request.texts, file, blob);
    if (parsed === undefined) workspace.neededBlobs.set(file, blob);
    if (parsed === undefined || parsed.ignores.length === 0) continue;
    ignores.set(file, parsed.ignores);
    diagnostics.push(...parsed.diagnostics);
    for (const key of keys.filter((other) => !done.has(other))) {
      const [kind, name] = [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)];
      const outcome = workspace.compileEntity(kind as Compilation['closure']['kind'], name);
      if (outcome.kind === 'ok') more.push(outcome.compilation);
    }
  }
  return { ignores, more };
}

/** All policies of the commit. */
function policiesOf(workspace: Workspace): readonly DefinitionOf<'Policy'>[] {
  const { base, declared, request } = workspace;
  const names = new Set<string>();
  for (const { definition } of declared.values()) if (definition.kind === 'Policy') names.add(definition.name);
  for (const key of base.policies) {
    const entry = base.entries.get(key);
    if (entry !== undefined && !request.files.has(entry.file)) names.add(entry.name);
  }
  return [...names].sort().flatMap((name) => {
    const found = lookUp(workspace, 'Policy', name);
    return found.kind === 'found' && isPolicy(found.declared.definition) ? [found.declared.definition] : [];
  });
}

function isPolicy(definition: Definition): definition is DefinitionOf<'Policy'> {
  return definition.kind === 'Policy';
}

/** The project as a subject: when its file changed, or a policy did. */
function projectOf(workspace: Workspace, compilations: readonly Compilation[]): readonly Subject[] {
  const { base, request, cache } = workspace;
  const changed = request.files.get(PROJECT_FILE);
  const before = base.byFile.get(PROJECT_FILE)?.find((key) => key.startsWith('Project/'));
  const isNeeded = changed !== undefined || compilations.some(({ closure }) => closure.kind === 'Policy');
  const blob = changed ?? base.entries.get(before ?? '')?.blob;
  if (!isNeeded || blob === undefined) return [];
  const parsed = parsedFile(cache, request.texts, PROJECT_FILE, blob);
  if (parsed === undefined) workspace.neededBlobs.set(PROJECT_FILE, blob);
  const project = parsed?.documents.find((document) => document.kind === 'Project');
  return project === undefined ? [] : [{ definition: project }];
}
