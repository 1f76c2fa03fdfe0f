import type { TemplateSyntax } from '../language/expression/index.ts';
import { templateReferences } from '../language/expression/index.ts';
import { type Bindings, didYouMean, type Node, type Path } from '../language/index.ts';
import { topologicalOrder } from './order.ts';
import { draftTemplate, type WorkflowContext } from './workflow-context.ts';

export type Drafts = ReadonlyMap<string, TemplateSyntax>;

/** A node with its expressions found and not yet typed. */
export interface NodeDraft {
  readonly node: Node;
  /** Values given once: `with` of a task or map node, those of a compute node. */
  readonly values: Drafts;
  /** The lists that a map node runs over. */
  readonly over: Drafts;
  /** Ids of the nodes whose outputs it reads or that it needs; unknown ones are left out. */
  readonly upstream: ReadonlySet<string>;
}

/** Where the values of a node stand. */
export function valuesPath(node: Node): Path {
  const path = ['spec', 'nodes', node.id];
  switch (node.kind) {
    case 'task':
      return [...path, 'with'];
    case 'map':
      return [...path, 'map', 'with'];
    case 'compute':
      return [...path, 'compute'];
  }
}

function valuesOf(node: Node): Bindings {
  switch (node.kind) {
    case 'task':
      return node.with;
    case 'map':
      return node.map.with;
    case 'compute':
      return node.compute;
  }
}

/** Where the lists of a map node stand. */
export function overPath(node: Node): Path {
  return ['spec', 'nodes', node.id, 'map', 'over'];
}

/** Finds the expressions of all nodes, and so what each needs. */
export function draftNodes(context: WorkflowContext): ReadonlyMap<string, NodeDraft> {
  const drafts = new Map<string, NodeDraft>();
  for (const node of context.workflow.spec.nodes.values()) drafts.set(node.id, draftNode(context, node));
  return drafts;
}

function draftNode(context: WorkflowContext, node: Node): NodeDraft {
  const { nodes } = context.workflow.spec;
  const values = draftBindings(context, valuesOf(node), valuesPath(node));
  const over = node.kind === 'map' ? draftBindings(context, node.map.over, overPath(node)) : new Map();
  const upstream = new Set<string>();
  for (const template of [...values.values(), ...over.values()]) {
    for (const id of templateReferences(template).nodes) if (nodes.has(id)) upstream.add(id);
  }
  node.needs.forEach((id, at) => {
    if (nodes.has(id)) upstream.add(id);
    else {
      const place = context.workflow.placeOf(['spec', 'nodes', node.id, 'needs', at]);
      context.tell('PIPE-DAG-002', `there is no node "${id}" to need`, place, { help: didYouMean(id, nodes.keys()) });
    }
  });
  return { node, values, over, upstream };
}

function draftBindings(context: WorkflowContext, bindings: Bindings, path: Path): Drafts {
  return new Map([...bindings].map(([name, value]) => [name, draftTemplate(context, value, [...path, name])] as const));
}

/** Ids in topological order. Cycles are told, each once, with their whole path. */
export function orderNodes(context: WorkflowContext, drafts: ReadonlyMap<string, NodeDraft>): readonly string[] {
  const { workflow, tell } = context;
  const upstream = new Map([...drafts].map(([id, draft]) => [id, draft.upstream] as const));
  const { order, cycles } = topologicalOrder(upstream);
  for (const cycle of cycles) {
    const [first = '', ...rest] = cycle;
    const related = rest
      .slice(0, -1)
      .map((id) => ({ message: `"${id}" is part of it`, ...workflow.placeOfKey(['spec', 'nodes', id]) }));
    const message =
      cycle.length === 2
        ? `node "${first}" needs itself`
        : `nodes need each other in a circle: ${cycle.join(' needs ')}`;
    const help = 'take one of these references away: a node starts when all that it needs has ended';
    tell('PIPE-DAG-001', message, workflow.placeOfKey(['spec', 'nodes', first]), { help, related });
  }
  return order;
}
