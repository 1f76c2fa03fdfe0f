import type { Place } from './document.ts';
import type { SourceText } from './source-text.ts';
import { commentsOf } from './yaml-contents.ts';

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
  const { text } = source;
  const ignores: Ignore[] = [];
  const nextContent = contentFinder(text);
  for (const start of commentsOf(text)) {
    const end = text.indexOf('\n', start);
    const comment = text.slice(start, end === -1 ? text.length : end).trimEnd();
    const found = COMMENT.exec(comment);
    if (found === null) continue;
    const isAlone = text.slice(text.lastIndexOf('\n', start - 1) + 1, start).trim() === '';
    const about = isAlone ? nextContent(start) : start;
    ignores.push({
      line: source.place(about, about + 1).span.line,
      codes: codesOf(found[1] ?? ''),
      place: () => source.place(start, start + comment.length),
    });
  }
  return ignores;
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

/**
 * The start of the next line below a comment that is neither empty nor a comment alone, or of the last one. Asked for ever
 * later comments, it walks over the text once.
 */
function contentFinder(text: string): (from: number) => number {
  let found = -1;
  return (from) => {
    if (found > from) return found;
    found = from;
    for (let end = text.indexOf('\n', from); end !== -1; end = text.indexOf('\n', end + 1)) {
      found = end + 1;
      const next = text.indexOf('\n', end + 1);
      const line = text.slice(end + 1, next === -1 ? text.length : next).trim();
      if (line !== '' && !line.startsWith('#')) break;
    }
    return found;
  };
}
