import { Lexer } from 'yaml';
import type { Place } from './document.ts';
import type { SourceText } from './source-text.ts';

/** A comment `# pipectl: ignore CODE, CODE why` of a definitions file. */
export interface Ignore {
  /** The line whose findings it is about: its own, or the next with content when the comment stands alone. */
  readonly line: number;
  /** In capitals, as written else; empty when the comment names none. */
  readonly codes: readonly string[];
  /** The comment, for findings about itself. */
  readonly place: () => Place;
}

/** What a text without any such comment lacks: nearly all texts are told apart by this alone. */
const MARK = 'pipectl:';
const COMMENT = /^#\s*pipectl:\s*ignore\b[\s:]*(.*)$/;
const NONE: readonly Ignore[] = [];

/** The ignore comments of a text that the parser took; text inside of scalars that looks like one is none. */
export function ignoresOf(source: SourceText): readonly Ignore[] {
  if (!source.text.includes(MARK)) return NONE;
  const ignores: Ignore[] = [];
  let offset = 0;
  let isScalar = false;
  for (const token of new Lexer().lex(source.text)) {
    // Tokens that stand for no text: a byte order mark was cut off before, these announce what follows.
    if (token === '\u0002' || token === '\u0018' || token === '\u001f') {
      isScalar = token === '\u001f';
      continue;
    }
    const found = isScalar || !token.startsWith('#') ? null : COMMENT.exec(token.trimEnd());
    if (found !== null) ignores.push(ignoreAt(source, offset, token.trimEnd().length, found[1] ?? ''));
    isScalar = false;
    offset += token.length;
  }
  return ignores;
}

function ignoreAt(source: SourceText, start: number, length: number, rest: string): Ignore {
  const { line } = source.place(start, start + length).span;
  const lineStart = source.text.lastIndexOf('\n', start - 1) + 1;
  const isAlone = source.text.slice(lineStart, start).trim() === '';
  return {
    line: isAlone ? line + linesToContent(source.text, start) : line,
    codes: codesOf(rest),
    place: () => source.place(start, start + length),
  };
}

/** Codes come first, parted by commas or spaces; what follows them is the reason. */
function codesOf(rest: string): readonly string[] {
  const codes: string[] = [];
  for (const word of rest.split(/[\s,]+/)) {
    const code = /^[A-Za-z]+-[A-Za-z]+-\w+/.exec(word)?.[0];
    if (code === undefined) break;
    codes.push(code.toUpperCase());
  }
  return codes;
}

/** How many lines below the comment at `start` the next line stands that is neither empty nor a comment alone. */
function linesToContent(text: string, start: number): number {
  let lines = 0;
  for (let end = text.indexOf('\n', start); end !== -1; end = text.indexOf('\n', end + 1)) {
    lines += 1;
    const next = text.indexOf('\n', end + 1);
    const line = text.slice(end + 1, next === -1 ? text.length : next).trim();
    if (line !== '' && !line.startsWith('#')) break;
  }
  return lines;
}
