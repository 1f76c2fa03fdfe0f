import { instantMs, type UnixMs } from '../../base/index.ts';
import {
  ANNOTATION,
  type Execution,
  type ExecutionError,
  isTerminalPhase,
  LABEL,
  type NodePhase,
  type NodeStatus,
  type Pod,
} from '../../cluster/index.ts';
import type { WorkflowClosure } from '../../compiler/index.ts';
import type { EventActor, EventWhat, ExecutionEvent } from './event.ts';

const ENGINE: EventActor = { kind: 'engine' };
const RUNTIME: EventActor = { kind: 'runtime' };

/** A node's status with what its place in the graph says. */
interface Placed {
  readonly path: string;
  readonly status: NodeStatus;
  /** Paths of the nodes that it needs. */
  readonly upstream: readonly string[];
}

/** What happened to the nodes, each with its attempts in order. */
export function nodeEvents(
  { status }: Execution,
  pods: readonly Pod[],
  closure: WorkflowClosure | undefined,
  startedAt: UnixMs,
): ExecutionEvent[] {
  const nodes = placed(status?.nodes ?? {}, closure);
  const ends = endsOf(nodes, startedAt);
  const byNode = Map.groupBy(pods, nodeOf);
  return nodes.flatMap((node) => {
    const attempts = byNode.get(node.path) ?? [];
    return [
      ...starting(node, nodes, startedAt),
      ...(attempts.length > 0
        ? attempts.flatMap((pod) => podEvents(node, pod, before(pod, attempts)))
        : lastAttempt(node)),
      ...endEvent(node, nodes, ends),
    ];
  });
}

/** In the order of the graph; nodes within nodes come after these, by path. */
function placed(statuses: Readonly<Record<string, NodeStatus>>, closure: WorkflowClosure | undefined): Placed[] {
  const rank = new Map(closure?.nodes.map(({ id }, at) => [id, at]));
  const rankOf = (path: string): number => rank.get(path.split('/', 1)[0] ?? '') ?? rank.size;
  return Object.entries(statuses)
    .map(([path, status]) => {
      const upstream = closure?.nodes[rank.get(path) ?? -1]?.upstream ?? [];
      return { path, status, upstream: upstream.flatMap((at) => closure?.nodes[at]?.id ?? []) };
    })
    .sort((a, b) => rankOf(a.path) - rankOf(b.path) || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** When each node ended. Those that take no time ended when what they needed had, which comes before them in order. */
function endsOf(nodes: readonly Placed[], startedAt: UnixMs): ReadonlyMap<string, UnixMs> {
  const ends = new Map<string, UnixMs>();
  for (const { path, status, upstream } of nodes) {
    if (!isTerminalPhase(status.phase)) continue;
    const parent = path.includes('/')
      ? nodes.find((node) => node.path === path.slice(0, path.lastIndexOf('/')))
      : undefined;
    const earliest = instantMs(parent?.status.startedAt) ?? startedAt;
    const ready = upstream.reduce((latest, id) => Math.max(latest, ends.get(id) ?? latest), earliest);
    ends.set(path, instantMs(status.finishedAt) ?? instantMs(status.startedAt) ?? ready);
  }
  return ends;
}

function starting({ path, status, upstream }: Placed, nodes: readonly Placed[], startedAt: UnixMs): ExecutionEvent[] {
  const at = instantMs(status.startedAt);
  const { branch, child } = status;
  const taken: ExecutionEvent[] =
    branch === undefined
      ? []
      : [{ at: at ?? startedAt, what: 'BranchTaken', by: ENGINE, node: path, cause: `branch ${branch}` }];
  if (at === undefined) return taken;
  const last = lastOf(upstream, nodes);
  const cause = last === undefined ? undefined : `${last} ended`;
  const started: ExecutionEvent = { at, what: 'NodeStarted', by: ENGINE, node: path, ...(cause && { cause }) };
  if (child === undefined) return [started, ...taken];
  return [started, ...taken, { at, what: 'ChildStarted', by: ENGINE, node: path, cause: `execution ${child.name}` }];
}

/** The upstream node that ended last: what a node waited for in the end. */
function lastOf(upstream: readonly string[], nodes: readonly Placed[]): string | undefined {
  let last: string | undefined;
  let lastAt = Number.NEGATIVE_INFINITY;
  for (const { path, status } of nodes) {
    const at = instantMs(status.finishedAt) ?? 0;
    if (upstream.includes(path) && at >= lastAt) [last, lastAt] = [path, at];
  }
  return last;
}

function nodeOf({ metadata: { labels, annotations } }: Pod): string {
  return annotations?.[ANNOTATION.node] ?? labels?.[LABEL.node] ?? '';
}

/**
 * What a pod tells of its attempt. Its creation is told in whole seconds, so it is taken to be no earlier than its node
 * began or the attempt before ended, and no later than its start.
 */
function podEvents({ path, status: node }: Placed, pod: Pod, last: Pod | undefined): ExecutionEvent[] {
  const { metadata, status } = pod;
  const index = metadata.annotations?.[ANNOTATION.mapIndex];
  const attempt = Number(metadata.labels?.[LABEL.attempt] ?? '1');
  const of = { node: path, attempt, ...(index !== undefined && { index: Number(index) }) };
  const state = status?.containerStatuses?.[0]?.state;
  const runningAt = instantMs(state?.running?.startedAt ?? state?.terminated?.startedAt);
  const endedAt = instantMs(state?.terminated?.finishedAt);
  const created = instantMs(metadata.creationTimestamp);
  const earliest = instantMs(last?.status?.containerStatuses?.[0]?.state.terminated?.finishedAt ?? node.startedAt);
  const exact = index === undefined && attempt === (node.attempt ?? 1) ? node.queuedAt : undefined;
  const first = index === undefined && attempt === 1 ? instantMs(node.startedAt) : undefined;
  const queuedAt = instantMs(exact) ?? first ?? (created && Math.max(created, earliest ?? created));
  const events: ExecutionEvent[] = [];
  if (queuedAt !== undefined) {
    const cause = attempt > 1 ? { cause: `the attempt before ended: ${endText(last) ?? 'nobody knows how'}` } : {};
    events.push({ at: Math.min(queuedAt, runningAt ?? queuedAt), what: 'AttemptQueued', by: ENGINE, ...of, ...cause });
  }
  if (runningAt !== undefined) events.push({ at: runningAt, what: 'AttemptRunning', by: RUNTIME, ...of });
  if (endedAt !== undefined) {
    const why = endText(pod);
    events.push({ at: endedAt, what: 'AttemptEnded', by: RUNTIME, ...of, ...(why !== undefined && { cause: why }) });
  }
  return events;
}

/** The pod of the attempt before, at the same node and subtask. */
function before({ metadata }: Pod, attempts: readonly Pod[]): Pod | undefined {
  const attempt = Number(metadata.labels?.[LABEL.attempt] ?? '1');
  return attempts.find(
    ({ metadata: { labels, annotations } }) =>
      annotations?.[ANNOTATION.mapIndex] === metadata.annotations?.[ANNOTATION.mapIndex] &&
      Number(labels?.[LABEL.attempt] ?? '1') === attempt - 1,
  );
}

/** How an attempt ended: why it was ended, or how its process did. */
function endText(pod: Pod | undefined): string | undefined {
  const end = pod?.status?.containerStatuses?.[0]?.state.terminated;
  if (end === undefined) return undefined;
  const { exitCode, reason } = end;
  return (
    pod?.metadata.annotations?.[ANNOTATION.abort] ?? (exitCode === 0 ? reason : `${reason}, exit code ${exitCode}`)
  );
}

/** Without its pods, what the node's status tells of its last attempt. */
function lastAttempt({ path, status }: Placed): ExecutionEvent[] {
  const { attempt } = status;
  if (attempt === undefined) return [];
  const queuedAt = instantMs(status.queuedAt ?? status.startedAt);
  const runningAt = instantMs(status.runningAt);
  const of = { node: path, attempt };
  return [
    ...(queuedAt === undefined ? [] : [{ at: queuedAt, what: 'AttemptQueued', by: ENGINE, ...of } as const]),
    ...(runningAt === undefined ? [] : [{ at: runningAt, what: 'AttemptRunning', by: RUNTIME, ...of } as const]),
  ];
}

const ENDED: Partial<Record<NodePhase, EventWhat>> = {
  Succeeded: 'NodeSucceeded',
  Failed: 'NodeFailed',
  TimedOut: 'NodeTimedOut',
  Skipped: 'NodeSkipped',
  Aborted: 'NodeAborted',
  Recovered: 'NodeRecovered',
  Cached: 'NodeCached',
};

function endEvent(node: Placed, nodes: readonly Placed[], ends: ReadonlyMap<string, UnixMs>): ExecutionEvent[] {
  const { path, status } = node;
  const what = ENDED[status.phase];
  const at = ends.get(path);
  if (what === undefined || at === undefined) return [];
  const cause = endCause(node, nodes);
  return [{ at, what, by: ENGINE, node: path, ...(cause !== undefined && { cause }) }];
}

function endCause({ status, upstream }: Placed, nodes: readonly Placed[]): string | undefined {
  const { error, reused, map, phase, decision } = status;
  if (error !== undefined) return errorText(error);
  if (reused !== undefined) return `outputs of ${reused.execution}, node ${reused.node}`;
  if (decision?.isDefault === true) return 'nobody answered in time';
  if (map !== undefined) return `${map.succeeded} of ${map.size} succeeded`;
  if (phase !== 'Skipped') return undefined;
  const culprit = nodes.find((node) => upstream.includes(node.path) && isBad(node.status.phase));
  return culprit === undefined ? 'not wanted' : `${culprit.path} is ${culprit.status.phase}`;
}

function isBad(phase: NodePhase): boolean {
  return phase === 'Failed' || phase === 'TimedOut' || phase === 'Skipped' || phase === 'Aborted';
}

function errorText({ reason, message }: ExecutionError): string {
  return `${reason}: ${message}`;
}
