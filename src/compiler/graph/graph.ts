import type { BranchClosure, NodeClosure, Template, WorkflowClosure } from '../closure.ts';

/** A workflow as a person draws it. */
export interface Graph {
  readonly name: string;
  readonly description?: string;
  /** In topological order. */
  readonly nodes: readonly GraphNode[];
  /** By target, then by source. */
  readonly edges: readonly GraphEdge[];
}

export interface GraphNode {
  readonly id: string;
  /** The node kind's word in definitions, for example `task`. */
  readonly kind: string;
  /** What it runs: the name of a task, a workflow, a launch plan; of a switch, what its branches do. */
  readonly target?: string;
  /** The expression under which it runs; otherwise it is skipped. */
  readonly when?: string;
  /** Runs after the workflow failed; no edge leads to it. */
  readonly isFailureHandler?: boolean;
}

export interface GraphEdge {
  /** Index of a node; always below `to`. */
  readonly from: number;
  readonly to: number;
  /** A longer way leads there too, so the edge changes nothing about the order. */
  readonly isImplied: boolean;
}

/** Id of the failure handler in a graph; no node has it, since ids are in lower case. */
export const FAILURE_HANDLER = 'onFailure';

/** The graph of a compiled workflow. It asks nothing of a node but its id, kind and `upstream`: new kinds are drawn too. */
export function graphOf(closure: WorkflowClosure): Graph {
  const { name, description, nodes, onFailure } = closure;
  const ancestors = ancestorsOf(nodes);
  const edges = nodes.flatMap(({ upstream }, to) =>
    upstream.map((from) => ({
      from,
      to,
      isImplied: upstream.some((other) => other > from && has(ancestors[other]!, from)),
    })),
  );
  const drawn: GraphNode[] = nodes.map((node) => graphNode(node.id, node, closure));
  if (onFailure !== undefined) {
    drawn.push({ ...graphNode(FAILURE_HANDLER, onFailure, closure), isFailureHandler: true });
  }
  return { name, ...(description !== undefined && { description }), nodes: drawn, edges };
}

type Acting = (NodeClosure | BranchClosure | NonNullable<WorkflowClosure['onFailure']>) & { readonly when?: Template };

function graphNode(id: string, action: Acting, closure: WorkflowClosure): GraphNode {
  const target = targetOf(action, closure);
  const { kind, when } = action;
  return {
    id,
    kind: kind === 'computeMap' ? 'map' : kind,
    ...(target !== undefined && { target }),
    ...(when !== undefined && { when: when.kind === 'expression' ? when.source : 'a condition' }),
  };
}

function targetOf(action: Acting, closure: WorkflowClosure): string | undefined {
  switch (action.kind) {
    case 'task':
    case 'map':
    case 'dynamic':
      return nameOf(closure.tasks, action.task);
    case 'workflow':
      return nameOf(closure.workflows ?? {}, action.workflow);
    case 'launchPlan':
      return action.launchPlan.name;
    case 'switch': {
      const branches = action.branches.map((branch) => branch.action);
      const all = action.else === undefined ? branches : [...branches, action.else];
      return all.map((branch) => targetOf(branch, closure) ?? branch.kind).join(' | ');
    }
    default:
      return undefined;
  }
}

/** Own members only: digests come from stored text. */
function nameOf(named: Readonly<Record<string, { readonly name: string }>>, digest: string): string | undefined {
  return Object.hasOwn(named, digest) ? named[digest]!.name : undefined;
}

/** Per node the set of all before it, as bits: a row has one bit per node. */
function ancestorsOf(nodes: readonly NodeClosure[]): readonly Uint32Array[] {
  const words = Math.ceil(nodes.length / 32);
  const rows: Uint32Array[] = [];
  for (const { upstream } of nodes) {
    const row = new Uint32Array(words);
    for (const before of upstream) {
      const other = rows[before]!;
      for (let word = 0; word < words; word += 1) row[word]! |= other[word]!;
      row[before >>> 5]! |= 1 << (before & 31);
    }
    rows.push(row);
  }
  return rows;
}

function has(row: Uint32Array, node: number): boolean {
  return ((row[node >>> 5]! >>> (node & 31)) & 1) === 1;
}
