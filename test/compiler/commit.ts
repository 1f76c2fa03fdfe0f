import { createHash } from 'node:crypto';
import {
  type CommitIndex,
  type CompileOutcome,
  compile,
  type IndexEntry,
  type ParseCache,
} from '../../src/compiler/index.ts';

import { LINT_CODES } from '../../src/language/diagnostics/lint-codes.ts';

/** A commit for tests: files by path, and source folders with their tree ids. */
export interface Commit {
  readonly files: ReadonlyMap<string, string>;
  readonly folders: ReadonlyMap<string, string>;
}

/** The outcome, and what the compiler asked for on its way. */
export type Answer = Exclude<CompileOutcome, { kind: 'needs' }> & {
  readonly rounds: number;
  readonly filesRead: readonly string[];
};

export function blobOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

/** Compiles a whole commit. */
export function compileAll(commit: Commit, cache?: ParseCache): Answer {
  const files = new Map([...commit.files].map(([path, text]) => [path, blobOf(text)] as const));
  return answer(commit, undefined, files, new Set(), cache);
}

/** Compiles what changed from `before`, whose index is `base`, to `after`. */
export function compileChange(before: Commit, base: CommitIndex, after: Commit): Answer {
  const files = new Map<string, string | null>();
  for (const [path, text] of after.files) if (before.files.get(path) !== text) files.set(path, blobOf(text));
  for (const path of before.files.keys()) if (!after.files.has(path)) files.set(path, null);
  const folders = new Set([...before.folders.keys(), ...after.folders.keys()]);
  const changed = [...folders].filter((folder) => before.folders.get(folder) !== after.folders.get(folder));
  return answer(after, base, files, new Set([...changed, ...files.keys()]), undefined);
}

/** Answers the compiler's questions from the commit, as registration does from git. */
function answer(
  commit: Commit,
  base: CommitIndex | undefined,
  files: ReadonlyMap<string, string | null>,
  changedFolders: ReadonlySet<string>,
  cache: ParseCache | undefined,
): Answer {
  const texts = new Map<string, Uint8Array>();
  const trees = new Map<string, string | null>();
  const blobs = new Map<string, string | null>();
  const filesRead: string[] = [];
  for (let rounds = 1; rounds < 10; rounds += 1) {
    const optional = { ...(base === undefined ? {} : { base }), ...(cache === undefined ? {} : { cache }) };
    const outcome = compile({ files, changedFolders, texts, trees, blobs, ...optional });
    if (outcome.kind !== 'needs') return { ...outcome, rounds, filesRead };
    if (outcome.everyFile === true) return compileAll(commit);
    for (const [path, blob] of outcome.blobs) {
      filesRead.push(path);
      texts.set(blob, new TextEncoder().encode(commit.files.get(path)));
    }
    for (const path of outcome.files ?? []) {
      const text = commit.files.get(path);
      blobs.set(path, text === undefined ? null : blobOf(text));
    }
    for (const folder of outcome.folders) trees.set(folder, commit.folders.get(folder) ?? null);
  }
  throw new Error('the compiler does not stop asking');
}

/** Lints have tests of their own; in others they would tell of how small the examples are. */
const LINTS_OFF = LINT_CODES.map(({ code }) => `${code}: off`).join(', ');

export const PROJECT_TEXT = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: ticketing }
spec: { paths: [pipelines], domains: { production: { ref: main } }, lints: { ${LINTS_OFF} } }
`;

/** A commit of a project, one definitions file with these documents, and the folder `tasks`. */
export function commitOf(...documents: readonly string[]): Commit {
  const text = documents.map((document) => document.trim()).join('\n---\n');
  return {
    files: new Map([
      ['pipectl.yaml', PROJECT_TEXT],
      ['pipelines/all.yaml', `apiVersion: pipectl.dev/v1\n${text}\n`],
    ]),
    folders: new Map([['tasks', 'a'.repeat(40)]]),
  };
}

/** The entries of an index in one order. */
export function entriesOf(index: CommitIndex): readonly (readonly [string, IndexEntry])[] {
  return [...index.entries].sort(([a], [b]) => (a < b ? -1 : 1));
}
