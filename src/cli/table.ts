import { cutTo, fitColumns, padEnd, padStart, type TableColumn, widthOf } from '../client/index.ts';

export type { TableColumn };

export interface TableOptions {
  /** Terminal columns; undefined: nothing is cut. */
  readonly columns: number | undefined;
  readonly header: boolean;
  /** Adds colour to a cell after it was cut and padded. */
  readonly style?: (text: string, column: number, row: number) => string;
}

const GAP = '   ';

/**
 * Rows as lines of aligned columns. When they do not fit, the widest columns are shortened down to their minimum,
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
  const widths = options.columns === undefined ? natural : fitColumns(columns, natural, options.columns, GAP.length);
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
