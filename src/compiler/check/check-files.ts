import { type Diagnostic, type Json, type Span, variantName } from '../../base/index.ts';
import type { Definition, DefinitionOf, Ignore, ParsedFile, Place } from '../../language/index.ts';
import { addFile } from '../changed-files.ts';
import type { EntityKind } from '../closure.ts';
import type { ProjectSettings } from '../contract.ts';
import { compileEntity } from '../entity.ts';
import { EMPTY_VIEWS } from '../index-views.ts';
import { lintEntity } from '../lint/lint-entity.ts';
import { mayHoldKnown } from '../lint/secrets.ts';
import { createParseCache } from '../parse-cache.ts';
import { normalisePath, PROJECT_FILE } from '../paths.ts';
import { type PolicyReview, policyReview } from '../policy-review.ts';
import { finished } from '../slices.ts';
import { keyOfDefinition } from '../variants.ts';
import type { Compilation, Workspace } from '../workspace.ts';
import { type FileFacts, factsOf } from './file-facts.ts';

/** What all files of a commit are checked against. */
export interface CheckScope {
  readonly project: ProjectSettings;
  /** Valid policies of the commit in the order of their names; of two with one name the first. */
  readonly policies: readonly DefinitionOf<'Policy'>[];
  /** Bytes of the commit's images.lock. */
  readonly lock?: Uint8Array | undefined;
  /** Bytes of a file that a schedule names, undefined when the commit has none. */
  readonly fileOf: (path: string) => Uint8Array | undefined;
  /** An id of a source folder, null when the commit has none. */
  readonly treeOf: (folder: string) => string | null;
  /** Names of a kind in the whole commit; only asked for a did-you-mean. */
  readonly namesOf: (kind: EntityKind) => readonly string[];
}

/** A comment that silences findings, as data. */
export interface NotedIgnore extends Omit<Ignore, 'place'> {
  readonly place: Place;
}

/** Everything that checking says of one file: plain data, so that threads and disks can carry it. */
export interface FileRecord extends FileFacts {
  /** Of the text, and of compiling what it defines. */
  readonly findings: readonly Diagnostic[];
  /** Of the commit's policies about its definitions. */
  readonly judged: readonly Diagnostic[];
  readonly lints: readonly Diagnostic[];
  /** Where secrets stand. */
  readonly secrets: readonly Span[];
  readonly ignores: readonly NotedIgnore[];
  /** Definitions that compiled, by kind. */
  readonly counts: Readonly<Record<string, number>>;
  /** Tags of images that they run. */
  readonly images: readonly string[];
  /** Source folders that were looked up. */
  readonly folders: readonly string[];
  /** Files of dates that were looked up. */
  readonly calendars: readonly string[];
  /** What judging by policies took. */
  readonly steps: number;
  /** Workflows run each other in a circle: which of them is told depends on where one begins. */
  readonly hasCircle: boolean;
  /** A definition differs by domain, or domains have values: what is meant, and what is used, shows in the whole commit only. */
  readonly needsWhole: boolean;
}

/** A file with its parsed text. */
export interface ReadFile {
  readonly file: string;
  readonly parsed: ParsedFile;
  readonly facts: FileFacts;
}

export function readFile(file: string, parsed: ParsedFile): ReadFile {
  return { file, parsed, facts: factsOf(file, parsed) };
}

/**
 * Checks files as compiling the whole commit would: `own` are those to tell of, `others` what they refer to at any depth
 * and what declares the same names, all in the order of the commit's files. Nothing of it is kept.
 */
export function checkFiles(
  scope: CheckScope,
  own: readonly ReadFile[],
  others: readonly ReadFile[] = [],
): FileRecord[] {
  const all = others.length === 0 ? own : [...own, ...others].sort((a, b) => (a.file < b.file ? -1 : 1));
  // All that tasks name is looked up before, or else everything would be compiled once more with what it asked for.
  const trees = new Map<string, string | null>();
  for (const written of all.flatMap(foldersOf)) {
    const folder = normalisePath(written);
    if (folder.kind === 'ok') trees.set(folder.path, scope.treeOf(folder.path));
  }
  const dates = new Map(all.flatMap(calendarsOf).map((path) => [path, scope.fileOf(path)] as const));
  const mayHoldKeys = own.some(({ parsed }) => mayHoldKnown(parsed.text));
  for (;;) {
    const workspace = openCheck(scope, { trees, dates }, mayHoldKeys);
    for (const { file, parsed } of all) addFile(workspace, file, '', parsed);
    const compiled = own.map((one) => compileOwn(workspace, one));
    if (workspace.neededFolders.size === 0) return records(scope, workspace, own, compiled);
    for (const folder of workspace.neededFolders) trees.set(folder, scope.treeOf(folder));
  }
}

/** What definitions name by their paths: ids of folders, and bytes of files. */
interface LookedUp {
  readonly trees: ReadonlyMap<string, string | null>;
  readonly dates: ReadonlyMap<string, Uint8Array | undefined>;
}

function openCheck(
  { project, lock, namesOf }: CheckScope,
  { trees, dates }: LookedUp,
  mayHoldKeys: boolean,
): Workspace {
  const isLocked = lock !== undefined;
  const texts = new Map(isLocked ? [[LOCK, lock]] : []);
  for (const [path, bytes] of dates) if (bytes !== undefined) texts.set(path, bytes);
  const workspace: Workspace = {
    request: {
      files: new Map(isLocked ? [[LOCK, LOCK]] : []),
      changedFolders: new Set(),
      texts,
      trees,
      blobs: new Map([...dates].map(([path, bytes]) => [path, bytes === undefined ? null : path] as const)),
    },
    base: EMPTY_VIEWS,
    cache: createParseCache(),
    settings: { project },
    declared: new Map(),
    variants: new Map(),
    broken: new Map(),
    outcomes: new Map(),
    diagnostics: [],
    neededBlobs: new Map(),
    neededRefs: new Set(),
    neededFolders: new Set(),
    neededFiles: new Set(),
    // A name is as good as a digest where nothing outlives the names.
    identify: (closure, variant = '') => ({
      digest: `${closure.kind}/${closure.name} ${variant}`,
      text: mayHoldKeys ? JSON.stringify(closure) : '',
    }),
    otherNames: namesOf,
    compileEntity: (kind, name) => compileEntity(workspace, kind, name),
  };
  return workspace;
}

const LOCK = 'images.lock';

function compileOwn(workspace: Workspace, { file, parsed }: ReadFile): readonly Compilation[] {
  const compilations: Compilation[] = [];
  for (const definition of parsed.documents) {
    if (definition.kind === 'Project') continue;
    const declared = workspace.declared.get(keyOfDefinition(definition));
    // Of two with one name the first counts.
    if (declared?.definition !== definition) continue;
    const outcome = workspace.compileEntity(definition.kind, variantName(definition.name, definition.domains));
    if (outcome.kind === 'ok' && outcome.compilation.declared.definition.file === file)
      compilations.push(outcome.compilation);
  }
  return compilations;
}

function records(
  scope: CheckScope,
  workspace: Workspace,
  own: readonly ReadFile[],
  compiled: readonly (readonly Compilation[])[],
): FileRecord[] {
  const told = workspace.diagnostics.splice(0);
  const hasCircle = told.some(({ code }) => code === 'PIPE-DAG-003');
  const byFile = own.length === 1 ? undefined : Map.groupBy(told, ({ span }) => span?.file);
  const review = policyReview(workspace, scope.policies);
  return own.map((one, at) => {
    const { file, parsed, facts } = one;
    // Files beside `own` are told of where they are own.
    const mine = byFile === undefined ? told.filter(({ span }) => span?.file === file) : (byFile.get(file) ?? []);
    const compilations = compiled[at] as readonly Compilation[];
    const steps = judge(review, one, compilations);
    const judged = workspace.diagnostics.splice(0);
    const secrets = compilations.flatMap((compilation) => lintEntity(workspace, compilation, scope.project.lints));
    return {
      file,
      declared: facts.declared,
      broken: facts.broken,
      refs: facts.refs,
      idle: facts.idle,
      findings: mine.length === 0 ? parsed.diagnostics : [...parsed.diagnostics, ...mine],
      judged,
      lints: workspace.diagnostics.splice(0),
      secrets,
      ignores: parsed.ignores.map(({ line, codes, place }) => ({ line, codes, place: place() })),
      counts: countKinds(compilations),
      images: imagesOf(compilations),
      folders: foldersOf(one),
      calendars: calendarsOf(one),
      steps,
      hasCircle,
      needsWhole: parsed.documents.some(differsByDomain),
    };
  });
}

function differsByDomain(definition: Definition): boolean {
  if (definition.domains !== undefined) return true;
  if (definition.kind === 'Schedule') return holdExpressions(definition.spec.inputs);
  if (definition.kind === 'Project') return [...definition.spec.domains.values()].some(({ values }) => values.size > 0);
  if (definition.kind !== 'LaunchPlan') return false;
  return holdExpressions(definition.spec.inputs.default) || holdExpressions(definition.spec.inputs.fixed);
}

function holdExpressions(inputs: ReadonlyMap<string, Json>): boolean {
  return inputs.size > 0 && JSON.stringify([...inputs.values()]).includes('${{');
}

/** Judges what a file defines by the policies, the project included; the result is how many steps it took. */
function judge(review: PolicyReview, { file, parsed }: ReadFile, compilations: readonly Compilation[]): number {
  if (review.isEmpty) return 0;
  const meter = { steps: 0 };
  const project = file === PROJECT_FILE ? parsed.documents.find(({ kind }) => kind === 'Project') : undefined;
  if (project !== undefined) finished(review.judge({ definition: project }, meter));
  for (const { declared, closure } of compilations)
    finished(review.judge({ definition: declared.definition, closure }, meter));
  return meter.steps;
}

function countKinds(compilations: readonly Compilation[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { closure } of compilations) counts[closure.kind] = (counts[closure.kind] ?? 0) + 1;
  return counts;
}

function imagesOf(compilations: readonly Compilation[]): readonly string[] {
  const images = new Set<string>();
  for (const compilation of compilations) for (const image of Object.keys(compilation.images ?? {})) images.add(image);
  return [...images];
}

/** As they are written: a folder that comes or goes makes the file's record another one. */
function foldersOf({ parsed }: ReadFile): readonly string[] {
  const folders = new Set<string>();
  for (const definition of parsed.documents)
    if (definition.kind === 'Task' && definition.spec.source !== undefined) folders.add(definition.spec.source);
  return [...folders];
}

/** Paths as the compiler asks for them. */
function calendarsOf({ parsed }: ReadFile): readonly string[] {
  const calendars = new Set<string>();
  for (const definition of parsed.documents) {
    if (definition.kind !== 'Schedule') continue;
    for (const { calendar } of definition.spec.exclude ?? []) {
      const path = calendar === undefined ? undefined : normalisePath(calendar);
      if (path?.kind === 'ok') calendars.add(path.path);
    }
  }
  return [...calendars];
}
