import { type Diagnostic, type Digest, MAX_KEPT_KEYS, MAX_KEPT_NAME_LENGTH } from '../base/index.ts';
import type { BrokenDefinition, Definition } from '../language/index.ts';
import type { EntityClosure, EntityKind } from './closure.ts';
import type { CompileRequest, IndexEntry, ProjectSettings } from './contract.ts';
import { finding, type Tell } from './findings.ts';
import type { IndexViews } from './index-views.ts';
import { isAtHand, type ParseCache, parsedFile } from './parse-cache.ts';
import { keyOfDefinition } from './variants.ts';

/** A definition and the file it stands in. */
export interface Declared {
  readonly definition: Definition;
  readonly blob: string;
}

/** What is known of a name: its definition; that it has errors of its own; that its file must be read; or nothing. */
export type Lookup =
  | { readonly kind: 'found'; readonly declared: Declared }
  | { readonly kind: 'broken' }
  | { readonly kind: 'pending' }
  | { readonly kind: 'missing' };

/** A compiled entity with what its index entry says of it. */
export interface Compilation {
  readonly declared: Declared;
  readonly closure: EntityClosure;
  readonly digest: Digest;
  readonly text: string;
  readonly refs: readonly string[];
  readonly folders: readonly string[];
  readonly images?: IndexEntry['images'];
  readonly values?: IndexEntry['values'];
}

/** `failed`: told in its own diagnostics, or those of what it refers to. */
export type Outcome =
  | { readonly kind: 'ok'; readonly compilation: Compilation }
  | Exclude<Lookup, { kind: 'found' }>
  | { readonly kind: 'failed' };

/** What compiling a definition gives: its closure and what that was made from, or nothing when something is wrong. */
export type Made =
  | {
      readonly kind: 'ok';
      readonly closure: EntityClosure;
      readonly refs: readonly string[];
      readonly folders: readonly string[];
      readonly images?: Compilation['images'];
      readonly values?: Compilation['values'];
    }
  /** Told. */
  | { readonly kind: 'failed' }
  /** Something must be read first. */
  | { readonly kind: 'pending' };

/** `text`: JSON of the closure. In a compilation that is kept it is canonical, and `digest` its SHA-256. */
export interface Identity {
  readonly digest: Digest;
  readonly text: string;
}

/** One run of the compiler: what it was given, what it found, what it still needs. */
export interface Workspace {
  readonly request: CompileRequest;
  /** Of the base; empty without one. */
  readonly base: IndexViews;
  readonly cache: ParseCache;
  /** The project, once it is read. */
  readonly settings: { project?: ProjectSettings };
  /** Definitions of the changed files, by key. */
  readonly declared: Map<string, Declared>;
  /** Of definitions for some domains only: plain key → their keys. */
  readonly variants: Map<string, Set<string>>;
  readonly broken: Map<string, BrokenDefinition>;
  readonly outcomes: Map<string, Outcome>;
  readonly diagnostics: Diagnostic[];
  readonly neededBlobs: Map<string, string>;
  /** Keys of the base whose references were asked for. */
  readonly neededRefs: Set<string>;
  readonly neededFolders: Set<string>;
  /** Files that must be looked up. */
  readonly neededFiles: Set<string>;
  /** What stands for a closure: its digest, or a name for it where closures are thrown away. */
  readonly identify: (closure: EntityClosure, variant?: string) => Identity;
  /** Names of a kind that are declared in files which this run does not have, for a did-you-mean. */
  readonly otherNames?: (kind: EntityKind) => readonly string[];
  /** Compiles the entity of this name, once. */
  readonly compileEntity: (kind: EntityKind, name: string) => Outcome;
}

export function keyOf(kind: string, name: string): string {
  const keys = KEYS.get(kind);
  if (keys === undefined || name.length > MAX_KEPT_NAME_LENGTH) return `${kind}/${name}`;
  const known = keys.get(name);
  if (known !== undefined) return known;
  if (keys.size >= MAX_KEPT_KEYS) keys.clear();
  const key = `${kind}/${name}`;
  keys.set(name, key);
  return key;
}

/** A definition's key is asked for a dozen times while it is compiled, and a new text costs far more than to look it up. */
const KEYS: ReadonlyMap<string, Map<string, string>> = new Map(
  ['Project', 'Task', 'Workflow', 'LaunchPlan', 'Schedule', 'Platform', 'Policy'].map((kind) => [kind, new Map()]),
);

/** Collects findings of the workspace. */
export function tellTo(workspace: Workspace): Tell {
  return (code, message, place, details) => {
    workspace.diagnostics.push(finding(code, message, place, details));
  };
}

/** Looks a name up: in the changed files, else in the base and the unchanged file that it names. */
export function lookUp(workspace: Workspace, kind: EntityKind, name: string): Lookup {
  const key = keyOf(kind, name);
  const declared = workspace.declared.get(key);
  if (declared !== undefined) return { kind: 'found', declared };
  if (workspace.broken.has(key)) return { kind: 'broken' };
  const entry = workspace.base.entries.get(key);
  if (entry === undefined || workspace.request.files.has(entry.file)) return { kind: 'missing' };
  return lookInFile(workspace, key, entry.file, entry.blob);
}

/** Looks a name up in a file that did not change. */
export function lookInFile(workspace: Workspace, key: string, file: string, blob: string): Lookup {
  const parsed = parsedFile(workspace.cache, workspace.request.texts, file, blob);
  if (parsed === undefined) {
    workspace.neededBlobs.set(file, blob);
    needRefs(workspace, key);
    return { kind: 'pending' };
  }
  const definition = parsed.documents.find((document) => keyOfDefinition(document) === key);
  return definition === undefined ? { kind: 'missing' } : { kind: 'found', declared: { definition, blob } };
}

/**
 * Asks for all that an unchanged entity refers to, at any depth: compiling it will, and to find that out file by file
 * would take a round for each.
 */
function needRefs({ base, cache, request, neededBlobs, neededRefs }: Workspace, key: string): void {
  const left = [key];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (neededRefs.has(next)) continue;
    neededRefs.add(next);
    left.push(...(base.variants.get(next) ?? []));
    const entry = base.entries.get(next);
    if (entry === undefined || request.files.has(entry.file)) continue;
    if (!isAtHand(cache, request.texts, entry.file, entry.blob)) neededBlobs.set(entry.file, entry.blob);
    left.push(...entry.refs);
  }
}

/** The git tree of a source folder: null when the commit has none, undefined when it must be looked up first. */
export function treeOf(workspace: Workspace, folder: string): string | null | undefined {
  const tree = workspace.request.trees.get(folder);
  if (tree === undefined) workspace.neededFolders.add(folder);
  return tree;
}

export type FileLookup =
  | { readonly kind: 'found'; readonly bytes: Uint8Array }
  | { readonly kind: 'missing' }
  /** It must be looked up, or read, first. */
  | { readonly kind: 'pending' };

/** A file of the commit that holds no definitions. */
export function fileOf({ request, neededFiles, neededBlobs }: Workspace, path: string): FileLookup {
  const blob = request.blobs?.get(path);
  if (blob === null) return { kind: 'missing' };
  if (blob === undefined) {
    neededFiles.add(path);
    return { kind: 'pending' };
  }
  const bytes = request.texts.get(blob);
  if (bytes !== undefined) return { kind: 'found', bytes };
  neededBlobs.set(path, blob);
  return { kind: 'pending' };
}

/** Whether something must be read or looked up before there is an outcome. */
export function isWanting({ neededBlobs, neededFolders, neededFiles }: Workspace): boolean {
  return neededBlobs.size + neededFolders.size + neededFiles.size > 0;
}
