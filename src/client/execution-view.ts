import { instantMs, type Json, type UnixMs } from '../base/index.ts';
import {
  type Execution,
  type ExecutionError,
  type ExecutionPhase,
  isTerminalPhase,
  type NodeChild,
  type NodeDecision,
  type NodePhase,
  type NodeStatus,
  type NodeWait,
  type Trigger,
} from '../cluster/index.ts';
import type { NodeClosure, WorkflowClosure } from '../compiler/index.ts';

/** One node of an execution as people look at it. */
export interface NodeView {
  readonly id: string;
  /** `unknown` when the closure is not at hand. */
  readonly kind: NodeClosure['kind'] | 'unknown';
  readonly phase: NodePhase;
  readonly upstream: readonly string[];
  readonly attempt?: number;
  readonly startedAt?: UnixMs;
  readonly finishedAt?: UnixMs;
  /** From its start to its end, or to now. */
  readonly durationMs?: number;
  /** Start of the next attempt while it backs off. */
  readonly retryAt?: UnixMs;
  readonly outputs?: Readonly<Record<string, Json>>;
  readonly error?: ExecutionError;
  /** What it waits for, or did, and who answered. */
  readonly wait?: NodeWait;
  readonly decision?: NodeDecision;
  /** When it goes on by itself. */
  readonly wakeAt?: UnixMs;
  /** The execution that it runs. */
  readonly child?: NodeChild;
  readonly subtasks?: {
    readonly size: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly running: number;
  };
}

/** How many nodes are where. `ended` counts all terminal ones. */
export interface NodeCounts {
  readonly total: number;
  readonly ended: number;
  readonly running: number;
  readonly failed: number;
}

/** One execution as people look at it. */
export interface ExecutionView {
  readonly namespace: string;
  readonly name: string;
  readonly repository: string;
  readonly commit: string;
  readonly workflow: string;
  readonly launchPlan?: string;
  readonly trigger: Trigger;
  /** Where it stands, or is going: `Aborting` while an abort is under way, `Paused` while nothing new starts. */
  readonly phase: ExecutionPhase | 'Aborting' | 'Paused';
  readonly isTerminal: boolean;
  /** In topological order when the closure is at hand, else in order of start. */
  readonly nodes: readonly NodeView[];
  readonly counts: NodeCounts;
  readonly createdAt?: UnixMs;
  readonly startedAt?: UnixMs;
  readonly finishedAt?: UnixMs;
  readonly durationMs?: number;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly outputs?: Readonly<Record<string, Json>>;
  readonly error?: ExecutionError;
  readonly message?: string;
}

/** The view of `execution` at `now`. `closure` is the one that it is pinned to, when it could be read. */
export function viewExecution(execution: Execution, closure: WorkflowClosure | undefined, now: UnixMs): ExecutionView {
  const { metadata, spec, status } = execution;
  const nodes = viewNodes(status?.nodes ?? {}, closure, now);
  const phase = status?.phase ?? 'Pending';
  const isTerminal = isTerminalPhase(phase);
  const startedAt = instantMs(status?.startedAt);
  const finishedAt = instantMs(status?.finishedAt);
  const createdAt = instantMs(metadata.creationTimestamp);
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    repository: spec.repository,
    commit: spec.commit,
    workflow: spec.workflow,
    ...(spec.launchPlan !== undefined && { launchPlan: spec.launchPlan }),
    trigger: spec.trigger,
    phase: isTerminal ? phase : spec.desired === 'Aborted' ? 'Aborting' : spec.desired === 'Paused' ? 'Paused' : phase,
    isTerminal,
    nodes,
    counts: countNodes(nodes, status?.nodeCount),
    inputs: spec.inputs,
    ...(createdAt !== undefined && { createdAt }),
    ...span(startedAt, finishedAt, now),
    ...outputsOf(status),
    ...(status?.error !== undefined && { error: status.error }),
    ...(status?.message !== undefined && { message: status.message }),
  };
}

function viewNodes(
  statuses: Readonly<Record<string, NodeStatus>>,
  closure: WorkflowClosure | undefined,
  now: UnixMs,
): readonly NodeView[] {
  if (closure !== undefined) {
    return closure.nodes.map((node) => {
      const upstream = node.upstream.map((at) => closure.nodes[at]?.id ?? '');
      // Own members only: a node may be called `constructor`.
      return viewNode(
        node.id,
        node.kind,
        upstream,
        Object.hasOwn(statuses, node.id) ? statuses[node.id] : undefined,
        now,
      );
    });
  }
  const views = Object.entries(statuses).map(([id, status]) => viewNode(id, 'unknown', [], status, now));
  return views.sort((a, b) => (a.startedAt ?? now) - (b.startedAt ?? now));
}

function viewNode(
  id: string,
  kind: NodeView['kind'],
  upstream: readonly string[],
  status: NodeStatus | undefined,
  now: UnixMs,
): NodeView {
  if (status === undefined) return { id, kind, upstream, phase: 'Pending' };
  const retryAt = instantMs(status.retryAt);
  const wakeAt = instantMs(status.wakeAt);
  const { map } = status;
  return {
    id,
    kind: kind === 'unknown' && map !== undefined ? 'map' : kind,
    upstream,
    phase: status.phase,
    ...(status.attempt !== undefined && { attempt: status.attempt }),
    ...span(instantMs(status.startedAt), instantMs(status.finishedAt), now),
    ...(retryAt !== undefined && { retryAt }),
    ...outputsOf(status),
    ...(status.error !== undefined && { error: status.error }),
    ...(status.wait !== undefined && { wait: status.wait }),
    ...(status.decision !== undefined && { decision: status.decision }),
    ...(wakeAt !== undefined && { wakeAt }),
    ...(status.child !== undefined && { child: status.child }),
    ...(map !== undefined && {
      subtasks: { size: map.size, succeeded: map.succeeded, failed: map.failed, running: map.running },
    }),
  };
}

/** Outputs with a null in them stand as text, since a merge patch cannot carry it. */
function outputsOf(status: Pick<NodeStatus, 'outputs' | 'outputsText'> | undefined) {
  if (status?.outputsText !== undefined) return { outputs: JSON.parse(status.outputsText) as Record<string, Json> };
  return status?.outputs === undefined ? {} : { outputs: status.outputs };
}

function span(startedAt: UnixMs | undefined, finishedAt: UnixMs | undefined, now: UnixMs) {
  return {
    ...(startedAt !== undefined && { startedAt, durationMs: Math.max(0, (finishedAt ?? now) - startedAt) }),
    ...(finishedAt !== undefined && { finishedAt }),
  };
}

function countNodes(nodes: readonly NodeView[], total: number | undefined): NodeCounts {
  const count = (matches: (node: NodeView) => boolean) => nodes.filter(matches).length;
  return {
    total: Math.max(total ?? 0, nodes.length),
    ended: count(({ phase }) => isTerminalPhase(phase)),
    running: count(({ phase }) => phase === 'Running'),
    failed: count(({ phase }) => phase === 'Failed' || phase === 'TimedOut'),
  };
}
