import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Diagnostic, type Fix, MAX_FILE_BYTES, MAX_FIX_ROUNDS } from '../base/index.ts';
import { createParseCache } from '../compiler/index.ts';
import { type AppliedFix, applyFixes, lineStarts, withFixes } from '../language/index.ts';
import { type CompiledWorkTree, compileListed } from './compile-work-tree.ts';
import { listWorkTree } from './work-tree.ts';

/** A definitions file as it is, and as it will be. */
export interface FixedFile {
  readonly path: string;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly fixes: readonly MadeFix[];
}

export interface MadeFix {
  readonly diagnostic: Diagnostic;
  readonly fix: Fix;
}

export interface FixedWorkTree {
  /** In order of paths; nothing is written yet. */
  readonly files: readonly FixedFile[];
  /** The project with them. */
  readonly compiled: CompiledWorkTree;
}

/**
 * Takes every fix of the project in `root` that leaves nothing wrong in its place, in memory: a fix may uncover findings
 * with fixes of their own, so it goes on until there are no more, at most MAX_FIX_ROUNDS times.
 */
export async function fixWorkTree(root: string, isWanted: (diagnostic: Diagnostic) => boolean): Promise<FixedWorkTree> {
  const tree = await listWorkTree(root);
  const cache = createParseCache();
  let overlay: ReadonlyMap<string, Uint8Array> = new Map();
  let compiled = compileListed(tree, { overlay, cache });
  const original = compiled.texts;
  const made = new Map<string, MadeFix[]>();
  const dropped = new Set<string>();
  for (let round = 0; round < MAX_FIX_ROUNDS; round += 1) {
    const found = compiled.outcome.diagnostics.filter((each) => isWanted(each) && !dropped.has(placeKey(each)));
    const attempt = takeFixes(compiled.texts, found);
    if (attempt.length === 0) break;
    const texts = new Map([...overlay, ...attempt.map(({ path, bytes }) => [path, bytes] as const)]);
    const next = compileListed(tree, { overlay: texts, cache });
    const bad = attempt.flatMap((file) => badFixes(file, compiled, next));
    for (const { diagnostic } of bad) dropped.add(placeKey(diagnostic));
    // Tried once more without the bad ones: the others may have been good only beside them.
    if (bad.length > 0) continue;
    for (const { path, applied } of attempt) made.set(path, [...(made.get(path) ?? []), ...applied]);
    overlay = texts;
    compiled = next;
  }
  const files = [...overlay].map(([path, after]) => {
    return { path, before: original.get(path) ?? new Uint8Array(), after, fixes: made.get(path) ?? [] };
  });
  return { files: files.sort((a, b) => (a.path < b.path ? -1 : 1)), compiled };
}

/**
 * Writes a fixed file in the place of the old one, whole or not at all. False: it is no longer what was checked, and was
 * left alone. Throws what the disk throws.
 */
export function writeFixedFile(root: string, { path, before, after }: FixedFile): boolean {
  const target = join(root, path);
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
  try {
    writeFileSync(temporary, after, { mode: statSync(target).mode, flag: 'wx', flush: true });
    if (!readFileSync(target).equals(before)) return false;
    renameSync(temporary, target);
    return true;
  } finally {
    rmSync(temporary, { force: true });
  }
}

interface TakenFixes {
  readonly path: string;
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly applied: readonly (MadeFix & Pick<AppliedFix, 'made'>)[];
}

/** Applies the fixes of the findings to the texts, as far as they do not overlap. */
function takeFixes(texts: ReadonlyMap<string, Uint8Array>, found: readonly Diagnostic[]): readonly TakenFixes[] {
  const byFile = new Map<string, Map<Fix, Diagnostic>>();
  for (const diagnostic of withFixes(found)) {
    const { fix } = diagnostic;
    const path = fix?.edits[0]?.span.file;
    if (fix === undefined || path === undefined || fix.edits.some(({ span }) => span.file !== path)) continue;
    const fixes = byFile.get(path) ?? new Map<Fix, Diagnostic>();
    byFile.set(path, fixes.set(fix, diagnostic));
  }
  return [...byFile].flatMap(([path, fixes]) => {
    const bytes = texts.get(path);
    const decoded = bytes === undefined || bytes.length > MAX_FILE_BYTES ? undefined : decode(bytes);
    if (decoded === undefined) return [];
    const { text, applied } = applyFixes(decoded.text, [...fixes.keys()]);
    if (applied.length === 0) return [];
    return [
      {
        path,
        text,
        bytes: Buffer.from(decoded.mark + text),
        applied: applied.map(({ fix, made }) => ({ fix, made, diagnostic: fixes.get(fix)! })),
      },
    ];
  });
}

/** Places count from after a byte order mark. */
function decode(bytes: Uint8Array): { readonly mark: string; readonly text: string } | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { mark: bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? '\ufeff' : '', text };
  } catch {
    return undefined;
  }
}

/** The fixes after which there is an error in their place, or a new one about the same text elsewhere in the file. */
function badFixes(file: TakenFixes, before: CompiledWorkTree, after: CompiledWorkTree): readonly MadeFix[] {
  const errorsOf = ({ outcome }: CompiledWorkTree): readonly Diagnostic[] =>
    outcome.diagnostics.filter(({ severity, span }) => severity === 'error' && span?.file === file.path);
  const known = new Set(errorsOf(before).map(messageKey));
  const starts = lineStarts(file.text);
  const errors = errorsOf(after).map((error) => {
    const { line, column, endLine, endColumn } = error.span!;
    const start = (starts[line - 1] ?? 0) + column - 1;
    const end = (starts[endLine - 1] ?? 0) + endColumn - 1;
    return { start, text: file.text.slice(start, end), isNew: !known.has(messageKey(error)) };
  });
  return file.applied.filter(({ fix, made }) =>
    errors.some(
      (error) =>
        made.some(({ start, end }) => error.start >= start && error.start < Math.max(end, start + 1)) ||
        (error.isNew && fix.edits.some(({ text }) => text === error.text)),
    ),
  );
}

function messageKey({ code, message }: Diagnostic): string {
  return `${code} ${message}`;
}

function placeKey({ code, span }: Diagnostic): string {
  return `${code} ${span?.file}:${span?.line}:${span?.column}`;
}
