import type { UnixMs } from '../../base/index.ts';
import {
  type ExecutionRow,
  type LiveExecutions,
  parseFilter,
  ROW_SORTS,
  type RowFilter,
  type RowSort,
  type RowView,
} from '../../client/index.ts';
import type { ListContent } from '../content.ts';
import { clean } from '../line.ts';
import type { ListState, Place } from '../state.ts';
import { executionsContent, growWidths, NO_WIDTHS, type Widths } from '../views/executions.ts';
import type { Source, SourcePorts } from './source.ts';

/** Rows whose widths are looked at: those at the top are what is seen first, and what is scrolled to is added. */
const MEASURED_ROWS = 200;

/** The live list of executions, or of those that wait for somebody. */
export function executionsSource(ports: SourcePorts, what: 'executions' | 'approvals'): Source {
  let live: LiveExecutions | undefined;
  let view: RowView | undefined;
  let viewKey = '';
  let filterError: string | undefined;
  let widths: Widths = NO_WIDTHS;
  const drop = (): void => {
    if (view !== undefined) live?.drop(view);
    view = undefined;
  };
  const viewFor = (list: ListState): RowView => {
    const now = ports.executions();
    const key = `${list.filter}\n${list.sort ?? ''}\n${list.isDescending ?? true}`;
    if (view !== undefined && key === viewKey && now === live) return view;
    const parsed = parseFilter(list.filter);
    filterError = parsed.kind === 'error' ? parsed.message : undefined;
    // While a filter is being typed, what it said last still holds.
    if (parsed.kind === 'error' && view !== undefined && now === live) return view;
    drop();
    live = now;
    viewKey = key;
    const filter = parsed.kind === 'error' ? ALL : parsed.filter;
    view = now.view({ sort: sortOf(list.sort), isDescending: list.isDescending ?? true, filter: only(filter, what) });
    return view;
  };
  return {
    content(place: Place, now: UnixMs): ListContent {
      const current = viewFor(place.list);
      const rows = current.rows(now);
      const executions = ports.executions();
      const from = Math.max(0, place.list.index - MEASURED_ROWS / 2);
      widths = growWidths(widths, rows.slice(from, from + MEASURED_ROWS));
      const freshness = ports.heartbeat.freshness(now);
      return executionsContent(
        {
          rows,
          total: executions.rows.size,
          left: executions.left,
          isLoaded: executions.isLoaded,
          widths,
          withNamespace: executions.namespaces.size > 1,
          filter: place.list.filter,
          order: { by: sortOf(place.list.sort), isDescending: place.list.isDescending ?? true },
          ...(filterError !== undefined && { filterError }),
          ...(freshness.kind === 'reconnecting' && {
            problem: `the control plane does not answer: ${clean(freshness.message)}`,
          }),
          ...(what === 'approvals' && { empty: 'Nothing waits for an approval.' }),
          rowOf: (id) => executions.rows.get(id),
          indexOf: current.indexOf,
        },
        now,
      );
    },
    close: drop,
  };
}

const ALL: RowFilter = { matches: () => true, dependsOnTime: false };

function only(filter: RowFilter, what: 'executions' | 'approvals'): RowFilter {
  if (what === 'executions') return filter;
  return { ...filter, matches: (row: ExecutionRow, now) => row.waiting !== '' && filter.matches(row, now) };
}

function sortOf(sort: string | undefined): RowSort {
  return ROW_SORTS.find((known) => known === sort) ?? 'finished';
}
