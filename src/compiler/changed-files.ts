import type { Definition, ParsedFile } from '../language/index.ts';
import type { EntityKind } from './closure.ts';
import type { ProjectSettings } from './contract.ts';
import { declareVariant } from './declare-variant.ts';
import { declaredHere } from './findings.ts';
import { parsedFile } from './parse-cache.ts';
import { isDefinitionFile, PROJECT_FILE } from './paths.ts';
import { tellSecondProject } from './project.ts';
import { keyOfDefinition } from './variants.ts';
import { keyOf, lookInFile, tellTo, type Workspace } from './workspace.ts';

/** Reads the changed definition files into the workspace. The result is the keys of base entities that are gone. */
export function changedFiles(workspace: Workspace, project: ProjectSettings): ReadonlySet<string> {
  const { request, base, declared, broken } = workspace;
  const before = new Set<string>();
  for (const [path, blob] of request.files) {
    if (!isDefinitionFile(path, project)) continue;
    for (const key of base.byFile.get(path) ?? []) if (!key.startsWith('Project/')) before.add(key);
    if (blob !== null) readFile(workspace, path, blob);
  }
  return new Set([...before].filter((key) => !declared.has(key) && !broken.has(key)));
}

function readFile(workspace: Workspace, path: string, blob: string): void {
  const parsed = parsedFile(workspace.cache, workspace.request.texts, path, blob);
  if (parsed === undefined) {
    workspace.neededBlobs.set(path, blob);
    return;
  }
  workspace.diagnostics.push(...parsed.diagnostics);
  addFile(workspace, path, blob, parsed);
}

/** Makes known what a file defines, and tells what it repeats. What was found in the file by itself is not told again. */
export function addFile(workspace: Workspace, path: string, blob: string, parsed: ParsedFile): void {
  for (const broken of parsed.broken) workspace.broken.set(keyOf(broken.kind, broken.name), broken);
  for (const definition of parsed.documents) {
    if (definition.kind !== 'Project') declare(workspace, definition, blob);
    else if (path !== PROJECT_FILE) tellSecondProject(tellTo(workspace), definition, undefined);
  }
}

/** Adds a definition; of two with one kind and name the second is told, and the first counts. */
function declare(workspace: Workspace, definition: Definition, blob: string): void {
  const key = keyOfDefinition(definition);
  const first = workspace.declared.get(key);
  if (first !== undefined) {
    tellDuplicate(workspace, definition, first.definition);
    return;
  }
  workspace.declared.set(key, { definition, blob });
  if (definition.domains !== undefined) declareVariant(workspace, definition);
  const before = workspace.base.entries.get(key);
  if (before === undefined || workspace.request.files.has(before.file)) return;
  const other = lookInFile(workspace, key, before.file, before.blob);
  if (other.kind === 'found') tellDuplicate(workspace, definition, other.declared.definition);
}

const WORDS: Readonly<Record<EntityKind, string>> = {
  Task: 'task',
  Workflow: 'workflow',
  LaunchPlan: 'launch plan',
  Schedule: 'schedule',
  Platform: 'platform',
  Policy: 'policy',
};

function tellDuplicate(workspace: Workspace, second: Definition, first: Definition): void {
  const word = second.kind === 'Project' ? 'project' : WORDS[second.kind];
  const message = `a ${word} named "${second.name}" is declared twice`;
  const related = [declaredHere(first, 'first declared here')];
  tellTo(workspace)('PIPE-REF-002', message, second.declaredAt(), { help: 'rename one of them', related });
}
