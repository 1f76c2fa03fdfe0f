import type { Diagnostic, Fix, Json, JsonObject, Severity, Span } from '../../base/index.ts';
import { plainText } from './plain-text.ts';
import { diagnosticCode } from './table.ts';

export interface SarifOptions {
  /** Of pipectl. */
  readonly version: string;
  /** Files that were checked. */
  readonly files: readonly string[];
}

/**
 * Findings as one run of SARIF 2.1.0 (OASIS, errata 01), for code scanning and editors: the rules that were broken with
 * their help, a region for each result, related places and fixes. Every result has a location, because GitHub refuses
 * those without: a finding about no file stands at the project document.
 */
export function sarifLog(diagnostics: readonly Diagnostic[], { version, files }: SarifOptions): JsonObject {
  const codes = [...new Set(diagnostics.map(({ code }) => code))].sort();
  const hasErrors = diagnostics.some(({ severity }) => severity === 'error');
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'pipectl', semanticVersion: version, version, rules: codes.map(rule) } },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { [ROOT]: { description: { text: 'The folder of pipectl.yaml.' } } },
        artifacts: [...files].sort().map((file) => ({ location: artifact(file), sourceLanguage: 'yaml' })),
        invocations: [{ executionSuccessful: true, exitCode: hasErrors ? 1 : 0 }],
        results: diagnostics.map((diagnostic) => result(diagnostic, codes.indexOf(diagnostic.code))),
      },
    ],
  };
}

const ROOT = 'PROJECTROOT';
const PROJECT_SPAN: Span = { file: 'pipectl.yaml', line: 1, column: 1, endLine: 1, endColumn: 1 };

const LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };

function rule(code: string): JsonObject {
  const row = diagnosticCode(code);
  if (row === undefined) return { id: code };
  const { title, explanation, wrong, right, severity } = row;
  const examples = [
    ['Wrong', wrong],
    ['Right', right],
  ] as const;
  const plain = examples.map(([name, text]) => `${name}:\n\n${indented(text)}`).join('\n\n');
  const markdown = examples.map(([name, text]) => `**${name}**\n\n${fenced(text)}`).join('\n\n');
  return {
    id: code,
    name: pascalCase(title),
    shortDescription: { text: `${title.charAt(0).toUpperCase()}${title.slice(1)}.` },
    fullDescription: { text: explanation },
    help: { text: `${explanation}\n\n${plain}`, markdown: `${explanation}\n\n${markdown}` },
    defaultConfiguration: { level: LEVELS[severity] },
    properties: { tags: [code.split('-')[1]?.toLowerCase() ?? 'pipectl'] },
  };
}

/** `a key stands twice` → `AKeyStandsTwice`. */
function pascalCase(title: string): string {
  const words = title
    .replace(/[^A-Za-z0-9]+/g, ' ')
    .trim()
    .split(' ');
  return words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`).join('');
}

function indented(text: string): string {
  return plainText(text, '\n')
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}

function fenced(text: string): string {
  const fence = text.includes('```') ? '````' : '```';
  return `${fence}yaml\n${plainText(text, '\n').trimEnd()}\n${fence}`;
}

function result(diagnostic: Diagnostic, ruleIndex: number): JsonObject {
  const { code, severity, message, help, span, related = [], fix } = diagnostic;
  const text = help === undefined ? message : `${message}\n\nHelp: ${help}`;
  return {
    ruleId: code,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: plainText(text, '\n') },
    locations: [{ physicalLocation: physical(span ?? PROJECT_SPAN, diagnostic.frame, diagnostic.frameColumn) }],
    ...(related.length > 0 && {
      relatedLocations: related.map((place, at) => ({
        id: at + 1,
        message: { text: plainText(place.message) },
        physicalLocation: physical(place.span, place.frame, place.frameColumn),
      })),
    }),
    ...(fix !== undefined && { fixes: [fixOf(fix)] }),
  };
}

function physical(span: Span, frame?: string, frameColumn = 1): JsonObject {
  // The text of the region, when all of it is at hand.
  const from = span.column - frameColumn;
  const to = span.endColumn - frameColumn;
  const isAtHand = frame !== undefined && span.line === span.endLine && from >= 0 && to <= frame.length && to > from;
  return {
    artifactLocation: artifact(span.file),
    region: { ...region(span), ...(isAtHand && { snippet: { text: frame.slice(from, to) } }) },
  };
}

function region({ line, column, endLine, endColumn }: Span): JsonObject {
  return {
    startLine: line,
    startColumn: column,
    endLine,
    endColumn: Math.max(endColumn, endLine === line ? column : 1),
  };
}

function artifact(file: string): JsonObject {
  return { uri: file.split('/').map(encodeSegment).join('/'), uriBaseId: ROOT };
}

/** A segment of a URI reference (RFC 3986); what is no text at all, half a surrogate pair, becomes U+FFFD. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment.toWellFormed());
}

function fixOf({ title, edits }: Fix): JsonObject {
  const byFile = new Map<string, Json[]>();
  for (const { span, text } of edits) {
    const replacement = { deletedRegion: region(span), insertedContent: { text } };
    const known = byFile.get(span.file);
    if (known === undefined) byFile.set(span.file, [replacement]);
    else known.push(replacement);
  }
  return {
    description: { text: plainText(title) },
    artifactChanges: [...byFile].map(([file, replacements]) => ({ artifactLocation: artifact(file), replacements })),
  };
}
