import type { Document, ErrorCode, YAMLParseError } from 'yaml';

export interface SyntaxFinding {
  readonly code: string;
  readonly message: string;
  readonly start: number;
  readonly end: number;
  readonly help?: string;
}

/** Errors told of one document: one slip makes the parser stumble over all that follows. */
const MAX_ERRORS = 5;

/** What our own walk over the tree tells in better words. */
const TOLD_ELSEWHERE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TAG_RESOLVE_FAILED',
  'BAD_ALIAS',
  'ALIAS_PROPS',
  'NON_STRING_KEY',
]);

const TEXT_AFTER_VALUE = 'unexpected text after the end of a value';
const BARE_EXPRESSION = 'an expression inside braces or brackets, or with ": " inside, needs quotes';
const SECOND_COLON = 'a second ": " stands in this line';
const BARE_STAR = 'text that begins with * needs quotes';
const QUOTE = 'text that holds { } [ ] , # or ": ", or begins with a special character, needs quotes';

/** The parser's words, as far as they are written for people who know its inside, and ours. */
const WORDS: readonly (readonly [pattern: RegExp, message: string, help?: string])[] = [
  [/^unexpected alias at node end/i, BARE_STAR, 'write for example "*/5 * * * *"'],
  [/at node end$|in YAML stream/, TEXT_AFTER_VALUE, QUOTE],
  [/^nested mappings/i, SECOND_COLON, QUOTE],
  [
    /^all (?:mapping|sequence|collection) items must/i,
    'this line is not indented like its neighbours',
    'line it up with them',
  ],
  [/^implicit keys need to be on a single line/i, 'a key must stand on one line', 'a ":" may be missing'],
  [/^implicit map keys need/i, 'expected a ":" after this key'],
  [
    /^a block sequence may not/i,
    'list items stand where a key belongs',
    'indent them below a key, or remove the value before them',
  ],
  [
    /^(?:flow (?:map|sequence)|expected flow).* end with a (.)$/i,
    'expected a closing $1',
    'close what was opened, or put the text in quotes',
  ],
  [
    /^plain value cannot start with (?:reserved character|.*character) (.)$/i,
    'text cannot begin with $1 unless it is in quotes',
    'put it in quotes',
  ],
  [/^block collections are not allowed within flow/i, 'unexpected text inside brackets', QUOTE],
  [/^tabs are not allowed as indentation/i, 'a tab stands where only spaces may', 'indent with spaces'],
  [/^invalid escape/i, 'this escape is not known', 'double the backslash, or use single quotes'],
];

/** What the parser says of one document: at most one finding a line, and MAX_ERRORS of them. */
export function syntaxFindings(document: Pick<Document.Parsed, 'errors'>, text: string): readonly SyntaxFinding[] {
  const findings: SyntaxFinding[] = [];
  const lines = new Set<number>();
  for (const error of document.errors) {
    if (TOLD_ELSEWHERE.has(error.code)) continue;
    if (findings.length >= MAX_ERRORS) break;
    const lineStart = text.lastIndexOf('\n', error.pos[0] - 1) + 1;
    if (lines.has(lineStart)) continue;
    lines.add(lineStart);
    const finding = bareExpression(text, lineStart) ?? openQuote(text, error) ?? inOurWords(error, text, lineStart);
    if (!isEcho(finding, findings)) findings.push(finding);
  }
  return findings;
}

/** Once a value has ended too early, the lines that follow seem wrong, too. */
function isEcho(finding: SyntaxFinding, told: readonly SyntaxFinding[]): boolean {
  return (
    finding.message === TEXT_AFTER_VALUE &&
    told.some(({ message }) => message === TEXT_AFTER_VALUE || message === BARE_EXPRESSION)
  );
}

/** `${{` outside of quotes in the line that broke: that is what broke it. */
function bareExpression(text: string, lineStart: number): SyntaxFinding | undefined {
  const end = text.indexOf('\n', lineStart);
  const line = text.slice(lineStart, end === -1 ? undefined : end);
  const at = line.indexOf('${{');
  const before = line.slice(0, Math.max(0, at));
  const isQuoted = before.split('"').length % 2 === 0 || before.split("'").length % 2 === 0;
  if (at === -1 || isQuoted) return undefined;
  const close = line.indexOf('}}', at);
  const start = lineStart + at;
  return {
    code: 'PIPE-YAML-010',
    message: BARE_EXPRESSION,
    start,
    end: close === -1 ? start + 3 : lineStart + close + 2,
    help: 'write "${{ … }}" with quotes around it',
  };
}

/** The parser tells an open quote where the text ends; it is the last one before. */
function openQuote(text: string, { message, pos }: YAMLParseError): SyntaxFinding | undefined {
  const found = /^missing closing (.)quote/i.exec(message);
  if (found === null) return undefined;
  const start = Math.max(0, text.lastIndexOf(found[1]!, pos[0] - 1));
  return {
    code: 'PIPE-YAML-010',
    message: `the quote ${found[1]} is not closed`,
    start,
    end: start + 1,
    help: 'close it',
  };
}

/** The parser stumbles at the second word of `cron: *\/5 * * * *`; what needs quotes begins at the first. */
function bareStar(text: string, lineStart: number, finding: SyntaxFinding): SyntaxFinding {
  if (finding.message !== BARE_STAR) return finding;
  const end = text.indexOf('\n', lineStart);
  const line = text.slice(lineStart, end === -1 ? undefined : end);
  const [, lead, value] = /^([^*]*[:-] +)(\*.*)$/.exec(line.replace(/\s+(?:#.*)?$/, '')) ?? [];
  if (lead === undefined || value === undefined) return finding;
  const start = lineStart + lead.length;
  return { ...finding, start, end: start + value.replace(/\s+#.*$/, '').length };
}

/** The parser tells wrong indentation where the lines before it end; what is wrong stands in the next line with text. */
function pastBlankLines(text: string, [start, end]: YAMLParseError['pos']): readonly [start: number, end: number] {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const blank = /^[ \t]*\n[\s]*/.exec(text.slice(lineStart, lineStart + MAX_BLANK))?.[0];
  const next = lineStart + (blank?.length ?? 0);
  return blank === undefined || next >= text.length || next < start ? [start, end] : [next, next + 1];
}

const MAX_BLANK = 1_000;

function inOurWords(error: YAMLParseError, text: string, lineStart: number): SyntaxFinding {
  return deeperKey(text, lineStart, bareStar(text, lineStart, byPattern(error, text)));
}

/** A key that is indented below a value of one line: the parser tells the value, as if the key stood beside it. */
function deeperKey(text: string, lineStart: number, finding: SyntaxFinding): SyntaxFinding {
  const end = text.indexOf('\n', lineStart);
  const line = text.slice(lineStart, end === -1 ? undefined : end);
  if (finding.message !== SECOND_COLON || (line.match(/:(?:\s|$)/g)?.length ?? 0) > 1) return finding;
  const message = 'the lines below this value are indented as if they belonged to it';
  return { ...finding, message, help: 'line them up with the key of this value, or take the value away' };
}

function byPattern({ code, message, pos }: YAMLParseError, text: string): SyntaxFinding {
  const family = code === 'TAB_AS_INDENT' ? 'PIPE-YAML-019' : 'PIPE-YAML-010';
  const [start, end] = pastBlankLines(text, pos);
  const said = message.split('\n', 1)[0]!.slice(0, 160);
  for (const [pattern, words, help] of WORDS) {
    const found = pattern.exec(said);
    if (found === null) continue;
    return {
      code: family,
      message: words.replace('$1', () => found[1] ?? ''),
      start,
      end,
      ...(help !== undefined && { help }),
    };
  }
  return { code: family, message: said.charAt(0).toLowerCase() + said.slice(1), start, end };
}
