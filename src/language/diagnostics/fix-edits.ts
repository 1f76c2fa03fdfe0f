import type { Fix } from '../../base/index.ts';

/** The range that an edit has made in the new text, in UTF-16 offsets; the end is exclusive. */
export interface MadeRange {
  readonly start: number;
  readonly end: number;
}

export interface AppliedFix {
  readonly fix: Fix;
  readonly made: readonly MadeRange[];
}

export interface FixedText {
  readonly text: string;
  readonly applied: readonly AppliedFix[];
  /** Left out because they overlap one that came first, or reach outside of the text. */
  readonly skipped: readonly Fix[];
}

interface PlacedEdit extends MadeRange {
  readonly text: string;
  readonly fix: Fix;
}

/** Applies fixes of one file to its text, whole or not at all each, the first ones first. */
export function applyFixes(text: string, fixes: readonly Fix[]): FixedText {
  const starts = lineStarts(text);
  const taken: PlacedEdit[] = [];
  const skipped: Fix[] = [];
  for (const fix of fixes) {
    const edits = fix.edits.map((edit): PlacedEdit => {
      const { line, column, endLine, endColumn } = edit.span;
      const start = (starts[line - 1] ?? Number.NaN) + column - 1;
      return { fix, text: edit.text, start, end: (starts[endLine - 1] ?? Number.NaN) + endColumn - 1 };
    });
    const isInside = edits.every(({ start, end }) => start >= 0 && start <= end && end <= text.length);
    if (isInside && edits.every((edit) => !taken.some((other) => overlap(edit, other)))) taken.push(...edits);
    else skipped.push(fix);
  }
  return { ...replaceAll(text, taken), skipped };
}

/** Two insertions at one place overlap as well: their order would be anybody's guess. */
function overlap(a: MadeRange, b: MadeRange): boolean {
  return a.start === b.start || (a.start < b.end && b.start < a.end);
}

function replaceAll(text: string, edits: readonly PlacedEdit[]): Omit<FixedText, 'skipped'> {
  const made = new Map<Fix, MadeRange[]>();
  let result = '';
  let from = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    result += text.slice(from, edit.start);
    const start = result.length;
    result += edit.text;
    from = edit.end;
    const ranges = made.get(edit.fix);
    if (ranges === undefined) made.set(edit.fix, [{ start, end: result.length }]);
    else ranges.push({ start, end: result.length });
  }
  return { text: result + text.slice(from), applied: [...made].map(([fix, ranges]) => ({ fix, made: ranges })) };
}

/** Offsets at which the lines of a text begin. */
export function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
