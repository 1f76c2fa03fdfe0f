import { canonicalJson, type Json } from '../base/index.ts';
import type { DefinitionOf, Place } from '../language/index.ts';
import type { CommitIndex, DomainSettings, ProjectSettings } from './contract.ts';
import { checkDomains } from './domain-settings.ts';
import { declaredHere, type Tell } from './findings.ts';
import { viewsOf } from './index-views.ts';
import { checkLevels } from './lint/levels.ts';
import { parsedFile } from './parse-cache.ts';
import { normalisePath, PROJECT_FILE } from './paths.ts';
import { recordOf } from './record.ts';
import { tellTo, type Workspace } from './workspace.ts';

export type ProjectResult =
  | { readonly kind: 'ok'; readonly project: ProjectSettings }
  /** The text of `pipectl.yaml` must be read first. */
  | { readonly kind: 'pending' }
  /** Told. */
  | { readonly kind: 'failed' };

/** The project of the commit: the one Project document of the root `pipectl.yaml`. */
export function readProject(workspace: Workspace): ProjectResult {
  const { request, cache } = workspace;
  const blob = request.files.get(PROJECT_FILE);
  if (blob === undefined && request.base !== undefined) return { kind: 'ok', project: request.base.project };
  const tell = tellTo(workspace);
  if (blob === undefined || blob === null) {
    const help = 'add one at the root of the repository: `pipectl init` writes it';
    tell('PIPE-PROJ-001', `this commit has no ${PROJECT_FILE}`, undefined, { help });
    return { kind: 'failed' };
  }
  const parsed = parsedFile(cache, request.texts, PROJECT_FILE, blob);
  if (parsed === undefined) {
    workspace.neededBlobs.set(PROJECT_FILE, blob);
    return { kind: 'pending' };
  }
  const projects = parsed.documents.filter((document) => document.kind === 'Project');
  const [project, ...others] = projects;
  if (project === undefined) {
    workspace.diagnostics.push(...parsed.diagnostics);
    if (!parsed.broken.some((broken) => broken.kind === 'Project') && parsed.diagnostics.length === 0) {
      tell('PIPE-PROJ-001', `${PROJECT_FILE} has no document of kind Project`, startOf(parsed.documents[0]), {
        help: 'add one: it names the paths of the definitions and the domains',
      });
    }
    return { kind: 'failed' };
  }
  for (const other of others) tellSecondProject(tell, other, project);
  const settings = settingsOf(tell, project);
  return settings === undefined ? { kind: 'failed' } : { kind: 'ok', project: settings };
}

function startOf(document: { readonly declaredAt: () => Place } | undefined): Place | undefined {
  return document?.declaredAt();
}

/** A commit has one project; told at each further one. */
export function tellSecondProject(
  tell: Tell,
  other: DefinitionOf<'Project'>,
  project: DefinitionOf<'Project'> | undefined,
): void {
  const related = project === undefined ? [] : [declaredHere(project, 'the project is declared here')];
  tell('PIPE-PROJ-002', `a commit has one Project document, in the root ${PROJECT_FILE}`, other.declaredAt(), {
    help: 'take this one away',
    related,
  });
}

function settingsOf(tell: Tell, project: DefinitionOf<'Project'>): ProjectSettings | undefined {
  const paths: string[] = [];
  project.spec.paths.forEach((written, at) => {
    const path = normalisePath(written);
    if (path.kind === 'ok') paths.push(path.path);
    else tell('PIPE-PROJ-003', path.message, project.placeOf(['spec', 'paths', at]), { help: path.help });
  });
  const areLevels = checkLevels(tell, project);
  const areDomains = checkDomains(tell, project);
  if (paths.length < project.spec.paths.length || !areLevels || !areDomains) return undefined;
  return projectSettings(project, paths);
}

/** What a project's document says, with its paths in normal form. */
export function projectSettings({ name, spec }: DefinitionOf<'Project'>, paths: readonly string[]): ProjectSettings {
  const { lints } = spec;
  const domains = [...spec.domains].map(([domain, { ref, values }]): readonly [string, DomainSettings] => {
    return [domain, { ref, ...(values.size > 0 && { values: recordOf(values) }) }];
  });
  return { name, paths, domains: recordOf(domains), ...(lints.size > 0 && { lints: recordOf(lints) }) };
}

/** Whether what was found under one project's settings holds under another's: the same files, told alike. */
export function haveSameScope(before: ProjectSettings, after: ProjectSettings): boolean {
  const scopeOf = ({ paths, lints = {} }: ProjectSettings): string => canonicalJson([paths, lints] as unknown as Json);
  return scopeOf(before) === scopeOf(after);
}

/** Whether what was compiled for a commit holds under another one's project. Of most commits that is so whatever domains there are. */
export function holdsUnder(base: CommitIndex, after: ProjectSettings): boolean {
  if (!haveSameScope(base.project, after)) return false;
  const { variants, valueReaders } = viewsOf(base);
  return (variants.size === 0 && valueReaders.size === 0) || haveSameDomains(base.project, after);
}

/** Whether the same domains have the same values, and track or only register: what depends on domains holds still. */
function haveSameDomains(before: ProjectSettings, after: ProjectSettings): boolean {
  const valuesOf = ({ domains }: ProjectSettings): string =>
    canonicalJson(
      Object.entries(domains).map(([name, { ref, values = {} }]) => [
        name,
        ref.includes('*'),
        values,
      ]) as unknown as Json,
    );
  return valuesOf(before) === valuesOf(after);
}
