import type { Digest } from '../base/index.ts';
import type { Cluster, Execution, NodeStatus } from '../cluster/index.ts';
import type { BranchClosure, InlineWorkflow, NodeClosure, WorkflowClosure } from '../compiler/index.ts';
import { loadWorkflowClosure } from './load-execution.ts';

/** A node of an execution, and what the closure says it does. */
export type FoundNode =
  /** One action, or those of all branches of a switch that has taken none yet. */
  | { readonly kind: 'found'; readonly actions: readonly BranchClosure[] }
  /** No workflow of the path has such a node; `ids` are those that the last one has. */
  | { readonly kind: 'missing'; readonly ids: readonly string[] }
  /** The closure is past reading: only the status tells. */
  | { readonly kind: 'unknown' };

/** The status of the node with this path: own members only, since a node may be called `constructor`. */
export function nodeStatusOf({ status }: Execution, path: string): NodeStatus | undefined {
  const nodes = status?.nodes ?? {};
  return Object.hasOwn(nodes, path) ? nodes[path] : undefined;
}

/** Finds the node with this path, `parent/child` for one of an inline workflow, in what the execution is pinned to. */
export async function findNode(cluster: Cluster, execution: Execution, path: string): Promise<FoundNode> {
  let root = await loadWorkflowClosure(cluster, execution.spec.closure);
  let workflow: InlineWorkflow | undefined = root;
  const ids = path.split('/');
  for (let at = 0; at < ids.length; at++) {
    if (root === undefined || workflow === undefined) return { kind: 'unknown' };
    const id = ids[at] as string;
    const walked = ids.slice(0, at + 1).join('/');
    const actions = actionsOf(workflow, id, nodeStatusOf(execution, walked));
    if (actions === undefined) return { kind: 'missing', ids: workflow.nodes.map((node) => node.id) };
    if (at === ids.length - 1) return { kind: 'found', actions };
    const nested = await workflowOf(cluster, root, actions, nodeStatusOf(execution, walked));
    if (nested === undefined) return { kind: 'missing', ids: [] };
    [root, workflow] = nested;
  }
  return { kind: 'unknown' };
}

/**
 * Where a path leads that goes on into child executions: `parent/child/work` is the node `work` of the execution that the
 * node `child` runs. Without a path left, the whole child is meant. Errors: NotFoundError when a child is gone.
 */
export async function throughChildren(
  cluster: Cluster,
  execution: Execution,
  path: string | undefined,
): Promise<{ readonly execution: Execution; readonly path: string | undefined }> {
  const ids = path?.split('/') ?? [];
  for (let at = 1; at <= ids.length; at++) {
    const name = nodeStatusOf(execution, ids.slice(0, at).join('/'))?.child?.name;
    if (name === undefined) continue;
    const { namespace = '' } = execution.metadata;
    const child = await cluster.get<Execution>({ kind: 'Execution', namespace, name });
    const rest = at === ids.length ? undefined : ids.slice(at).join('/');
    return throughChildren(cluster, child, rest);
  }
  return { execution, path };
}

function actionsOf(
  { nodes, onFailure }: InlineWorkflow,
  id: string,
  status: NodeStatus | undefined,
): readonly BranchClosure[] | undefined {
  if (id === 'onFailure') return onFailure === undefined ? undefined : [onFailure];
  const node = nodes.find((candidate) => candidate.id === id);
  return node && branchesOf(node, (status as { branch?: number | 'else' } | undefined)?.branch);
}

function branchesOf(node: NodeClosure, taken: number | 'else' | undefined): readonly BranchClosure[] {
  if (node.kind !== 'switch') return [node];
  const otherwise = node.else === undefined ? [] : [node.else];
  if (taken === 'else') return otherwise;
  const branches = node.branches.map(({ action }) => action);
  return taken === undefined ? [...branches, ...otherwise] : branches.slice(taken, taken + 1);
}

/** The workflow that one of the actions runs inline, and the closure in which its own ones stand. */
async function workflowOf(
  cluster: Cluster,
  root: WorkflowClosure,
  actions: readonly BranchClosure[],
  status: NodeStatus | undefined,
): Promise<[WorkflowClosure, InlineWorkflow] | undefined> {
  for (const action of actions) {
    if (action.kind === 'workflow') {
      const inline = root.workflows?.[action.workflow];
      if (inline !== undefined) return [root, inline];
    }
    if (action.kind === 'dynamic') {
      const digest = (status as { closure?: Digest } | undefined)?.closure;
      const made = digest === undefined ? undefined : await loadWorkflowClosure(cluster, digest);
      if (made !== undefined) return [made, made];
    }
  }
  return undefined;
}
