import type { NodeClosure, WorkflowClosure } from './closure.ts';

/**
 * What is checked and kept with the closure, and not run yet: the compiler warns of it, and an execution that comes to
 * such a node fails there. This is the only list of them: a line goes when the engine runs what it names.
 */
const KINDS: ReadonlySet<NodeClosure['kind']> = new Set([
  'workflow',
  'launchPlan',
  'switch',
  'approve',
  'signal',
  'sleep',
  'dynamic',
  'computeMap',
]);

/** What this version does not run of a node, in words; undefined when it runs the node. */
export function notRun(node: NodeClosure): string | undefined {
  if (node.kind === 'computeMap') return 'a map that computes';
  if (KINDS.has(node.kind)) return `${/^[aeiou]/.test(node.kind) ? 'an' : 'a'} "${node.kind}" node`;
  if (node.when !== undefined) return 'a node with "when"';
  if (node.kind === 'map' && (node.items !== undefined || node.each !== undefined))
    return 'a map whose "with" reads "item" or "index"';
  return undefined;
}

/** The same of a workflow as a whole: what its nodes do not tell. */
export function notRunOf(closure: Pick<WorkflowClosure, 'onFailure'>): string | undefined {
  return closure.onFailure === undefined ? undefined : '"onFailure"';
}
