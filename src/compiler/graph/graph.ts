import type { NodeClosure, WorkflowClosure } from '../closure.ts';

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
  /** Name of what it runs: a task, a workflow, a launch plan. */
  readonly target?: string;
}

export interface GraphEdge {
  /** Index of a node; always below `to`. */
  readonly from: number;
  readonly to: number;
  /** A longer way leads there too, so the edge changes nothing about the order. */
  readonly isImplied: boolean;
}

/** The graph of a compiled workflow. It asks nothing of a node but its id, kind and `upstream`: new kinds are drawn too. */
export function graphOf(closure: WorkflowClosure): Graph {
  const { name, description, nodes } = closure;
  const ancestors = ancestorsOf(nodes);
  const edges = nodes.flatMap(({ upstream }, to) =>
    upstream.map((from) => ({
      from,
      to,
      isImplied: upstream.some((other) => other > from && has(ancestors[other]!, from)),
    })),
  );
  return {
    name,
    ...(description !== undefined && { description }),
    nodes: nodes.map((node) => {
      const target = targetOf(node, closure);
      return { id: node.id, kind: node.kind, ...(target !== undefined && { target }) };
    }),
    edges,
  };
}

function targetOf(node: NodeClosure, { tasks }: WorkflowClosure): string | undefined {
  if (!('task' in node)) return undefined;
  // Own members only: digests come from stored text.
  return Object.hasOwn(tasks, node.task) ? tasks[node.task]!.name : undefined;
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
