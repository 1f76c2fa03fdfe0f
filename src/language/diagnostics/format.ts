import { type Diagnostic, MAX_LABEL_LENGTH, type RelatedPlace, type Span } from '../../base/index.ts';
import { displayWidth, plainText } from './plain-text.ts';

export type DiagnosticFormat = 'pretty' | 'json' | 'github';

export interface FormatOptions {
  /** ANSI colours; only `pretty` has any. */
  readonly color: boolean;
}

/** Findings in their order of places (file, line, column), as text that ends with a line feed; '' for none but in JSON. */
export function formatDiagnostics(
  diagnostics: readonly Diagnostic[],
  format: DiagnosticFormat,
  options: FormatOptions,
): string {
  const sorted = sortDiagnostics(diagnostics);
  switch (format) {
    case 'json':
      return `${JSON.stringify({ diagnostics: sorted, summary: counts(sorted) }, null, 2)}\n`;
    case 'github':
      return sorted.map(githubLine).join('');
    case 'pretty': {
      if (sorted.length === 0) return '';
      const paint = painter(options.color);
      return `${sorted.map((diagnostic) => pretty(diagnostic, paint)).join('\n')}\n${summaryLine(sorted)}\n`;
    }
  }
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

type Style = 'error' | 'warning' | 'info' | 'bold' | 'dim' | 'help';
type Paint = (style: Style, text: string) => string;

const ANSI: Readonly<Record<Style, string>> = {
  error: '1;31',
  warning: '1;33',
  info: '1;36',
  bold: '1',
  dim: '34',
  help: '36',
};

function painter(color: boolean): Paint {
  return color ? (style, text) => `\u001b[${ANSI[style]}m${text}\u001b[0m` : (_style, text) => text;
}

function pretty(diagnostic: Diagnostic, paint: Paint): string {
  const { severity, code, message, span, frame, help, related } = diagnostic;
  const places: readonly RelatedPlace[] = related ?? [];
  const gutter = Math.max(
    1,
    ...[span, ...places.map((place) => place.span)].map((place) => String(place?.line ?? '').length),
  );
  const lines = [
    `${paint(severity, `${severity === 'info' ? 'note' : severity}[${code}]`)}${paint('bold', `: ${plainText(message)}`)}`,
  ];
  if (span !== undefined)
    lines.push(...frameLines(span, frame, '-->', paint, gutter, { style: severity, mark: '^', label: '' }));
  for (const place of places) {
    const label = { style: 'help' as const, mark: '-', label: plainText(place.message) };
    lines.push(...frameLines(place.span, place.frame, ':::', paint, gutter, label));
  }
  if (help !== undefined)
    lines.push(`${' '.repeat(gutter)} ${paint('dim', '=')} ${paint('help', 'help')}: ${plainText(help)}`);
  return `${lines.join('\n')}\n`;
}

interface Mark {
  readonly style: Style;
  readonly mark: string;
  readonly label: string;
}

/** The place and, when its line is at hand, the line with the range underlined. */
function frameLines(
  span: Span,
  frame: string | undefined,
  arrow: string,
  paint: Paint,
  gutter: number,
  mark: Mark,
): string[] {
  const pad = ' '.repeat(gutter);
  const lines = [`${pad}${paint('dim', arrow)} ${plainText(span.file)}:${span.line}:${span.column}`];
  const label = mark.label === '' ? '' : ` ${mark.label}`;
  if (frame === undefined || frame === '' || span.column > frame.length + 1) {
    if (label !== '') lines.push(`${pad} ${paint('dim', '=')}${label}`);
    return lines;
  }
  const bar = paint('dim', '|');
  const before = displayWidth(plainText(frame.slice(0, span.column - 1)));
  const endColumn = span.endLine === span.line ? span.endColumn : frame.length + 1;
  const width = Math.max(
    1,
    displayWidth(plainText(frame.slice(span.column - 1, Math.min(endColumn - 1, frame.length)))),
  );
  const underline = paint(mark.style, `${mark.mark.repeat(width)}${label}`);
  lines.push(`${pad} ${bar}`);
  lines.push(`${paint('dim', String(span.line).padStart(gutter))} ${bar} ${plainText(frame)}`);
  lines.push(`${pad} ${bar} ${' '.repeat(before)}${underline}`);
  return lines;
}

/** A workflow command of GitHub Actions: https://docs.github.com/actions/reference/workflow-commands. */
function githubLine({ severity, code, message, span, help }: Diagnostic): string {
  const command = severity === 'info' ? 'notice' : severity;
  const place =
    span === undefined
      ? ''
      : `file=${property(span.file)},line=${span.line},col=${span.column},endLine=${span.endLine},endColumn=${span.endColumn},`;
  const text = help === undefined ? message : `${message}\n${help}`;
  return `::${command} ${place}title=${property(code.slice(0, MAX_LABEL_LENGTH))}::${data(text)}\n`;
}

function data(text: string): string {
  return plainText(text, '\n').replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
