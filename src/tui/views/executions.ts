import type { UnixMs } from '../../base/index.ts';
import { type ExecutionRow, ROW_SORTS, widthOf } from '../../client/index.ts';
import { humanDuration } from '../../cluster/index.ts';
import type { ListColumn, ListContent } from '../content.ts';
import { clean, type Line, type Span, span } from '../line.ts';
import { phaseSpan } from '../phase.ts';

/** What the list of executions is made of. */
export interface ExecutionsModel {
  readonly rows: readonly ExecutionRow[];
  readonly total: number;
  /** Executions that are not held, for want of room. */
  readonly left: number;
  readonly isLoaded: boolean;
  readonly widths: Widths;
  readonly withNamespace: boolean;
  readonly filterError?: string;
  readonly filter: string;
  readonly order?: NonNullable<ListContent['order']>;
  /** Why there is nothing yet. */
  readonly problem?: string;
  /** What an empty list says. */
  readonly empty?: string;
  rowOf(id: string): ExecutionRow | undefined;
  indexOf(row: ExecutionRow): number;
}

/** The widest cells so far: they only grow, so that columns do not jump while rows come and go. */
export type Widths = Readonly<Record<Cell, number>>;
type Cell = 'namespace' | 'name' | 'workflow' | 'plan' | 'commit' | 'phase' | 'nodes' | 'trigger' | 'message';

export const NO_WIDTHS: Widths = {
  namespace: 9,
  name: 4,
  workflow: 8,
  plan: 4,
  commit: 7,
  phase: 11,
  nodes: 5,
  trigger: 7,
  message: 7,
};

/** The widths with those of some rows. */
export function growWidths(widths: Widths, rows: Iterable<ExecutionRow>): Widths {
  const grown = { ...widths };
  for (const row of rows) {
    grown.namespace = Math.max(grown.namespace, row.namespace.length);
    grown.name = Math.max(grown.name, row.name.length);
    grown.workflow = Math.max(grown.workflow, widthOf(row.workflow));
    grown.plan = Math.max(grown.plan, widthOf(row.launchPlan));
    grown.phase = Math.max(grown.phase, row.phase.length + 2);
    grown.nodes = Math.max(grown.nodes, row.nodes.length);
    grown.trigger = Math.max(grown.trigger, widthOf(row.trigger));
    grown.message = Math.max(grown.message, widthOf(row.message));
  }
  return grown;
}

export function executionsContent(model: ExecutionsModel, now: UnixMs): ListContent {
  const { rows, widths } = model;
  const columns = columnsFor(widths, model.withNamespace);
  const note = noteOf(model);
  return {
    kind: 'list',
    facts: [],
    columns: columns.map(([, column]) => column),
    count: rows.length,
    total: model.total,
    idAt: (index) => rows[index]?.id,
    indexOf(id) {
      const row = model.rowOf(id);
      return row === undefined ? -1 : model.indexOf(row);
    },
    cells(index) {
      const row = rows[index];
      return row === undefined ? [] : columns.map(([cell]) => cell(row, now));
    },
    sorts: ROW_SORTS,
    ...(model.order !== undefined && { order: model.order }),
    ...(note !== undefined && { note }),
    ...(model.filterError !== undefined && { filterError: model.filterError }),
  };
}

function noteOf({ rows, total, left, isLoaded, filter, problem, empty }: ExecutionsModel): Line | undefined {
  if (rows.length > 0) {
    if (left > 0) return [span(`and ${left.toLocaleString('en-US')} more that are not held here`, 'warn')];
    return undefined;
  }
  if (!isLoaded) return [span(problem ?? 'loading…', problem === undefined ? 'dim' : 'warn')];
  if (empty !== undefined && filter === '') return [span(empty, 'dim')];
  if (total > 0)
    return [span(`none of ${total.toLocaleString('en-US')} fits "${clean(filter)}": Esc shows all`, 'dim')];
  return [
    span('No executions yet. ', 'dim'),
    span(':', 'key'),
    span(' launchplans, then ', 'dim'),
    span('r', 'key'),
    span(' runs one.', 'dim'),
  ];
}

type Draw = (row: ExecutionRow, now: UnixMs) => Span;

function columnsFor(widths: Widths, withNamespace: boolean): readonly (readonly [Draw, ListColumn])[] {
  const text = (title: string, width: number, priority: number, minWidth = 8): ListColumn => ({
    title,
    width: Math.max(width, title.length),
    priority,
    minWidth,
  });
  const number = (title: string, priority: number): ListColumn => ({ ...text(title, 6, priority, 6), align: 'right' });
  const all: (readonly [Draw, ListColumn])[] = [
    [(row) => span(clean(row.name)), text('NAME', widths.name, 100, 20)],
    [(row) => span(clean(row.workflow)), text('WORKFLOW', widths.workflow, 60)],
    [(row) => span(row.commit, 'dim'), text('COMMIT', widths.commit, 55, 7)],
    [(row) => phaseSpan(row.phase), text('PHASE', widths.phase, 90, 11)],
    [(row) => span(row.nodes), { ...text('NODES', widths.nodes, 65, 5), align: 'right' }],
    [(row, now) => span(durationOf(row, now)), number('TOOK', 50)],
    [(row, now) => span(humanDuration(now - row.createdAt), 'dim'), number('AGE', 70)],
    [(row) => span(clean(row.trigger), 'dim'), text('TRIGGER', Math.min(widths.trigger, 40), 30)],
    [(row) => span(clean(row.launchPlan), 'dim'), text('PLAN', widths.plan, 20)],
    [(row) => span(clean(row.message), row.isOver ? 'bad' : 'warn'), text('MESSAGE', widths.message, 25)],
  ];
  return withNamespace ? [[(row) => span(row.namespace, 'dim'), text('NAMESPACE', widths.namespace, 58)], ...all] : all;
}

/** From its start to its end, or to now. */
function durationOf({ startedAt, finishedAt, isOver }: ExecutionRow, now: UnixMs): string {
  if (startedAt === 0) return '';
  return humanDuration((isOver ? finishedAt : Math.max(now, startedAt)) - startedAt);
}
