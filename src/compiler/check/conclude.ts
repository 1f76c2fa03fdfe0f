import { type Diagnostic, MAX_POLICY_STEPS } from '../../base/index.ts';
import type { Definition } from '../../language/index.ts';
import { toldFindings } from '../audit.ts';
import { openWorkspace, tellEmpty } from '../compile.ts';
import type { CompileRequest, ProjectSettings } from '../contract.ts';
import { sortedFindings } from '../findings.ts';
import { lookUpLock, tellLock } from '../images-lock.ts';
import { tellUnusedTask } from '../lint/unused-task.ts';
import { readProject } from '../project.ts';
import { tellTo, type Workspace } from '../workspace.ts';
import type { FileRecord } from './check-files.ts';

/** The project that files are checked for, with what its document tells of itself. */
export interface OpenProject {
  readonly settings: ProjectSettings;
  readonly workspace: Workspace;
}

/** Reads the project of a request that holds at least `pipectl.yaml` and `images.lock`; undefined when it is faulty. */
export function openProject(request: CompileRequest): OpenProject | undefined {
  const workspace = openWorkspace(request);
  const read = readProject(workspace);
  return read.kind === 'ok' ? { settings: read.project, workspace } : undefined;
}

/** What is said of a whole commit. */
export interface Conclusion {
  readonly isValid: boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** Definitions of a valid commit by kind. */
  readonly counts: Readonly<Record<string, number>>;
}

/** The order in which kinds are counted. */
const KINDS = ['Task', 'Workflow', 'LaunchPlan', 'Schedule', 'Platform', 'Policy'];

/**
 * What compiling the commit as a whole would tell, from the records of all its files in order; those that lead into circles
 * were checked together. Undefined for what only the whole can tell: policies that take too long, and what differs by domain.
 * `definitionOf` gives a definition of a file by its key.
 */
export function conclude(
  { settings, workspace }: OpenProject,
  files: readonly FileRecord[],
  definitionOf: (file: string, key: string) => Definition | undefined,
): Conclusion | undefined {
  const steps = files.reduce((sum, file) => sum + file.steps, 0);
  if (steps > MAX_POLICY_STEPS || files.some(({ needsWhole }) => needsWhole)) return undefined;
  const { diagnostics } = workspace;
  const tell = tellTo(workspace);
  for (const { findings } of files) diagnostics.push(...findings);
  if (workspace.request.files.has('images.lock')) {
    const lookup = lookUpLock(workspace);
    if (lookup.kind === 'found') tellLock(workspace, lookup.lock, () => new Set(files.flatMap(({ images }) => images)));
  }
  for (const { judged } of files) diagnostics.push(...judged);
  for (const { lints } of files) diagnostics.push(...lints);
  if (!hasErrors(diagnostics)) tellUnused(workspace, files, definitionOf);
  if (files.every(({ declared, broken }) => declared.length + broken.length === 0)) tellEmpty(tell, settings);
  const ignores = new Map(
    files.flatMap((one) =>
      one.ignores.length === 0
        ? []
        : [[one.file, one.ignores.map(({ place, ...ignore }) => ({ ...ignore, place: () => place }))] as const],
    ),
  );
  const telling = { secrets: files.flatMap(({ secrets }) => secrets), ignores };
  const told = sortedFindings(toldFindings(diagnostics, telling, settings.lints));
  const isValid = !hasErrors(told);
  return { isValid, diagnostics: told, counts: isValid ? countsOf(files) : {} };
}

function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}

function tellUnused(
  workspace: Workspace,
  files: readonly FileRecord[],
  definitionOf: (file: string, key: string) => Definition | undefined,
): void {
  const referred = new Set(files.flatMap(({ refs }) => refs));
  for (const { file, idle } of files) {
    for (const key of idle) {
      const definition = referred.has(key) ? undefined : definitionOf(file, key);
      if (definition !== undefined) tellUnusedTask(tellTo(workspace), definition);
    }
  }
}

function countsOf(files: readonly FileRecord[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of KINDS) {
    const count = files.reduce((sum, file) => sum + (file.counts[kind] ?? 0), 0);
    if (count > 0) counts[kind] = count;
  }
  return counts;
}
