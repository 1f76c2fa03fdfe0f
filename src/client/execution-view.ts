import { type BlobRefs, type Digest, instantMs, type Json, type UnixMs } from '../base/index.ts';
import {
  type Execution,
  type ExecutionCost,
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
import { HANDLER_ID, type PlacedNode, placedNodes } from './placed-nodes.ts';

/** One node of an execution as people look at it. */
export interface NodeView {
  /** Path of the node: its id, behind those of the nodes that run its workflow. */
  readonly id: string;
  /** How many workflows it is nested in. */
  readonly depth: number;
  /** Of a switch that has taken a branch, the kind of that. `unknown` when the closure is not at hand. */
  readonly kind: NodeClosure['kind'] | 'fail' | 'unknown';
  /** Of a dynamic node: the workflow that its task has written. */
  readonly closure?: Digest;
  /** The branch that a switch has taken. */
  readonly branch?: number | 'else';
  readonly phase: NodePhase;
  readonly upstream: readonly string[];
  readonly attempt?: number;
  /** Attempts so far that ended by the system's fault. */
  readonly systemFailures?: number;
  /** Why what runs of it is being ended. */
  readonly ending?: ExecutionError;
  readonly startedAt?: UnixMs;
  readonly finishedAt?: UnixMs;
  /** From its start to its end, or to now. */
  readonly durationMs?: number;
  /** Start of the next attempt while it backs off. */
  readonly retryAt?: UnixMs;
  readonly outputs?: Readonly<Record<string, Json>>;
  /** Of outputs that are in the object store; `outputs` lacks them. */
  readonly storedOutputs?: BlobRefs;
  readonly error?: ExecutionError;
  /** What it waits for, or did, and who answered. */
  readonly wait?: NodeWait;
  readonly decision?: NodeDecision;
  /** When it goes on by itself. */
  readonly wakeAt?: UnixMs;
  /** The execution that it runs. */
  readonly child?: NodeChild;
  /** Whose outputs these are, when it is Cached or Recovered. */
  readonly reused?: NonNullable<NodeStatus['reused']>;
  /** Why it waits, when something else than its turn holds it up. */
  readonly message?: string;
  readonly subtasks?: Progress & {
    /** Of those that succeeded, how many did without being run. */
    readonly reused: number;
  };
  /** The nodes that it runs, less those that these run; skipped ones have succeeded. */
  readonly inner?: Progress;
}

/** Counts of parts that a node has. */
export interface Progress {
  readonly size: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly running: number;
}

/** How many nodes of the workflow itself are where. `ended` counts all terminal ones. */
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
  /** In topological order when the closure is at hand, else in order of start; what a node runs stands behind it. */
  readonly nodes: readonly NodeView[];
  readonly counts: NodeCounts;
  readonly createdAt?: UnixMs;
  readonly startedAt?: UnixMs;
  readonly finishedAt?: UnixMs;
  readonly durationMs?: number;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly outputs?: Readonly<Record<string, Json>>;
  /** As in NodeView. */
  readonly storedOutputs?: BlobRefs;
  readonly error?: ExecutionError;
  readonly message?: string;
  /** When it is given up. */
  readonly timeout?: NonNullable<Execution['spec']['timeout']>;
  /** Where it says what its tasks say else: whether attempts may run on machines that the system can take away. */
  readonly interruptible?: boolean;
  readonly cost?: ExecutionCost;
}

/**
 * The view of `execution` at `now`. `closure` is the one that it is pinned to, when it could be read; `written` those that
 * tasks of dynamic nodes have written.
 */
export function viewExecution(
  execution: Execution,
  closure: WorkflowClosure | undefined,
  now: UnixMs,
  written?: ReadonlyMap<Digest, WorkflowClosure>,
): ExecutionView {
  const { metadata, spec, status } = execution;
  const nodes = withInner(placedNodes(status?.nodes ?? {}, closure, written).map((node) => viewNode(node, now)));
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
    ...(spec.timeout !== undefined && { timeout: spec.timeout }),
    ...(spec.interruptible !== undefined && { interruptible: spec.interruptible }),
    ...(status?.cost !== undefined && { cost: status.cost }),
  };
}

function viewNode({ status, ...place }: PlacedNode, now: UnixMs): NodeView {
  if (status === undefined) return { ...place, phase: 'Pending' };
  const retryAt = instantMs(status.retryAt);
  const wakeAt = instantMs(status.wakeAt);
  const { map } = status;
  return {
    ...place,
    kind: place.kind === 'unknown' && map !== undefined ? 'map' : place.kind,
    phase: status.phase,
    ...(status.branch !== undefined && { branch: status.branch }),
    ...(status.closure !== undefined && { closure: status.closure }),
    ...(status.attempt !== undefined && { attempt: status.attempt }),
    ...(status.systemFailures !== undefined && { systemFailures: status.systemFailures }),
    ...(status.ending !== undefined && !isTerminalPhase(status.phase) && { ending: status.ending }),
    ...span(instantMs(status.startedAt), instantMs(status.finishedAt), now),
    ...(retryAt !== undefined && { retryAt }),
    ...outputsOf(status),
    ...(status.error !== undefined && { error: status.error }),
    ...(status.wait !== undefined && { wait: status.wait }),
    ...(status.decision !== undefined && { decision: status.decision }),
    ...(wakeAt !== undefined && { wakeAt }),
    ...(status.child !== undefined && { child: status.child }),
    ...(status.reused !== undefined && { reused: status.reused }),
    ...(status.message !== undefined && { message: status.message }),
    ...(map !== undefined && {
      subtasks: {
        size: map.size,
        succeeded: map.succeeded,
        failed: map.failed,
        running: map.running,
        reused: (map.cached ?? 0) + (map.recovered ?? 0),
      },
    }),
  };
}

/** Adds to each node that runs others how far these are. */
function withInner(nodes: readonly NodeView[]): readonly NodeView[] {
  if (nodes.every(({ depth }) => depth === 0)) return nodes;
  const inner = new Map<string, { size: number; succeeded: number; failed: number; running: number }>();
  for (const { id, depth, phase } of nodes) {
    if (depth === 0) continue;
    const owner = id.slice(0, id.lastIndexOf('/'));
    const progress = inner.get(owner) ?? { size: 0, succeeded: 0, failed: 0, running: 0 };
    inner.set(owner, progress);
    progress.size++;
    if (phase === 'Running') progress.running++;
    else if (phase === 'Failed' || phase === 'TimedOut' || phase === 'Aborted') progress.failed++;
    else if (isTerminalPhase(phase)) progress.succeeded++;
  }
  return nodes.map((node) => {
    const its = inner.get(node.id);
    return its === undefined ? node : { ...node, inner: its };
  });
}

/** Outputs with a null in them stand as text, since a merge patch cannot carry it. */
function outputsOf(status: Pick<NodeStatus, 'outputs' | 'outputsText' | 'storedOutputs'> | undefined) {
  const { outputs, outputsText, storedOutputs } = status ?? {};
  const stored = storedOutputs && { storedOutputs };
  if (outputsText !== undefined) return { outputs: JSON.parse(outputsText) as Record<string, Json>, ...stored };
  return { ...(outputs && { outputs }), ...stored };
}

function span(startedAt: UnixMs | undefined, finishedAt: UnixMs | undefined, now: UnixMs) {
  return {
    ...(startedAt !== undefined && { startedAt, durationMs: Math.max(0, (finishedAt ?? now) - startedAt) }),
    ...(finishedAt !== undefined && { finishedAt }),
  };
}

function countNodes(all: readonly NodeView[], total: number | undefined): NodeCounts {
  const nodes = all.filter(({ depth, id }) => depth === 0 && id !== HANDLER_ID);
  const count = (matches: (node: NodeView) => boolean) => nodes.filter(matches).length;
  return {
    total: Math.max(total ?? 0, nodes.length),
    ended: count(({ phase }) => isTerminalPhase(phase)),
    running: count(({ phase }) => phase === 'Running'),
    failed: count(({ phase }) => phase === 'Failed' || phase === 'TimedOut'),
  };
}
