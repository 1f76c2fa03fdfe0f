import type { Document, ErrorCode } from 'yaml';

export interface SyntaxFinding {
  readonly code: string;
  readonly message: string;
  readonly start: number;
  readonly end: number;
  readonly help?: string;
}

/** Errors told of one document: one slip makes the parser stumble over all that follows. */
const MAX_ERRORS = 5;

/** Other words for what our own walk over the tree tells better, or tells at all. */
const TOLD_ELSEWHERE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TAG_RESOLVE_FAILED',
  'BAD_ALIAS',
  'ALIAS_PROPS',
  'NON_STRING_KEY',
]);

const HELP: ReadonlyMap<ErrorCode, string> = new Map<ErrorCode, string>([
  ['BAD_INDENT', 'line it up with its neighbours'],
  ['BLOCK_AS_IMPLICIT_KEY', 'put text that holds ": " in quotes'],
  ['MULTILINE_IMPLICIT_KEY', 'a ":" may be missing, or text that spans lines needs quotes'],
  ['BAD_SCALAR_START', 'put the text in quotes'],
  ['MISSING_CHAR', 'close what was opened, or put the text in quotes'],
  ['BAD_DQ_ESCAPE', 'double the backslash, or use single quotes'],
  ['BAD_COLLECTION_TYPE', 'remove the tag'],
]);

/** What the parser says of one document, in order. */
export function syntaxFindings(document: Document.Parsed): readonly SyntaxFinding[] {
  const findings: SyntaxFinding[] = [];
  for (const error of document.errors) {
    if (TOLD_ELSEWHERE.has(error.code)) continue;
    if (findings.length >= MAX_ERRORS) break;
    const [start, end] = error.pos;
    const code = error.code === 'TAB_AS_INDENT' ? 'PIPE-YAML-019' : 'PIPE-YAML-010';
    const help = code === 'PIPE-YAML-019' ? 'indent with spaces' : HELP.get(error.code);
    findings.push({ code, message: shortMessage(error.message), start, end, ...(help !== undefined && { help }) });
  }
  return findings;
}

/** The parser's own words, our way: no capital, no quoted rest of the file. */
function shortMessage(message: string): string {
  const line = message.split('\n', 1)[0]!.slice(0, 160);
  return line.charAt(0).toLowerCase() + line.slice(1);
}
