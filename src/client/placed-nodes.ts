import type { Digest } from '../base/index.ts';
import type { NodeStatus } from '../cluster/index.ts';
import type { BranchClosure, NodeClosure, WorkflowClosure } from '../compiler/index.ts';

/** A node of an execution, where it stands among the others. */
export interface PlacedNode {
  /** Its path. */
  readonly id: string;
  readonly depth: number;
  readonly kind: NodeClosure['kind'] | 'fail' | 'unknown';
  /** Paths of the nodes before it. */
  readonly upstream: readonly string[];
  readonly status: NodeStatus | undefined;
}

/** Id of the node that a failure handler is. */
export const HANDLER_ID = 'onFailure';

type Statuses = Readonly<Record<string, NodeStatus>>;
type Action = NodeClosure | BranchClosure | NonNullable<WorkflowClosure['onFailure']>;
type Nodes = Pick<WorkflowClosure, 'nodes' | 'onFailure'>;

/**
 * All nodes of an execution: those of the closure in its order, or without one in the order of their start; what a node
 * runs stands behind it, as far as it has begun; `written` has what tasks of dynamic nodes wrote. Failure handlers come last, once they have begun.
 */
export function placedNodes(
  statuses: Statuses,
  closure: WorkflowClosure | undefined,
  written: ReadonlyMap<Digest, WorkflowClosure> = new Map(),
): readonly PlacedNode[] {
  const groups = groupsOf(statuses);
  const placed: PlacedNode[] = [];
  const place = (prefix: string, depth: number, known: Nodes | undefined, root: WorkflowClosure | undefined): void => {
    const group = groups.get(prefix);
    const add = (id: string, action: Action | undefined, upstream: readonly string[]): void => {
      const path = prefix + id;
      const status = group?.get(id);
      const taken = takenBy(action, status);
      placed.push({ id: path, depth, kind: taken?.kind ?? 'unknown', upstream, status });
      if (!groups.has(`${path}/`)) return;
      // A workflow that a task wrote has the ones that it runs inline in its own closure.
      const own = taken?.kind === 'dynamic' && status?.closure !== undefined ? written.get(status.closure) : undefined;
      const inline = taken?.kind === 'workflow' ? root?.workflows?.[taken.workflow] : undefined;
      place(`${path}/`, depth + 1, own ?? inline, own ?? root);
    };
    if (known === undefined) for (const id of byStart(group)) add(id, undefined, []);
    else {
      const idAt = (at: number): string => prefix + (known.nodes[at]?.id ?? '');
      for (const node of known.nodes) add(node.id, node, node.upstream.map(idAt));
      if (group?.has(HANDLER_ID)) add(HANDLER_ID, known.onFailure, []);
    }
  };
  place('', 0, closure, closure);
  return placed;
}

/** Statuses by id, by the prefix of their paths. */
function groupsOf(statuses: Statuses): ReadonlyMap<string, ReadonlyMap<string, NodeStatus>> {
  const groups = new Map<string, Map<string, NodeStatus>>();
  for (const [path, status] of Object.entries(statuses)) {
    const cut = path.lastIndexOf('/') + 1;
    const prefix = path.slice(0, cut);
    const group = groups.get(prefix) ?? new Map<string, NodeStatus>();
    groups.set(prefix, group.set(path.slice(cut), status));
  }
  return groups;
}

function byStart(group: ReadonlyMap<string, NodeStatus> = new Map()): readonly string[] {
  const startOf = ({ startedAt, finishedAt }: NodeStatus): string => startedAt ?? finishedAt ?? '~';
  const entries = [...group].sort(([, a], [, b]) => (startOf(a) < startOf(b) ? -1 : startOf(a) > startOf(b) ? 1 : 0));
  return entries.map(([id]) => id);
}

/** What a node does: of a switch, the branch that it has taken. */
function takenBy(action: Action | undefined, status: NodeStatus | undefined): Action | undefined {
  if (action?.kind !== 'switch' || status?.branch === undefined) return action;
  return (status.branch === 'else' ? action.else : action.branches[status.branch]?.action) ?? action;
}
