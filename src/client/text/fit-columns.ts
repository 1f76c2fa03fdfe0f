export interface TableColumn {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Columns of low priority are dropped first when the terminal is narrow; the highest stays. Default 0. */
  readonly priority?: number;
  /** Never cut below this many columns; a column that is a name should show whole. Default 8. */
  readonly minWidth?: number;
}

/** A width for each column, -1 for a dropped one, that together fit into `room` with gaps of `gap` between them. */
export function fitColumns(
  columns: readonly Pick<TableColumn, 'priority' | 'minWidth'>[],
  natural: readonly number[],
  room: number,
  gap: number,
): number[] {
  const widths = [...natural];
  const used = () => {
    const kept = widths.filter((width) => width >= 0);
    return kept.reduce((sum, width) => sum + width, 0) + gap * Math.max(0, kept.length - 1);
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
