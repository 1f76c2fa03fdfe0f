import { readSync } from 'node:fs';
import { MAX_FILE_BYTES } from '../base/index.ts';
import { type CompiledWorkTree, compileWorkTree, type Verdict } from '../client/index.ts';
import type { ParseCache } from '../compiler/index.ts';
import { parseDefinitions } from '../language/index.ts';
import type { CommandContext } from './context.ts';

/** What a validation says, wherever it read the definitions. */
export interface Checked extends Verdict {
  /** The definition files that were compiled; absent in a verdict that was kept. */
  readonly files?: readonly string[];
}

/** Checks the project in a folder, as it is on disk. */
export async function checkFolder(root: string, cache?: ParseCache): Promise<Checked> {
  return checkedWorkTree(await compileWorkTree(root, cache === undefined ? {} : { cache }));
}

/** The same of a work tree that is compiled already. */
export function checkedWorkTree({ tree, files, outcome }: CompiledWorkTree): Checked {
  const isValid = outcome.kind === 'compiled';
  return {
    isValid,
    diagnostics: outcome.diagnostics,
    counts: isValid ? countKinds(outcome.changed) : {},
    files,
    fileCount: files.length,
    untracked: files.filter((path) => tree.untracked.has(path)),
  };
}

/** Checks a commit of the repository around the current folder. */
export async function checkRevision({ ports, cwd, env }: CommandContext, rev: string): Promise<Checked> {
  const revision = await ports.openRevision({ cwd, rev, env });
  try {
    const compiled = await revision.compile();
    if (compiled.kind === 'rejected') {
      const named = compiled.diagnostics.flatMap(({ span }) => (span === undefined ? [] : [span.file]));
      const files = [...new Set(named)].sort();
      return {
        isValid: false,
        diagnostics: compiled.diagnostics,
        counts: {},
        files,
        fileCount: files.length,
        untracked: [],
      };
    }
    const { files, outcome } = compiled;
    const { changed, diagnostics } = outcome;
    return { isValid: true, diagnostics, counts: countKinds(changed), files, fileCount: files.length, untracked: [] };
  } finally {
    revision.close();
  }
}

/** Checks one file from stdin by itself: what it refers to is not looked for. */
export function checkStdin(): Checked {
  const path = 'stdin';
  const { documents, diagnostics } = parseDefinitions({ path, bytes: readStdin() });
  const isValid = diagnostics.every(({ severity }) => severity !== 'error');
  const counts = isValid ? countKinds(documents) : {};
  return { isValid, diagnostics, counts, files: [path], fileCount: 1, untracked: [] };
}

/** All of stdin, or just more than may be, for the parser to refuse. */
function readStdin(): Uint8Array {
  const bytes = Buffer.alloc(MAX_FILE_BYTES + 1);
  let size = 0;
  for (;;) {
    const read = readSync(0, bytes, size, bytes.length - size, null);
    size += read;
    if (read === 0 || size === bytes.length) return bytes.subarray(0, size);
  }
}

function countKinds(entities: readonly { readonly kind: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of entities) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
