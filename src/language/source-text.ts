import { MAX_FRAME_COLUMNS, type Span } from '../base/index.ts';
import type { Place } from './document.ts';

/** A file's text with its lines: offsets (UTF-16) become places. Lines are found when first asked for. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
  /** The place of [start, end); an empty range becomes one column, a range over lines ends with its first line. */
  readonly place: (start: number, end: number) => Place;
}

export function sourceText(path: string, text: string): SourceText {
  let starts: readonly number[] | undefined;
  const place = (start: number, end: number): Place => {
    starts ??= lineStarts(text);
    return placeIn(path, text, starts, start, end);
  };
  return { path, text, place };
}

/** The place of a whole file, for what concerns no line of it. */
export function startOfFile(path: string): Span {
  return { file: path, line: 1, column: 1, endLine: 1, endColumn: 2 };
}

function placeIn(path: string, text: string, starts: readonly number[], from: number, to: number): Place {
  const start = Math.max(0, Math.min(from, text.length));
  const line = lineOf(starts, start);
  const lineStart = starts[line]!;
  const next = starts[line + 1] ?? text.length + 1;
  const lineEnd = Math.max(lineStart, next - 1 - (text[next - 2] === '\r' ? 1 : 0));
  const end = Math.max(start + 1, Math.min(to, Math.max(lineEnd, start + 1)));
  const frameStart = lineStart + frameOffset(text, lineStart, lineEnd, start, end);
  return {
    span: {
      file: path,
      line: line + 1,
      column: start - lineStart + 1,
      endLine: line + 1,
      endColumn: end - lineStart + 1,
    },
    frame: text.slice(frameStart, Math.min(lineEnd, frameStart + MAX_FRAME_COLUMNS)),
    ...(frameStart > lineStart && { frameColumn: frameStart - lineStart + 1 }),
  };
}

/** How far into its line the frame begins: 0 when the range shows from there, else so that the range stands in its middle. */
function frameOffset(text: string, lineStart: number, lineEnd: number, start: number, end: number): number {
  if (lineEnd - lineStart <= MAX_FRAME_COLUMNS || end - lineStart <= MAX_FRAME_COLUMNS) return 0;
  const room = Math.max(MIN_FRAME_CONTEXT, Math.floor((MAX_FRAME_COLUMNS - (end - start)) / 2));
  const offset = Math.max(0, Math.min(start - room, lineEnd - MAX_FRAME_COLUMNS) - lineStart);
  // Not between the halves of a surrogate pair.
  const unit = text.charCodeAt(lineStart + offset);
  return offset > 0 && unit >= 0xdc00 && unit <= 0xdfff ? offset - 1 : offset;
}

/** Characters shown before a range that is wider than a frame. */
const MIN_FRAME_CONTEXT = 20;

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** Index of the last line that starts at or before `offset`. */
function lineOf(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
