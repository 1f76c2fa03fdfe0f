import type { Document } from 'yaml';
import { type Json, MAX_FULL_PARSE_LENGTH, YAML_EXCERPT } from '../base/index.ts';
import { yamlToJson } from './yaml-json.ts';
import { type SyntaxFinding, syntaxFindings } from './yaml-syntax.ts';
import { parseYaml } from './yaml-tree.ts';

/** A document that is not plain at `at`, though all before it is, and is too long to be parsed whole. */
interface LongDocument {
  readonly start: number;
  readonly end: number;
  readonly at: number;
}

export interface ExcerptFindings {
  /** Code units that were given to the full parser. */
  readonly length: number;
  /** As far as the document's beginning tells it. */
  readonly value: Json;
  /** At least one. */
  readonly findings: readonly SyntaxFinding[];
}

/**
 * What is wrong with a long document: its beginning, the keys around the doubtful line and some lines from there on are
 * parsed as if the rest were not there. When these have no fault, the line itself is told: it is YAML, but not plain.
 */
export function excerptFindings(text: string, document: LongDocument, budget: number): ExcerptFindings {
  const doubt: SyntaxFinding = { code: 'PIPE-YAML-021', ...doubtAt(text, document) };
  const excerpt = excerptOf(text, document);
  if (excerpt.text.length > budget) return { length: 0, value: null, findings: [doubt] };
  const { length } = excerpt.text;
  const parsed = parseYaml(excerpt.text);
  if (parsed.kind === 'refused') {
    const { code, message, start, end, help } = parsed;
    const place = placed(excerpt, start, end);
    return { length, value: null, findings: [{ code, message, ...place, ...(help !== undefined && { help }) }] };
  }
  const [tree] = parsed.documents;
  if (tree === undefined) return { length, value: null, findings: [doubt] };
  const found: SyntaxFinding[] = [];
  const keep = (finding: SyntaxFinding): void => {
    // What is wrong at an edge may be wrong because the rest is missing.
    if (finding.start >= excerpt.from && finding.start < excerpt.until)
      found.push({ ...finding, ...placed(excerpt, finding.start, finding.end) });
  };
  for (const finding of syntaxFindings({ errors: errorsUntil(tree, excerpt.until) }, excerpt.text)) keep(finding);
  const isSyntaxValid = found.length === 0;
  const value = yamlToJson(tree.contents, (code, message, start, end, help) => {
    if (isSyntaxValid) keep({ code, message, start, end, ...(help !== undefined && { help }) });
  });
  return { length, value, findings: found.length === 0 ? [doubt] : found };
}

function errorsUntil({ errors }: Document.Parsed, until: number): Document.Parsed['errors'] {
  return errors.filter(({ pos }) => pos[0] < until);
}

function doubtAt(text: string, { at }: LongDocument): Omit<SyntaxFinding, 'code'> {
  const start = lineStart(text, at);
  const indent = /^ */.exec(text.slice(start, start + 1_000))?.[0].length ?? 0;
  return {
    message: `a document of more than ${MAX_FULL_PARSE_LENGTH / 1024} KiB is read in plain form only, and this line is not`,
    start: start + indent,
    end: lineEnd(text, at),
    help: 'write each text on one line or below a |, with spaces, not tabs; or split the file',
  };
}

/** Lines of a document, put together. */
interface Excerpt {
  readonly text: string;
  /** Offset in the excerpt of the line in doubt, and where what is missing at the end begins to matter. */
  readonly from: number;
  readonly until: number;
  readonly pieces: readonly Piece[];
}

/** Lines that stand at `at` of the excerpt and at `from` of the text. */
interface Piece {
  readonly at: number;
  readonly from: number;
}

function placed({ pieces }: Excerpt, start: number, end: number): { readonly start: number; readonly end: number } {
  const piece = pieces.findLast(({ at }) => at <= start) as Piece;
  return { start: piece.from + start - piece.at, end: piece.from + end - piece.at };
}

function excerptOf(text: string, { start, end, at }: LongDocument): Excerpt {
  const line = Math.max(start, lineStart(text, at));
  const head = Math.min(line, lineStart(text, start + YAML_EXCERPT.headLength));
  const ranges: (readonly [from: number, to: number])[] = [[start, head]];
  for (const around of linesAround(text, head, line)) ranges.push([around, lineEnd(text, around) + 1]);
  const to = windowEnd(text, line, end);
  ranges.push([line, to]);
  let excerpt = '';
  const pieces = ranges.map(([from, upTo]): Piece => {
    const piece = { at: excerpt.length, from };
    excerpt += text.slice(from, upTo);
    return piece;
  });
  const from = (pieces.at(-1) as Piece).at;
  const lastLine = excerpt.lastIndexOf('\n', excerpt.length - 2) + 1;
  return { text: excerpt, from, until: to === end ? excerpt.length + 1 : Math.max(from + 1, lastLine), pieces };
}

function windowEnd(text: string, line: number, end: number): number {
  let to = line;
  for (let lines = 0; lines < YAML_EXCERPT.maxLines && to < end; lines++) {
    const next = Math.min(end, lineEnd(text, to) + 1);
    if (lines > 0 && next - line > YAML_EXCERPT.maxLength) break;
    to = next;
  }
  return to;
}

/**
 * Starts of the lines between `head` and `line` that the latter is inside of, by indentation, and of those with the same
 * key beside it, from the top.
 */
function linesAround(text: string, head: number, line: number): readonly number[] {
  const found: number[] = [];
  const wanted = lineAt(text, line);
  let { indent, isItem } = wanted;
  for (let at = line; at > head; ) {
    at = lineStart(text, at - 1);
    const { indent: column, isItem: isDash, key } = lineAt(text, at);
    if (key === '' || key.startsWith('#')) continue;
    const isTwin = key === wanted.key && column === wanted.indent && indent === wanted.indent && key.endsWith(':');
    if (column > indent || (column === indent && (isDash || !isItem))) {
      if (isTwin) found.push(at);
      continue;
    }
    found.push(at);
    indent = column;
    isItem = isDash;
    if (indent === 0 && !isItem) break;
  }
  return found.reverse();
}

/** Of a line that starts at `at`: its indentation, whether it is an item of a list, and its first word. */
function lineAt(text: string, at: number): { readonly indent: number; readonly isItem: boolean; readonly key: string } {
  const line = text.slice(at, Math.min(lineEnd(text, at), at + 1_000));
  const [, spaces = '', key = ''] = /^( *)(\S*)/.exec(line) ?? [];
  return { indent: spaces.length, isItem: key === '-', key };
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}
