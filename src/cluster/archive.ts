import type { UnixMs } from '../base/index.ts';
import type { Execution, ExecutionPhase } from './execution-kind.ts';
import { ANNOTATION } from './labels.ts';
import type { MapResults } from './map-results.ts';
import { isTerminalPhase } from './phases.ts';
import type { Pod } from './pod.ts';
import type { ListOptions, ObjectList } from './port.ts';

/** What executions are put in order by; with `-` the largest or latest comes first. */
export type HistoryKey = 'finished' | 'started' | 'created' | 'duration' | 'name';
export type HistorySort = HistoryKey | `-${HistoryKey}`;

/** What is asked of executions that are over. All that is given must hold. */
export interface HistoryQuery {
  /** Ended at or after this instant. */
  readonly since?: UnixMs;
  /** Ended before this instant. */
  readonly until?: UnixMs;
  readonly phases?: readonly ExecutionPhase[];
  readonly workflow?: string;
  readonly launchPlan?: string;
  readonly schedule?: string;
  /** Absent: `-finished`. */
  readonly sort?: HistorySort;
  /** Of pods and map results: the execution that they belong to, by name. Nothing else counts then. */
  readonly execution?: string;
}

/** One execution that is over, with the pods of its attempts that were still there. */
export interface ArchiveEntry {
  readonly execution: Execution;
  readonly attempts: readonly Pod[];
  /** What its large maps keep beside it. */
  readonly results: readonly MapResults[];
}

/** How many archived executions are kept, and for how long; the newest stay. */
export interface ArchiveLimits {
  /** Those that ended before are removed. */
  readonly before: UnixMs;
  readonly maxCount: number;
}

/**
 * Executions that are over and have left the live objects. Writing and searching happen away from the caller's
 * thread. What was put in stays until `remove` or `expire` takes it.
 */
export interface Archive {
  /** Durable when it resolves. An entry replaces one of the same namespace and name. */
  put(entries: readonly ArchiveEntry[]): Promise<void>;
  /** Moves to here that are under way, by `namespace/name`. Who deletes an execution waits for the end of its move. */
  readonly moves: Map<string, Promise<void>>;
  /** In the same turn, so that a create can be checked against it: one look into an index of names. */
  find(namespace: string, name: string): Execution | undefined;
  /** Which of these names it has: one look for all, in the same turn. A third of the cost where they are thousands. */
  taken(namespace: string, names: readonly string[]): ReadonlySet<string>;
  /** The pods that were put in with an execution; empty when there are none or it is not here. */
  attempts(namespace: string, execution: string): readonly Pod[];
  /** What the execution's large maps kept beside it. */
  results(namespace: string, execution: string): readonly MapResults[];
  /** The attempt whose pod had this name. */
  findAttempt(namespace: string, podName: string): Pod | undefined;
  /** Errors: InvalidError for a selector or a continue token that is none. */
  list(query: HistoryQuery, options: ListOptions): Promise<ObjectList<Execution>>;
  /** Resolves with whether there was one. */
  remove(namespace: string, name: string): Promise<boolean>;
  /** Removes a bounded number of those beyond the limits, oldest first; resolves with how many. Zero: none is left. */
  expire(limits: ArchiveLimits): Promise<number>;
  /** How many there are. */
  count(): Promise<number>;
  close(): Promise<void>;
}

/** Whether an execution is one that `query` asks for. One that is not over counts as ending now. */
export function matchesHistory(execution: Execution, query: HistoryQuery, now: UnixMs): boolean {
  const { spec, status } = execution;
  const end = endOf(execution) ?? now;
  const phase = status?.phase ?? 'Pending';
  const schedule = spec.trigger.kind === 'schedule' ? spec.trigger.schedule : undefined;
  return (
    (query.since === undefined || end >= query.since) &&
    (query.until === undefined || end < query.until) &&
    (query.phases === undefined || query.phases.includes(phase)) &&
    (query.workflow === undefined || spec.workflow === query.workflow) &&
    (query.launchPlan === undefined || spec.launchPlan === query.launchPlan) &&
    (query.schedule === undefined || schedule === query.schedule)
  );
}

/** When the execution ended; undefined when it is not over. */
export function endOf({ status, metadata }: Execution): UnixMs | undefined {
  if (status === undefined || !isTerminalPhase(status.phase)) return undefined;
  return Date.parse(status.finishedAt ?? metadata.creationTimestamp ?? '') || 0;
}

/** Compares by `sort`; executions that are not over come as if they ended after all others. */
export function compareHistory(sort: HistorySort): (a: Execution, b: Execution) => number {
  const isDescending = sort.startsWith('-');
  const key = (isDescending ? sort.slice(1) : sort) as HistoryKey;
  const sign = isDescending ? -1 : 1;
  return (a, b) => {
    const [x, y] = [historyKeyOf(a, key), historyKeyOf(b, key)];
    if (x !== y) return x < y ? -sign : sign;
    return a.metadata.name < b.metadata.name ? -1 : a.metadata.name > b.metadata.name ? 1 : 0;
  };
}

/** What an execution is sorted by: an instant or milliseconds, or its name. */
export function historyKeyOf(execution: Execution, key: HistoryKey): number | string {
  const { metadata, status } = execution;
  const created = Date.parse(metadata.creationTimestamp ?? '') || 0;
  const started = Date.parse(status?.startedAt ?? '') || created;
  const finished = endOf(execution) ?? Number.POSITIVE_INFINITY;
  switch (key) {
    case 'name':
      return metadata.name;
    case 'created':
      return created;
    case 'started':
      return started;
    case 'finished':
      return finished;
    case 'duration':
      return finished - started;
  }
}

/** What is kept of an attempt's pod: who, when, how it ended and where its log is; not what went in and came out. */
export function attemptRecord(pod: Pod): Pod {
  const { namespace, name, uid, creationTimestamp, labels, annotations = {} } = pod.metadata;
  const kept: Record<string, string> = {};
  for (const key of KEPT_ANNOTATIONS) if (annotations[key] !== undefined) kept[key] = annotations[key];
  const statuses = pod.status?.containerStatuses?.map((container) => {
    const { terminated } = container.state;
    if (terminated === undefined) return container;
    const { message: _, ...end } = terminated;
    return { ...container, state: { terminated: end } };
  });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
      ...(creationTimestamp !== undefined && { creationTimestamp }),
      ...(labels !== undefined && { labels }),
      annotations: kept,
    },
    spec: {
      restartPolicy: 'Never',
      containers: pod.spec.containers.map(({ name: container, image, resources }) => {
        return { name: container, image, command: [], ...(resources !== undefined && { resources }) };
      }),
    },
    ...(pod.status !== undefined && {
      status: { ...pod.status, ...(statuses !== undefined && { containerStatuses: statuses }) },
    }),
  };
}

const KEPT_ANNOTATIONS = [
  ANNOTATION.execution,
  ANNOTATION.mapIndex,
  ANNOTATION.mapBatch,
  ANNOTATION.abort,
  ANNOTATION.node,
];
