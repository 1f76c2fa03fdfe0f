import type { Document } from 'yaml';
import { type Json, MAX_FULL_PARSE_LENGTH, MAX_YAML_DOCUMENTS, MAX_YAML_ENTRIES } from '../base/index.ts';
import { type FastPart, fastDocuments, fastMarks, fastParts } from './fast-yaml/index.ts';
import type { GateRefusal } from './gate.ts';
import { excerptFindings } from './yaml-excerpt.ts';
import { yaml } from './yaml-library.ts';
import { type Mark, marksOfTree } from './yaml-mark.ts';
import type { SyntaxFinding } from './yaml-syntax.ts';
import { parseYaml } from './yaml-tree.ts';

/** One document of a text, as it was read, with its places. */
export type Content = { readonly mark: () => Mark } & (
  | ValueContent
  | TreeContent
  | {
      /** Too long to be read whole and not plain: what is wrong with it, and as much of its value as its beginning tells. */
      readonly kind: 'unread';
      readonly value: Json;
      readonly findings: readonly SyntaxFinding[];
    }
);

/** A value that is known to come from a text without faults. */
interface ValueContent {
  readonly kind: 'value';
  readonly value: Json;
}

/** What the full parser made of the text from `offset` on; its places count from there. */
interface TreeContent {
  readonly kind: 'tree';
  readonly tree: Document.Parsed;
  readonly text: string;
  readonly offset: number;
}

export type Contents = { readonly kind: 'contents'; readonly contents: readonly Content[] } | GateRefusal;

/**
 * The documents of a text, in order. Plain ones are read fast, others by the full parser: of a short text it sees all, of a
 * long one at most MAX_FULL_PARSE_LENGTH. So the time is bounded for any text.
 */
export function contentsOf(text: string): Contents {
  if (text.length > MAX_FULL_PARSE_LENGTH) return contentsOfLong(text);
  const values = fastDocuments(text);
  if (values === undefined) return treesOf(text, 0, text);
  let marks: readonly Mark[] | undefined;
  const contents = values.map((value, index): Content => {
    const mark = (): Mark => {
      // Where it takes no marks, for a document without contents, the full parser tells what stands for it.
      marks ??= fastMarks(text) ?? marksOfContents(treesOf(text, 0, text));
      return marks[index] as Mark;
    };
    return { kind: 'value', value, mark };
  });
  return { kind: 'contents', contents };
}

/** The marks of all documents of a text. */
export function marksOfText(text: string): readonly Mark[] {
  return marksOfContents(contentsOf(text));
}

function marksOfContents(contents: Contents): readonly Mark[] {
  return contents.kind === 'contents' ? contents.contents.map(({ mark }) => mark()) : [];
}

/** Reads `part`, which begins at `offset` of the text, by the full parser. */
function treesOf(part: string, offset: number, text: string): Contents {
  const parsed = parseYaml(part);
  if (parsed.kind === 'refused') return { ...parsed, text, start: parsed.start + offset, end: parsed.end + offset };
  const contents = parsed.documents.map((tree): Content => {
    let mark: Mark | undefined;
    return { kind: 'tree', tree, text: part, offset, mark: () => (mark ??= marksOfTree(tree, offset)) };
  });
  return { kind: 'contents', contents };
}

function contentsOfLong(text: string): Contents {
  const parts = fastParts(text);
  if (parts.length > MAX_YAML_DOCUMENTS) {
    const message = `the file has more than ${MAX_YAML_DOCUMENTS} documents`;
    return refusal(text, 'PIPE-YAML-007', message, 0, 'split it into several files');
  }
  let marked: readonly FastPart[] | undefined;
  const contents: Content[] = [];
  let left = MAX_FULL_PARSE_LENGTH;
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'read') {
      const mark = (): Mark => {
        marked ??= fastParts(text, { isMarking: true });
        return markOfPart(text, marked[index] as FastPart);
      };
      contents.push({ kind: 'value', value: part.value, mark });
      continue;
    }
    const { start, end, at } = part;
    if (part.isOverBudget) {
      const message = `the file has more than ${MAX_YAML_ENTRIES} keys and items`;
      return refusal(text, 'PIPE-YAML-007', message, at, 'split it into several files');
    }
    if (text[at] === '%' && (at === 0 || text[at - 1] === '\n')) {
      const message = `a file of more than ${MAX_FULL_PARSE_LENGTH / 1024} KiB is read without directives`;
      return refusal(text, 'PIPE-YAML-020', message, at, 'remove this line');
    }
    if (end - start > left) {
      const { length, value, findings } = excerptFindings(text, part, left);
      contents.push({ kind: 'unread', value, findings, mark: () => ({ start, end: start + 1 }) });
      left -= length;
      continue;
    }
    left -= end - start;
    const read = treesOf(text.slice(start, end), start, text);
    if (read.kind === 'refused') return read;
    contents.push(...read.contents);
  }
  return { kind: 'contents', contents };
}

/** Where the reader takes no marks, the full parser does; of a part too long for it the start stands for all. */
function markOfPart(text: string, part: FastPart): Mark {
  if (part.kind === 'read') return part.mark as Mark;
  const { start, end } = part;
  const whole = { start, end: start + 1 };
  if (end - start > MAX_FULL_PARSE_LENGTH) return whole;
  return marksOfContents(treesOf(text.slice(start, end), start, text))[0] ?? whole;
}

function refusal(text: string, code: string, message: string, at: number, help: string): GateRefusal {
  return { kind: 'refused', code, message, text, start: at, end: at + 1, help };
}

/** Where the comments of a text begin, in order; text inside of scalars that looks like one is none. */
export function commentsOf(text: string): readonly number[] {
  const comments: number[] = [];
  if (text.length <= MAX_FULL_PARSE_LENGTH) {
    lexComments(text, 0, comments);
    return comments;
  }
  let left = MAX_FULL_PARSE_LENGTH;
  // In the order of the text, but for those of parts that only the lexer reads.
  for (const part of fastParts(text, { comments })) {
    if (part.kind === 'read' || part.end - part.start > left) continue;
    left -= part.end - part.start;
    lexComments(text.slice(part.start, part.end), part.start, comments);
  }
  return comments.sort((a, b) => a - b);
}

function lexComments(text: string, from: number, comments: number[]): void {
  let offset = from;
  let isScalar = false;
  for (const token of new (yaml().Lexer)().lex(text)) {
    // Tokens that stand for no text: a byte order mark was cut off before, these announce what follows.
    if (token === '\u0002' || token === '\u0018' || token === '\u001f') {
      isScalar = token === '\u001f';
      continue;
    }
    if (!isScalar && token.startsWith('#')) comments.push(offset);
    isScalar = false;
    offset += token.length;
  }
}
