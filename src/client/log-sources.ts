import { ANNOTATION, LABEL, type ObjectKey, type Pod } from '../cluster/index.ts';

/** One attempt's log: where it is and what it is of. */
export interface LogSource {
  readonly key: ObjectKey;
  readonly node: string;
  readonly attempt: number;
  /** Index of the subtask in a map. */
  readonly index?: number;
  /** All subtasks that it is of, where they are several: `index` is the first. */
  readonly members?: readonly number[];
  /** Whether its container has started: before, there is no log to ask for. */
  readonly hasStarted: boolean;
}

export interface LogSelection {
  readonly node?: string;
  readonly index?: number;
  /** Absent: the last attempt of each node and subtask. */
  readonly attempt?: number;
}

/** What `pod` is an attempt of, or undefined for a pod that is none of an execution. */
export function logSourceOf(pod: Pod): LogSource | undefined {
  const { name, namespace, labels = {}, annotations = {} } = pod.metadata;
  const node = annotations[ANNOTATION.node] ?? labels[LABEL.node];
  if (node === undefined) return undefined;
  const index = annotations[ANNOTATION.mapIndex];
  const members = annotations[ANNOTATION.mapBatch];
  const state = pod.status?.containerStatuses?.[0]?.state;
  return {
    key: { kind: 'Pod', name, ...(namespace !== undefined && { namespace }) },
    node,
    attempt: Number(labels[LABEL.attempt] ?? '1'),
    ...(index !== undefined && { index: Number(index) }),
    ...(members !== undefined && { members: members.split(',').map(Number) }),
    hasStarted: state?.running !== undefined || state?.terminated !== undefined,
  };
}

/** Whether a node is the other one, or is run by it. */
export function isWithin(path: string, node: string): boolean {
  return path === node || path.startsWith(`${node}/`);
}

function isOf({ index, members }: LogSource, wanted: number): boolean {
  return members === undefined ? index === wanted : members.includes(wanted);
}

/** The sources that `selection` means, by node, index and attempt. `order` lists node ids as they should come. */
export function selectLogSources(
  sources: readonly LogSource[],
  selection: LogSelection,
  order: readonly string[] = [],
): readonly LogSource[] {
  const chosen = new Map<string, LogSource>();
  for (const source of sources) {
    if (selection.node !== undefined && !isWithin(source.node, selection.node)) continue;
    if (selection.index !== undefined && !isOf(source, selection.index)) continue;
    if (selection.attempt !== undefined && source.attempt !== selection.attempt) continue;
    const key = `${source.node}/${source.index ?? ''}`;
    const before = chosen.get(key);
    if (before === undefined || before.attempt < source.attempt) chosen.set(key, source);
  }
  const rank = new Map(order.map((id, at) => [id, at]));
  const rankOf = (id: string) => rank.get(id.split('/')[0] ?? id) ?? order.length;
  return [...chosen.values()].sort(
    (a, b) =>
      rankOf(a.node) - rankOf(b.node) || (a.node < b.node ? -1 : a.node > b.node ? 1 : (a.index ?? 0) - (b.index ?? 0)),
  );
}
