import type { BranchClosure, NodeClosure } from './closure.ts';

/**
 * What is checked and kept with the closure, and not run yet: the compiler warns of it, and an execution that comes to
 * such a node fails there. This is the only list of them: a line goes when the engine runs what it names.
 */
const KINDS: ReadonlySet<BranchClosure['kind']> = new Set(['dynamic']);

/** What this version does not run of an action, in words; undefined when it runs it. */
export function notRun(action: BranchClosure): string | undefined {
  if (action.kind === 'computeMap') return 'a map that computes';
  if (KINDS.has(action.kind)) return `${/^[aeiou]/.test(action.kind) ? 'an' : 'a'} "${action.kind}" node`;
  if (action.kind === 'map' && (action.items !== undefined || action.each !== undefined))
    return 'a map whose "with" reads "item" or "index"';
  return undefined;
}

/** The same of a node and its branches. */
export function notRunNode(node: NodeClosure): string | undefined {
  if (node.kind !== 'switch') return notRun(node);
  const actions = [...node.branches.map(({ action }) => action), ...(node.else === undefined ? [] : [node.else])];
  return actions.map(notRun).find((what) => what !== undefined);
}
