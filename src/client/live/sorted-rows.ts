/** Rows in order, kept in order: a change costs a search and a shift, not a sort. */
export interface SortedRows<T> {
  readonly rows: readonly T[];
  /** Where the row stands; -1: it is not here. */
  indexOf(row: T): number;
}

export interface SortedRowsEditor<T> extends SortedRows<T> {
  /** Takes `old` out and puts `next` in; either may be undefined. */
  replace(old: T | undefined, next: T | undefined): void;
  /** Starts anew with these rows, in any order. */
  reset(rows: Iterable<T>): void;
}

/** `compare` must be a total order: two rows that it calls equal are the same row. */
export function sortedRows<T>(compare: (a: T, b: T) => number): SortedRowsEditor<T> {
  let rows: T[] = [];
  const place = (row: T): number => {
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = rows[middle];
      if (other !== undefined && compare(other, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const indexOf = (row: T): number => {
    const at = place(row);
    const found = rows[at];
    return found !== undefined && compare(found, row) === 0 ? at : -1;
  };
  return {
    get rows() {
      return rows;
    },
    indexOf,
    replace(old, next) {
      const from = old === undefined ? -1 : indexOf(old);
      if (next === undefined) {
        if (from >= 0) rows.splice(from, 1);
        return;
      }
      if (from >= 0) {
        const before = rows[from - 1];
        const after = rows[from + 1];
        // Most changes leave a row where it is.
        if ((before === undefined || compare(before, next) < 0) && (after === undefined || compare(next, after) < 0)) {
          rows[from] = next;
          return;
        }
        rows.splice(from, 1);
      }
      rows.splice(place(next), 0, next);
    },
    reset(all) {
      rows = [...all].sort(compare);
    },
  };
}
