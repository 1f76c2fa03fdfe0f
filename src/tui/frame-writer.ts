import { changeRow, moveTo } from './cells.ts';

/** What is on the screen, row by row, as it was written. */
export interface Frame {
  readonly columns: number;
  readonly rows: number;
  readonly lines: readonly string[];
}

/** From so many bytes on a terminal is asked to show them at once; a small frame arrives at once anyway. */
const SYNCHRONIZED_BYTES = 1_024;
/** Rows that must move together for the terminal to be asked to move them. */
const MIN_MOVED_ROWS = 3;

/**
 * The bytes that turn what is on the screen into `next`: rows that moved are moved by the terminal, and of the others only
 * what differs is written. Nothing, when nothing differs. Without a frame before, or after a resize, all is written.
 */
export function changeFrame(before: Frame | undefined, next: Frame): string {
  const isFresh = before === undefined || before.columns !== next.columns || before.rows !== next.rows;
  let bytes = isFresh ? '\x1b[0m\x1b[2J' : '';
  let shown: readonly string[] = isFresh ? [] : before.lines;
  if (!isFresh) {
    const move = findMove(shown, next.lines);
    if (move !== undefined) {
      bytes += moveBytes(move);
      shown = moved(shown, move);
    }
  }
  for (let row = 0; row < next.rows; row++) {
    const line = next.lines[row] ?? '';
    const old = shown[row] ?? '';
    if (line !== old) bytes += changeRow(row, old, line);
  }
  return bytes.length < SYNCHRONIZED_BYTES ? bytes : `\x1b[?2026h${bytes}\x1b[?2026l`;
}

/** Rows `top` to `bottom`, both included, go up by `by`, or down when it is negative. */
interface Move {
  readonly top: number;
  readonly bottom: number;
  readonly by: number;
}

/** The move after which most rows are right, if it spares enough. */
function findMove(before: readonly string[], next: readonly string[]): Move | undefined {
  const rows = new Map<string, number>();
  for (const [row, line] of before.entries()) {
    // What stands there twice, or is empty, tells nothing.
    if (line !== '') rows.set(line, rows.has(line) ? -1 : row);
  }
  const votes = new Map<number, { count: number; from: number; to: number }>();
  for (const [row, line] of next.entries()) {
    const old = rows.get(line);
    if (old === undefined || old < 0) continue;
    const by = old - row;
    const vote = votes.get(by);
    if (vote === undefined) votes.set(by, { count: 1, from: row, to: row });
    else {
      vote.count += 1;
      vote.to = row;
    }
  }
  let best: { by: number; count: number; from: number; to: number } | undefined;
  for (const [by, vote] of votes) {
    if (by !== 0 && vote.count >= MIN_MOVED_ROWS && vote.count > (best?.count ?? 0)) best = { by, ...vote };
  }
  if (best === undefined) return undefined;
  const top = Math.min(best.from, best.from + best.by);
  const bottom = Math.max(best.to, best.to + best.by);
  let staying = 0;
  for (let row = top; row <= bottom; row++) if (next[row] !== '' && next[row] === before[row]) staying += 1;
  return best.count >= staying + MIN_MOVED_ROWS ? { top, bottom, by: best.by } : undefined;
}

function moveBytes({ top, bottom, by }: Move): string {
  const scroll = by > 0 ? `\x1b[${by}S` : `\x1b[${-by}T`;
  return `\x1b[${top + 1};${bottom + 1}r${scroll}\x1b[r`;
}

function moved(lines: readonly string[], { top, bottom, by }: Move): readonly string[] {
  return lines.map((line, row) => {
    if (row < top || row > bottom) return line;
    const from = row + by;
    return from < top || from > bottom ? '' : (lines[from] ?? '');
  });
}

/** Where the cursor rests: it is hidden, but some terminals blink where it stands. */
export function park(rows: number): string {
  return moveTo(rows - 1, 0);
}
