import { MAX_DIFF_EDITS } from '../base/index.ts';

/** One line of a comparison: kept, removed or added. */
interface DiffLine {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

const CONTEXT = 3;

/** `git diff` of one file, from its header on; [] for equal texts. Lines carry their mark as first character. */
export function unifiedDiff(path: string, before: string, after: string): readonly string[] {
  if (before === after) return [];
  const lines = compareLines(linesOf(before), linesOf(after));
  return [`--- a/${path}`, `+++ b/${path}`, ...hunks(lines)];
}

/** Lines with the mark of a last one that is not ended, as `git diff` has it. */
function linesOf(text: string): readonly string[] {
  if (text === '') return [];
  return text.endsWith('\n')
    ? text.slice(0, -1).split('\n')
    : `${text}\n\\ No newline at end of file`.split(/\n(?!\\ No)/);
}

function hunks(lines: readonly DiffLine[]): readonly string[] {
  const result: string[] = [];
  let oldLine = 1;
  let newLine = 1;
  for (let at = 0; at < lines.length; ) {
    const next = lines.findIndex((line, index) => index >= at && line.mark !== ' ');
    if (next === -1) break;
    const start = Math.max(at, next - CONTEXT);
    oldLine += start - at;
    newLine += start - at;
    const end = hunkEnd(lines, next);
    const hunk = lines.slice(start, end);
    const oldCount = hunk.filter(({ mark }) => mark !== '+').length;
    const newCount = hunk.filter(({ mark }) => mark !== '-').length;
    result.push(`@@ -${range(oldLine, oldCount)} +${range(newLine, newCount)} @@`);
    result.push(...hunk.flatMap(({ mark, text }) => `${mark}${text}`.split('\n')));
    oldLine += oldCount;
    newLine += newCount;
    at = end;
  }
  return result;
}

/** Where the hunk with the change at `from` ends: three lines after its last change, unless another follows at once. */
function hunkEnd(lines: readonly DiffLine[], from: number): number {
  let last = from;
  for (let at = from; at < lines.length && at <= last + 2 * CONTEXT + 1; at += 1)
    if (lines[at]!.mark !== ' ') last = at;
  return Math.min(lines.length, last + 1 + CONTEXT);
}

function range(line: number, count: number): string {
  return count === 1 ? String(line) : `${count === 0 ? line - 1 : line},${count}`;
}

/**
 * The shortest script by Myers' greedy algorithm (1986), between what both have alike at their ends. Past MAX_DIFF_EDITS
 * all that is between them is removed and added.
 */
function compareLines(a: readonly string[], b: readonly string[]): readonly DiffLine[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail])
    tail += 1;
  const kept = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ mark: ' ', text }));
  const oldPart = a.slice(head, a.length - tail);
  const newPart = b.slice(head, b.length - tail);
  return [...kept(a.slice(0, head)), ...shortestScript(oldPart, newPart), ...kept(a.slice(a.length - tail))];
}

function shortestScript(a: readonly string[], b: readonly string[]): readonly DiffLine[] {
  const trace = searchTrace(a, b);
  if (trace === undefined) {
    return [...a.map((text) => ({ mark: '-', text }) as const), ...b.map((text) => ({ mark: '+', text }) as const)];
  }
  const script: DiffLine[] = [];
  let x = a.length;
  let y = b.length;
  for (let depth = trace.length - 1; depth >= 0; depth -= 1) {
    const furthest = trace[depth]!;
    const k = x - y;
    const isDown = k === -depth || (k !== depth && (furthest.get(k - 1) ?? 0) < (furthest.get(k + 1) ?? 0));
    const fromK = isDown ? k + 1 : k - 1;
    const fromX = depth === 0 ? 0 : (furthest.get(fromK) ?? 0);
    const fromY = depth === 0 ? 0 : fromX - fromK;
    while (x > fromX && y > fromY) {
      script.push({ mark: ' ', text: a[x - 1]! });
      x -= 1;
      y -= 1;
    }
    if (depth === 0) break;
    script.push(isDown ? { mark: '+', text: b[y - 1]! } : { mark: '-', text: a[x - 1]! });
    x = fromX;
    y = fromY;
  }
  return script.reverse();
}

/** The furthest x per diagonal before each step; undefined when the texts differ by more than is searched. */
function searchTrace(a: readonly string[], b: readonly string[]): readonly ReadonlyMap<number, number>[] | undefined {
  const trace: ReadonlyMap<number, number>[] = [];
  const furthest = new Map<number, number>([[1, 0]]);
  for (let depth = 0; depth <= Math.min(a.length + b.length, MAX_DIFF_EDITS); depth += 1) {
    trace.push(new Map(furthest));
    for (let k = -depth; k <= depth; k += 2) {
      const isDown = k === -depth || (k !== depth && (furthest.get(k - 1) ?? 0) < (furthest.get(k + 1) ?? 0));
      let x = isDown ? (furthest.get(k + 1) ?? 0) : (furthest.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      furthest.set(k, x);
      if (x >= a.length && x - k >= b.length) return trace;
    }
  }
  return undefined;
}
