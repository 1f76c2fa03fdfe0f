import type { WorkflowClosure } from '../../src/compiler/closure.ts';

/** Paths of the nodes that stand before the node of this path. */
export function upstreamOf(closure: WorkflowClosure, path: string): readonly string[] {
  const nodes = nodesBeside(closure, path);
  const prefix = path.slice(0, path.lastIndexOf('/') + 1);
  const own = nodes.find((node) => `${prefix}${node.id}` === path);
  return (own?.upstream ?? []).map((index) => `${prefix}${nodes[index]?.id}`);
}

/** The nodes of the workflow that the node of this path is one of. Of what a branch or a handler runs nothing is told. */
export function nodesBeside(closure: WorkflowClosure, path: string): WorkflowClosure['nodes'] {
  let nodes: WorkflowClosure['nodes'] = closure.nodes;
  for (const id of path.split('/').slice(0, -1)) {
    const node = nodes.find((candidate) => candidate.id === id);
    nodes = node?.kind === 'workflow' ? (closure.workflows?.[node.workflow]?.nodes ?? []) : [];
  }
  return nodes;
}
