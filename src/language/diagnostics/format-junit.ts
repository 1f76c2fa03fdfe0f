import type { Diagnostic, Severity } from '../../base/index.ts';
import { plainText } from './plain-text.ts';

/**
 * JUnit XML as CI servers read it: one suite per file, one case per finding. Errors are failures; warnings and notes pass
 * and say what they are. A file without findings is one case that passes. Findings without a file are in the suite
 * `project`.
 */
export function junitText(diagnostics: readonly Diagnostic[], files: readonly string[]): string {
  const byFile = new Map<string, Diagnostic[]>([...files].sort().map((file) => [file, []]));
  for (const diagnostic of diagnostics) {
    const file = diagnostic.span?.file ?? PROJECT;
    const found = byFile.get(file);
    if (found === undefined) byFile.set(file, [diagnostic]);
    else found.push(diagnostic);
  }
  const suites = [...byFile].map(([file, found]) => suite(file, found));
  const tests = [...byFile.values()].reduce((sum, found) => sum + Math.max(1, found.length), 0);
  const head = `<testsuites name="pipectl validate" tests="${tests}" failures="${errors(diagnostics)}" errors="0">`;
  return ['<?xml version="1.0" encoding="UTF-8"?>', head, ...suites, '</testsuites>', ''].join('\n');
}

const PROJECT = 'project';

function suite(file: string, found: readonly Diagnostic[]): string {
  const counts = `tests="${Math.max(1, found.length)}" failures="${errors(found)}" errors="0" skipped="0"`;
  const cases =
    found.length === 0
      ? [`    <testcase name="valid" classname="${xml(file)}"/>`]
      : found.map((each) => testCase(file, each));
  return [`  <testsuite name="${xml(file)}" ${counts}>`, ...cases, '  </testsuite>'].join('\n');
}

function testCase(file: string, diagnostic: Diagnostic): string {
  const { code, severity, message, span } = diagnostic;
  const place = span === undefined ? '' : ` ${span.line}:${span.column}`;
  const line = span === undefined ? '' : ` line="${span.line}"`;
  const head = `    <testcase name="${xml(`${code}${place} ${message}`)}" classname="${xml(file)}" file="${xml(file)}"${line}>`;
  const body =
    severity === 'error'
      ? `      <failure type="${xml(code)}" message="${xml(message)}">${xml(details(diagnostic))}</failure>`
      : `      <system-out>${xml(`${WORDS[severity]}: ${details(diagnostic)}`)}</system-out>`;
  return [head, body, '    </testcase>'].join('\n');
}

const WORDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };

function details({ message, span, help, related = [] }: Diagnostic): string {
  const at = (place: NonNullable<Diagnostic['span']>): string => `${place.file}:${place.line}:${place.column}`;
  return [
    span === undefined ? message : `${at(span)}: ${message}`,
    ...related.map((place) => `${at(place.span)}: ${place.message}`),
    ...(help === undefined ? [] : [`help: ${help}`]),
  ].join('\n');
}

function errors(found: readonly Diagnostic[]): number {
  return found.filter(({ severity }) => severity === 'error').length;
}

/** Text of an element or an attribute. What XML 1.0 cannot hold even escaped (§2.2, Char) is written as `\u{…}`. */
function xml(text: string): string {
  return plainText(text, '\n')
    .replace(/[\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, (unit) => {
      return `\\u{${unit.charCodeAt(0).toString(16)}}`;
    })
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;');
}
