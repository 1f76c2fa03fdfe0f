import type { Diagnostic, Json } from '../../base/index.ts';
import { githubLine } from './format-github.ts';
import { junitText } from './format-junit.ts';
import { prettyFinding } from './format-pretty.ts';
import { sarifLog } from './format-sarif.ts';
import { painter } from './paint.ts';

export const DIAGNOSTIC_FORMATS = ['pretty', 'json', 'sarif', 'github', 'junit'] as const;
export type DiagnosticFormat = (typeof DIAGNOSTIC_FORMATS)[number];

export interface FormatOptions {
  /** ANSI colours; only `pretty` has any. */
  readonly color: boolean;
  /** Columns to fit `pretty` into; without it only frames are cut, and words are not wrapped. */
  readonly columns?: number | undefined;
  /** The files that were checked: `sarif` and `junit` tell of those without findings too. */
  readonly files?: readonly string[];
  /** Version of pipectl, for `sarif`. */
  readonly version?: string;
}

/** Findings in their order of places (file, line, column), as text that ends with a line feed; '' for none where that says it. */
export function formatDiagnostics(
  diagnostics: readonly Diagnostic[],
  format: DiagnosticFormat,
  { color, columns, files = [], version = '0.0.0' }: FormatOptions,
): string {
  const sorted = sortDiagnostics(diagnostics);
  switch (format) {
    case 'json':
      return `${jsonText({ diagnostics: sorted as unknown as Json, summary: counts(sorted) })}\n`;
    case 'sarif':
      return `${jsonText(sarifLog(sorted, { version, files }))}\n`;
    case 'github':
      return sorted.map(githubLine).join('');
    case 'junit':
      return junitText(sorted, files);
    case 'pretty': {
      if (sorted.length === 0) return '';
      const paint = painter(color);
      const findings = sorted.map((diagnostic) => prettyFinding(diagnostic, paint, columns));
      return `${findings.join('\n')}\n${summaryLine(sorted)}\n`;
    }
  }
}

/** JSON whose strings hold no raw character that a terminal or a viewer would obey. */
function jsonText(value: Json): string {
  return JSON.stringify(value, null, 2).replace(
    /[\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A copy in order of file, line, column, code, message; those without a place come first. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return [...diagnostics].sort(
    (a, b) =>
      compare(a.span?.file ?? '', b.span?.file ?? '') ||
      (a.span?.line ?? 0) - (b.span?.line ?? 0) ||
      (a.span?.column ?? 0) - (b.span?.column ?? 0) ||
      compare(a.code, b.code) ||
      compare(a.message, b.message),
  );
}

/** `3 errors and 1 warning in 2 files`; `no findings` for none. */
export function summaryLine(diagnostics: readonly Diagnostic[]): string {
  const { errors, warnings, infos, files } = counts(diagnostics);
  const parts = [plural(errors, 'error'), plural(warnings, 'warning'), plural(infos, 'note')].filter(
    (part) => part !== '',
  );
  if (parts.length === 0) return 'no findings';
  const what = parts.length === 1 ? parts[0] : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
  return files === 0 ? `${what}` : `${what} in ${plural(files, 'file')}`;
}

function counts(diagnostics: readonly Diagnostic[]): {
  errors: number;
  warnings: number;
  infos: number;
  files: number;
} {
  const of = (severity: string): number => diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
  const files = new Set(diagnostics.flatMap(({ span }) => (span === undefined ? [] : [span.file])));
  return { errors: of('error'), warnings: of('warning'), infos: of('info'), files: files.size };
}

function plural(count: number, noun: string): string {
  return count === 0 ? '' : `${count} ${noun}${count === 1 ? '' : 's'}`;
}
