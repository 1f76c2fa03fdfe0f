import { type Diagnostic, variantName } from '../../base/index.ts';
import type { Definition } from '../../language/index.ts';
import { audit, toldFindings } from '../audit.ts';
import { changedFiles } from '../changed-files.ts';
import type { EntityClosure } from '../closure.ts';
import { openWorkspace } from '../compile.ts';
import type { CompileRequest, ProjectSettings } from '../contract.ts';
import { sortedFindings } from '../findings.ts';
import { parsedFile } from '../parse-cache.ts';
import { PROJECT_FILE } from '../paths.ts';
import { readProject } from '../project.ts';
import { finished } from '../slices.ts';
import { variantsOf } from '../variants.ts';
import { type Compilation, keyOf, type Workspace } from '../workspace.ts';
import type { DiffEntry, DiffSide } from './contract.ts';

export type OpenedSide =
  /** Look these folders up, read these files, and ask again. */
  | { readonly kind: 'needs'; readonly folders: readonly string[]; readonly files: readonly string[] }
  | {
      readonly kind: 'opened';
      readonly side: DiffSide;
      /** What a push of the commit would be refused for; empty when it would not. */
      readonly errors: readonly Diagnostic[];
      /** All that a push of it would tell: errors, warnings and infos. */
      readonly findings: readonly Diagnostic[];
    };

/**
 * Every definition file of a commit, with its text, and source folders and other files as far as looked up; the texts of
 * those are there as well.
 */
export type SideRequest = Pick<CompileRequest, 'files' | 'texts' | 'trees' | 'blobs' | 'cache'>;

/**
 * A commit as one side of a comparison, errors or not: what compiles has a closure, what does not is compared by its
 * definition, and a document that cannot be read is told as unreadable.
 */
export function openSide(request: SideRequest): OpenedSide {
  const workspace = newWorkspace(request);
  const result = readProject(workspace);
  const everything = { name: '', paths: ['.'], domains: {} };
  if (result.kind === 'ok') workspace.settings.project = result.project;
  changedFiles(workspace, result.kind === 'ok' ? result.project : everything);
  const entries = new Map<string, DiffEntry>();
  const compilations: Compilation[] = [];
  for (const [key, { definition, blob }] of workspace.declared) {
    const { kind } = definition;
    if (kind === 'Project') continue;
    // Told by its domains, where it is for some only: in each there is one of its name.
    const name = variantName(definition.name, definition.domains);
    const outcome = workspace.compileEntity(kind, name);
    const compiled = outcome.kind === 'ok' ? outcome.compilation : undefined;
    if (compiled !== undefined) compilations.push(compiled);
    const refs = compiled === undefined ? [] : refsOf(workspace, compiled);
    entries.set(key, { kind, name, file: definition.file, blob, digest: compiled?.digest, refs });
  }
  const folders = [...workspace.neededFolders].sort();
  const files = [...workspace.neededFiles].sort();
  if (folders.length + files.length > 0) return { kind: 'needs', folders, files };
  const project = projectOf(workspace);
  if (project !== undefined) {
    const blob = request.files.get(PROJECT_FILE) ?? '';
    entries.set(keyOf('Project', project.name), {
      kind: 'Project',
      name: project.name,
      file: PROJECT_FILE,
      blob,
      refs: [],
    });
  }
  const findings = findingsOf(workspace, compilations, result.kind === 'ok' ? result.project.lints : undefined);
  return {
    kind: 'opened',
    side: {
      entries,
      definition: (key) => workspace.declared.get(key)?.definition ?? (isProject(key) ? project : undefined),
      closure: (key) => closureOf(workspace, key),
      ...(result.kind === 'ok' && { project: result.project }),
      ...(workspace.variants.size > 0 && { variants: workspace.variants }),
      unreadable: new Set(workspace.broken.keys()),
    },
    errors: findings.filter(({ severity }) => severity === 'error'),
    findings,
  };
}

/** What a definition refers to in any domain, and the project whose values it reads. */
function refsOf(workspace: Workspace, { refs, values }: Compilation): readonly string[] {
  const { project } = workspace.settings;
  const all = refs.flatMap((ref) => {
    const [kind = '', name = ''] = ref.split('/');
    return [ref, ...variantsOf(workspace, kind, name)];
  });
  return values === undefined || project === undefined ? all : [...all, keyOf('Project', project.name)];
}

/** What a push of the commit would tell: policies and lints as well. */
function findingsOf(
  workspace: Workspace,
  compilations: readonly Compilation[],
  levels: ProjectSettings['lints'],
): readonly Diagnostic[] {
  const telling = finished(audit(workspace, { compilations, removed: new Set() }));
  return sortedFindings(toldFindings(workspace.diagnostics, telling, levels));
}

function isProject(key: string): boolean {
  return key.startsWith('Project/');
}

function closureOf(workspace: Workspace, key: string): EntityClosure | undefined {
  const outcome = workspace.outcomes.get(key);
  return outcome?.kind === 'ok' ? outcome.compilation.closure : undefined;
}

function projectOf({ cache, request }: Workspace): Definition | undefined {
  const blob = request.files.get(PROJECT_FILE);
  const parsed = blob === undefined || blob === null ? undefined : parsedFile(cache, request.texts, PROJECT_FILE, blob);
  return parsed?.documents.find(({ kind }) => kind === 'Project');
}

/** A workspace of these files alone; with `compile` what they refer to is taken from there. */
export function newWorkspace(request: SideRequest, compile?: Workspace['compileEntity']): Workspace {
  const workspace = openWorkspace({ ...request, changedFolders: new Set() });
  return compile === undefined ? workspace : { ...workspace, compileEntity: compile };
}
