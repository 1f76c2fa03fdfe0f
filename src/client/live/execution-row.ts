import type { UnixMs } from '../../base/index.ts';
import { columnsOf, type Execution, isTerminalPhase, rowOf } from '../../cluster/index.ts';

/**
 * What a list needs of one execution: a hundred thousand of them fit into memory where whole objects would not. Texts that
 * repeat are one string.
 */
export interface ExecutionRow {
  /** `namespace/name`. */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly workflow: string;
  readonly commit: string;
  /** As the column of `pipectl get` has it: `Running`, `Running (paused)`, `Aborting`. */
  readonly phase: string;
  /** `3/5`: nodes that ended, of all. */
  readonly nodes: string;
  readonly launchPlan: string;
  readonly trigger: string;
  readonly message: string;
  /** 0 where it is not known; of one that has not ended, `finishedAt` is 0. */
  readonly createdAt: UnixMs;
  readonly startedAt: UnixMs;
  readonly finishedAt: UnixMs;
  readonly isOver: boolean;
  /** Nodes that wait for an approval, with commas. */
  readonly waiting: string;
  /** Keys and values in turn, as `labelsOf` reads them: a record of its own would be half of what a row takes. */
  readonly labels: readonly string[] | undefined;
  readonly isArchived: boolean;
}

const COLUMNS = new Map(columnsOf('Execution').map((column) => [column.name, column]));
const SHOWN = ['Workflow', 'Commit', 'Phase', 'Nodes', 'Launch-Plan', 'Trigger', 'Message'].flatMap(
  (name) => COLUMNS.get(name) ?? [],
);
const NONE = '<none>';

/** Makes rows, and remembers up to `maxTexts` texts that repeat. */
export function rowMaker(maxTexts: number): (execution: Execution, isArchived?: boolean) => ExecutionRow {
  const texts = new Map<string, string>();
  const shared = (text: string): string => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    if (texts.size < maxTexts) texts.set(text, text);
    return text;
  };
  return (execution, isArchived = false) => {
    const { metadata, status } = execution;
    // None of these columns tells of time.
    const [workflow, commit, phase, nodes, plan, trigger, message] = rowOf(SHOWN, execution, 0).map((cell) =>
      cell === NONE ? '' : shared(String(cell)),
    );
    const createdAt = Date.parse(metadata.creationTimestamp ?? '') || 0;
    const isOver = status !== undefined && isTerminalPhase(status.phase);
    const namespace = shared(metadata.namespace ?? '');
    return {
      id: rowId(namespace, metadata.name),
      namespace,
      name: metadata.name,
      workflow: workflow ?? '',
      commit: commit ?? '',
      phase: phase ?? '',
      nodes: nodes ?? '',
      launchPlan: plan ?? '',
      trigger: trigger ?? '',
      message: message ?? '',
      createdAt,
      startedAt: Date.parse(status?.startedAt ?? '') || 0,
      finishedAt: isOver ? Date.parse(status.finishedAt ?? '') || createdAt : 0,
      isOver,
      waiting: isOver ? '' : waitingNodes(execution),
      labels: metadata.labels === undefined ? undefined : sharedLabels(metadata.labels, shared),
      isArchived,
    };
  };
}

export function rowId(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Paths of the nodes that wait for an approval. */
function waitingNodes({ status }: Execution): string {
  const paths: string[] = [];
  for (const [path, node] of Object.entries(status?.nodes ?? {})) {
    if (node.wait?.for === 'approval' && !isTerminalPhase(node.phase)) paths.push(path);
  }
  return paths.join(',');
}

/** The labels of a thousand executions of a workflow are mostly the same words. */
function sharedLabels(labels: Readonly<Record<string, string>>, shared: (text: string) => string): readonly string[] {
  // The copy has no room to grow in.
  return Object.entries(labels)
    .flatMap(([key, value]) => [shared(key), shared(value)])
    .slice();
}

/** The labels of a row as selectors read them. */
export function labelsOf({ labels = [] }: Pick<ExecutionRow, 'labels'>): Readonly<Record<string, string>> {
  const record: Record<string, string> = Object.create(null);
  for (let at = 0; at < labels.length; at += 2) record[labels[at] ?? ''] = labels[at + 1] ?? '';
  return record;
}

/** What rows are put in order by. */
export type RowSort = 'finished' | 'started' | 'created' | 'duration' | 'name' | 'workflow' | 'phase';

export const ROW_SORTS: readonly RowSort[] = [
  'finished',
  'created',
  'started',
  'duration',
  'name',
  'workflow',
  'phase',
];

/**
 * A total order of rows. What runs has no end: it counts as if it ended after all others, and took longer than they, so
 * that time alone changes no order.
 */
export function compareRows(sort: RowSort, isDescending: boolean): (a: ExecutionRow, b: ExecutionRow) => number {
  const sign = isDescending ? -1 : 1;
  const key = KEYS[sort];
  return (a, b) => {
    const x = key(a);
    const y = key(b);
    if (x !== y) return x < y ? -sign : sign;
    return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  };
}

const KEYS: Readonly<Record<RowSort, (row: ExecutionRow) => number | string>> = {
  finished: (row) => (row.isOver ? row.finishedAt : Number.MAX_SAFE_INTEGER),
  started: (row) => row.startedAt || row.createdAt,
  created: (row) => row.createdAt,
  duration: (row) =>
    row.isOver ? row.finishedAt - (row.startedAt || row.createdAt) : 1e15 - (row.startedAt || row.createdAt),
  name: (row) => row.name,
  workflow: (row) => row.workflow,
  phase: (row) => row.phase,
};
