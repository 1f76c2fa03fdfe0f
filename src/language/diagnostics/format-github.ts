import type { Diagnostic, Span } from '../../base/index.ts';
import { plainText } from './plain-text.ts';

/** A workflow command of GitHub Actions: https://docs.github.com/actions/reference/workflow-commands-for-github-actions */
export function githubLine({ severity, code, message, span, help, related = [] }: Diagnostic): string {
  const command = severity === 'info' ? 'notice' : severity;
  const place = span === undefined ? '' : `${placeText(span)},`;
  const others = related.map((other) => `${other.span.file}:${other.span.line}:${other.span.column}: ${other.message}`);
  const text = [message, ...(help === undefined ? [] : [`help: ${help}`]), ...others].join('\n');
  return `::${command} ${place}title=${property(code)}::${data(text)}\n`;
}

/** Columns only within one line: the Checks API refuses them for a range over several. */
function placeText({ file, line, column, endLine, endColumn }: Span): string {
  const columns = line === endLine ? `,col=${column},endColumn=${endColumn}` : '';
  return `file=${property(file)},line=${line},endLine=${endLine}${columns}`;
}

/** The runner's own escapes (actions/toolkit, core/src/command.ts: escapeData and escapeProperty). */
function data(text: string): string {
  return plainText(text, '\n').replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
