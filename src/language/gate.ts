import { MAX_FILE_BYTES, MAX_LINE_LENGTH, MAX_YAML_DEPTH, MAX_YAML_ENTRIES, MAX_YAML_TOKENS } from '../base/index.ts';

/** Why a text is not given to the parser: one finding, at [start, end) of the text. */
export interface GateRefusal {
  readonly kind: 'refused';
  readonly code: string;
  readonly message: string;
  readonly help?: string;
  /** The text as far as it could be decoded: '' when it could not. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export type Decoded = { readonly kind: 'text'; readonly text: string } | GateRefusal;

const KiB = 1024;
const UTF8 = new TextDecoder('utf-8', { fatal: true });
/** All of C0 but tab and line feed; a carriage return only before a line feed; DEL, C1; a BOM inside the text. */
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufeff\ufffe\uffff]|\r(?!\n)/;
/** Embeddings, overrides and isolates: they show a text other than the one that runs (CVE-2021-42574). */
const BIDI = /[\u202a-\u202e\u2066-\u2069]/;

/**
 * Bytes → text with LF line ends: size, encoding, characters and line lengths, all before a parser sees it. Linear in time.
 * Lines and columns stay what they are; YAML reads each kind of line end as LF anyway.
 */
export function decodeText(bytes: Uint8Array): Decoded {
  if (bytes.byteLength > MAX_FILE_BYTES) {
    const message = `the file has ${bytes.byteLength} bytes; at most ${MAX_FILE_BYTES / KiB} KiB are read`;
    return refuse('PIPE-YAML-001', message, '', 0, 1, 'split it into several files');
  }
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return refuse('PIPE-YAML-002', 'the file is not UTF-8 text', '', 0, 1, 'save it as UTF-8');
  }
  const forbidden = FORBIDDEN.exec(text);
  if (forbidden !== null) {
    const message = `the character ${codePoint(forbidden[0])} is not allowed`;
    return refuse(
      'PIPE-YAML-003',
      message,
      text,
      forbidden.index,
      forbidden.index + 1,
      'remove it, or write it as an escape in double quotes',
    );
  }
  const bidi = BIDI.exec(text);
  if (bidi !== null) {
    const message = `the character ${codePoint(bidi[0])} makes text look other than it is`;
    return refuse('PIPE-YAML-004', message, text, bidi.index, bidi.index + 1, 'remove it');
  }
  if (text.includes('\r')) text = text.replaceAll('\r\n', '\n');
  return longLine(text) ?? { kind: 'text', text };
}

function longLine(text: string): GateRefusal | undefined {
  let start = 0;
  while (start < text.length) {
    let end = text.indexOf('\n', start);
    if (end === -1) end = text.length;
    if (end - start > MAX_LINE_LENGTH) {
      const message = `this line has ${end - start} characters; at most ${MAX_LINE_LENGTH} are read`;
      return refuse('PIPE-YAML-005', message, text, start, start + 1, 'break it into several lines');
    }
    start = end + 1;
  }
  return undefined;
}

function codePoint(character: string): string {
  return `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function refuse(code: string, message: string, text: string, start: number, end: number, help?: string): GateRefusal {
  return { kind: 'refused', code, message, text, start, end, ...(help !== undefined && { help }) };
}

/**
 * Watches the tokens of `yaml`'s lexer on their way to the parser and refuses what would make it nest, or grow, past
 * the budgets. The measure of depth is never more than twice too small: a list may stand at its key's column.
 */
export interface TokenGate {
  readonly see: (token: string) => GateRefusal | undefined;
}

const KNOWN_DIRECTIVE = /^%YAML[ \t]+1\.2$/;

/** Zero-width marks that the lexer adds: a document starts, a flow ends early, a scalar follows. */
const DOCUMENT = '\x02';
const FLOW_END = '\x18';
const SCALAR = '\x1f';

interface Counts {
  offset: number;
  lineStart: number;
  tokens: number;
  entries: number;
  /** Columns at which block content began, innermost last. */
  readonly columns: number[];
  /** One number per open bracket: the `:` and `?` since its last comma, each of which may nest. */
  readonly flow: number[];
  isLineStart: boolean;
  isAfterIndicator: boolean;
  isScalarNext: boolean;
  /** After `|` or `>`: the scalar's token starts at column 0 whatever its indentation. */
  isBlockScalar: boolean;
}

export function tokenGate(text: string): TokenGate {
  const counts: Counts = {
    offset: 0,
    lineStart: 0,
    tokens: 0,
    entries: 0,
    columns: [],
    flow: [],
    isLineStart: true,
    isAfterIndicator: false,
    isScalarNext: false,
    isBlockScalar: false,
  };
  const see = (token: string): GateRefusal | undefined => {
    if (!counts.isScalarNext && token[0] === '%' && !KNOWN_DIRECTIVE.test(token)) {
      return refuse(
        'PIPE-YAML-020',
        'only the directive `%YAML 1.2` is read',
        text,
        counts.offset,
        counts.offset + token.length,
        'remove this line',
      );
    }
    count(counts, token);
    const refused = overBudget(counts, text);
    if (token !== DOCUMENT && token !== FLOW_END && token !== SCALAR) counts.offset += token.length;
    return refused;
  };
  return { see };
}

function count(counts: Counts, token: string): void {
  counts.tokens++;
  if (counts.isScalarNext) {
    counts.isScalarNext = false;
    if (!counts.isBlockScalar) content(counts);
    counts.isBlockScalar = false;
    skipLines(counts, token);
    return;
  }
  switch (token[0]) {
    case SCALAR:
      counts.isScalarNext = true;
      return;
    case DOCUMENT:
      startDocument(counts);
      return;
    case FLOW_END:
      counts.flow.length = 0;
      return;
    case undefined:
    case ' ':
    case '\t':
    case '#':
    case '!':
    case '&':
      return;
    case '\r':
    case '\n':
      counts.lineStart = counts.offset + token.length;
      counts.isLineStart = true;
      return;
    case '[':
    case '{':
      content(counts);
      counts.flow.push(0);
      return;
    case ']':
    case '}':
      counts.flow.pop();
      return;
    case ',':
      counts.entries++;
      if (counts.flow.length > 0) counts.flow[counts.flow.length - 1] = 0;
      return;
    case '|':
    case '>':
      content(counts);
      counts.isBlockScalar = true;
      return;
    case '-':
    case '.':
    case '?':
    case ':':
      if (token.length === 3) startDocument(counts);
      else indicator(counts, token);
      return;
    default:
      content(counts);
      skipLines(counts, token);
  }
}

function startDocument(counts: Counts): void {
  counts.columns.length = 0;
  counts.flow.length = 0;
  counts.isLineStart = true;
}

function indicator(counts: Counts, token: string): void {
  counts.entries++;
  if (counts.flow.length > 0) {
    if (token !== '-') counts.flow[counts.flow.length - 1]!++;
    return;
  }
  content(counts);
  counts.isAfterIndicator = true;
}

/** Content begins: at the start of a line it closes all that is not left of it, after an indicator it nests. */
function content(counts: Counts): void {
  if (counts.flow.length > 0) return;
  const column = counts.offset - counts.lineStart;
  if (counts.isLineStart) {
    while (counts.columns.length > 0 && counts.columns[counts.columns.length - 1]! >= column) counts.columns.pop();
    counts.columns.push(column);
  } else if (counts.isAfterIndicator) counts.columns.push(column);
  counts.isLineStart = false;
  counts.isAfterIndicator = false;
}

/** A scalar may span lines; a block scalar ends with one. */
function skipLines(counts: Counts, token: string): void {
  const lastLine = token.lastIndexOf('\n');
  if (lastLine === -1) return;
  counts.lineStart = counts.offset + lastLine + 1;
  counts.isLineStart = lastLine === token.length - 1;
}

function overBudget(counts: Counts, text: string): GateRefusal | undefined {
  const { offset } = counts;
  const depth = counts.columns.length + counts.flow.length + (counts.flow[counts.flow.length - 1] ?? 0);
  if (depth > MAX_YAML_DEPTH) {
    return refuse(
      'PIPE-YAML-006',
      `the nesting is deeper than ${MAX_YAML_DEPTH} levels here`,
      text,
      offset,
      offset + 1,
    );
  }
  if (counts.tokens > MAX_YAML_TOKENS) return tooMany(`${MAX_YAML_TOKENS} tokens`, text, offset);
  if (counts.entries > MAX_YAML_ENTRIES) return tooMany(`${MAX_YAML_ENTRIES} keys and items`, text, offset);
  return undefined;
}

function tooMany(what: string, text: string, offset: number): GateRefusal {
  return refuse(
    'PIPE-YAML-007',
    `the file has more than ${what}`,
    text,
    offset,
    offset + 1,
    'split it into several files',
  );
}
