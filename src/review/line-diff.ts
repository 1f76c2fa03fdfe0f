/** A line of two texts laid over each other. */
export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added' | 'gap';
  readonly text: string;
}

/** Lines of unchanged text around a change. */
const CONTEXT = 1;
/** Cells of the table that finds the longest common part: past it the texts are told one after the other. */
const MAX_CELLS = 1_000_000;

/** What differs between two texts, line by line; longer stretches that are the same are left out. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const old = before.split('\n');
  const fresh = after.split('\n');
  if (old.length * fresh.length > MAX_CELLS) {
    return [...old.map((text) => line('removed', text)), ...fresh.map((text) => line('added', text))];
  }
  return withoutFar(laidOver(old, fresh));
}

function line(kind: DiffLine['kind'], text: string): DiffLine {
  return { kind, text };
}

/** By the longest common subsequence; of equal ways the one that removes first. */
function laidOver(old: readonly string[], fresh: readonly string[]): readonly DiffLine[] {
  const width = fresh.length + 1;
  const common = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      const isSame = old[i] === fresh[j];
      const below = common[(i + 1) * width + j] as number;
      const right = common[i * width + j + 1] as number;
      common[i * width + j] = isSame ? (common[(i + 1) * width + j + 1] as number) + 1 : Math.max(below, right);
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) {
      lines.push(line('same', old[i] as string));
      i += 1;
      j += 1;
    } else if (j === fresh.length || (i < old.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!)) {
      lines.push(line('removed', old[i] as string));
      i += 1;
    } else {
      lines.push(line('added', fresh[j] as string));
      j += 1;
    }
  }
  return lines;
}

function withoutFar(lines: readonly DiffLine[]): readonly DiffLine[] {
  const isNear = (at: number): boolean =>
    lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ kind }) => kind !== 'same');
  const kept: DiffLine[] = [];
  lines.forEach((each, at) => {
    if (isNear(at)) kept.push(each);
    else if (kept.at(-1)?.kind !== 'gap') kept.push(line('gap', '…'));
  });
  return kept;
}
