import { cutTo, padEnd, padStart, widthOf } from './width.ts';

export interface TableColumn {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Columns of low priority are dropped first when the terminal is narrow; the highest stays. Default 0. */
  readonly priority?: number;
  /** Never cut below this many columns; a column that is a name should show whole. Default 8. */
  readonly minWidth?: number;
}

export interface TableOptions {
  /** Terminal columns; undefined: nothing is cut. */
  readonly columns: number | undefined;
  readonly header: boolean;
  /** Adds colour to a cell after it was cut and padded. */
  readonly style?: (text: string, column: number, row: number) => string;
}

const GAP = '   ';

/**
 * Rows as lines of aligned columns. When they do not cutTo, the widest columns are shortened down to their minimum,
 * then columns are dropped by priority. No line is wider than the terminal, and none ends in blanks.
 */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): string[] {
  const natural = columns.map(({ title }, at) => {
    let width = options.header ? widthOf(title) : 0;
    for (const row of rows) width = Math.max(width, widthOf(row[at] ?? ''));
    return width;
  });
  const widths = options.columns === undefined ? natural : fitColumns(columns, natural, options.columns);
  const kept = columns.map((_, at) => at).filter((at) => widths[at]! >= 0);
  const line = (cells: readonly string[], row: number) =>
    kept
      .map((at, position) => {
        const cell = cutTo(cells[at] ?? '', widths[at]!);
        const isLast = position === kept.length - 1;
        const padded =
          columns[at]!.align === 'right' ? padStart(cell, widths[at]!) : isLast ? cell : padEnd(cell, widths[at]!);
        return options.style && row >= 0 ? options.style(padded, at, row) : padded;
      })
      .join(GAP)
      .trimEnd();
  const lines = rows.map((row, at) => line(row, at));
  if (options.header) {
    lines.unshift(
      line(
        columns.map(({ title }) => title),
        -1,
      ),
    );
  }
  return lines;
}

/** A width for each column, -1 for a dropped one, that together fit into `room`. */
function fitColumns(columns: readonly TableColumn[], natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  const used = () => {
    const kept = widths.filter((width) => width >= 0);
    return kept.reduce((sum, width) => sum + width, 0) + GAP.length * Math.max(0, kept.length - 1);
  };
  const least = (at: number) => Math.min(natural[at]!, columns[at]!.minWidth ?? 8);
  for (;;) {
    const over = used() - room;
    if (over <= 0) return widths;
    const widest = pick(widths, (at) => widths[at]! - least(at));
    if (widest !== undefined && widths[widest]! > least(widest)) {
      widths[widest] = Math.max(least(widest), widths[widest]! - over);
      continue;
    }
    const kept = widths.filter((width) => width >= 0).length;
    if (kept <= 1) {
      const last = widths.findIndex((width) => width >= 0);
      widths[last] = Math.max(1, room);
      return widths;
    }
    const first = pick(widths, (at) => -(columns[at]!.priority ?? 0))!;
    widths[first] = -1;
    // What the dropped column had is given back to those that were cut.
    for (let at = 0; at < widths.length; at++) if (widths[at]! >= 0) widths[at] = natural[at]!;
  }
}

/** The kept column with the highest score; the last of equals. */
function pick(widths: readonly number[], score: (at: number) => number): number | undefined {
  let best: number | undefined;
  for (let at = 0; at < widths.length; at++) {
    if (widths[at]! >= 0 && (best === undefined || score(at) >= score(best))) best = at;
  }
  return best;
}
