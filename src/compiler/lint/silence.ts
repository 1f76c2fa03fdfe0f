import type { Diagnostic } from '../../base/index.ts';
import { DIAGNOSTIC_CODES, diagnosticCode, didYouMean, type Ignore } from '../../language/index.ts';
import { finding } from '../findings.ts';
import { atLevels, type LintLevels } from './levels.ts';

/** The ignore comments of each file of which every finding is known. */
export type Ignores = ReadonlyMap<string, readonly Ignore[]>;

/**
 * Findings less the warnings that comments silence, and with what is wrong with the comments. Whether a comment is of use
 * is told when there are no errors: an entity that does not compile is not linted.
 */
export function silenced(
  diagnostics: readonly Diagnostic[],
  ignores: Ignores,
  levels: LintLevels,
): readonly Diagnostic[] {
  if (ignores.size === 0) return diagnostics;
  const used = new Set<string>();
  const byLine = new Map([...ignores].map(([file, comments]) => [file, Map.groupBy(comments, ({ line }) => line)]));
  const kept = diagnostics.filter(({ severity, code, span }) => {
    const here = span === undefined ? undefined : byLine.get(span.file)?.get(span.line);
    const by = here?.filter(({ codes }) => codes.includes(code)) ?? [];
    if (by.length === 0) return true;
    // An error that a comment names was told once already; that it cannot be silenced is told at the comment.
    if (severity === 'error') return true;
    for (const { line } of by) used.add(keyOf(span?.file ?? '', line, code));
    return false;
  });
  const hasErrors = kept.some(({ severity }) => severity === 'error');
  const about: Diagnostic[] = [];
  for (const [file, comments] of ignores) {
    for (const comment of comments)
      tellComment(about, comment, kept, (code) => hasErrors || used.has(keyOf(file, comment.line, code)), file);
  }
  return [...kept, ...atLevels(about, levels)];
}

function keyOf(file: string, line: number, code: string): string {
  return `${line} ${code} ${file}`;
}

function tellComment(
  about: Diagnostic[],
  { codes, line, place }: Ignore,
  kept: readonly Diagnostic[],
  isUsed: (code: string) => boolean,
  file: string,
): void {
  if (codes.length === 0) {
    const help = 'write it as the finding shows it, for example # pipectl: ignore PIPE-LINT-003';
    about.push(finding('PIPE-LINT-014', 'this comment names no code to ignore', place(), { help }));
  }
  for (const code of codes) {
    if (diagnosticCode(code) === undefined) {
      const help =
        didYouMean(
          code,
          DIAGNOSTIC_CODES.map((row) => row.code),
        ) ?? '`pipectl explain` lists the codes';
      about.push(finding('PIPE-LINT-014', `there is no code ${code}`, place(), { help }));
      continue;
    }
    const isError = kept.some((found) => found.code === code && found.span?.file === file && found.span.line === line);
    if (isError) {
      const help = 'correct what it finds, and take the comment away';
      about.push(
        finding('PIPE-LINT-013', `${code} is an error here, and errors cannot be silenced`, place(), { help }),
      );
    } else if (!isUsed(code)) {
      const help = 'take it away, or put it on the line of the finding or alone on the line above';
      about.push(finding('PIPE-LINT-013', `there is no ${code} here to silence`, place(), { help }));
    }
  }
}
