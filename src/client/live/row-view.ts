import type { UnixMs } from '../../base/index.ts';
import { compareRows, type ExecutionRow, type RowSort } from './execution-row.ts';
import type { RowFilter } from './row-filter.ts';
import { type SortedRowsEditor, sortedRows } from './sorted-rows.ts';

/** Rows that a filter lets through, in an order, kept so while rows change. */
export interface RowView {
  /** The rows as of now; what changed since the last call is put in first. */
  rows(now: UnixMs): readonly ExecutionRow[];
  /** Where a row stands among those that `rows` told last; -1: it is not among them. */
  indexOf(row: ExecutionRow): number;
  change(old: ExecutionRow | undefined, next: ExecutionRow | undefined): void;
}

export interface RowViewOptions {
  readonly sort: RowSort;
  readonly isDescending: boolean;
  readonly filter: RowFilter;
}

/** What a filter of time lets through is looked at again after so long. */
const TIME_STEP_MS = 5_000;
/** With more changes than this since the last look, sorting anew is cheaper than putting each in. */
const MAX_SINGLE_CHANGES = 2_000;
/** Sorting anew takes at most this part of the time while much is coming in. */
const REBUILD_SHARE = 10;

/** A view of `all`, which the caller keeps and tells the view of each change to. */
export function rowView(
  all: ReadonlyMap<string, ExecutionRow>,
  { sort, isDescending, filter }: RowViewOptions,
): RowView {
  const sorted: SortedRowsEditor<ExecutionRow> = sortedRows(compareRows(sort, isDescending));
  let pending: { readonly old: ExecutionRow | undefined; readonly next: ExecutionRow | undefined }[] = [];
  let isStale = true;
  let builtAt = Number.NEGATIVE_INFINITY;
  let buildMs = 0;
  const rebuild = (now: UnixMs): void => {
    const from = performance.now();
    sorted.reset([...all.values()].filter((row) => filter.matches(row, now)));
    buildMs = performance.now() - from;
    builtAt = now;
    isStale = false;
    pending = [];
  };
  const isDue = (now: UnixMs): boolean => {
    if (isStale) return now - builtAt >= buildMs * REBUILD_SHARE;
    return filter.dependsOnTime && now - builtAt >= TIME_STEP_MS;
  };
  return {
    rows(now) {
      if (isDue(now)) rebuild(now);
      else if (!isStale) {
        for (const { old, next } of pending) {
          sorted.replace(old, next !== undefined && filter.matches(next, now) ? next : undefined);
        }
        pending = [];
      }
      return sorted.rows;
    },
    indexOf: sorted.indexOf,
    change(old, next) {
      if (isStale) return;
      if (pending.length >= MAX_SINGLE_CHANGES) {
        isStale = true;
        pending = [];
      } else pending.push({ old, next });
    },
  };
}
