import { type Digest, MAX_INLINE_DEPTH, MAX_INLINE_NODES, MAX_INLINE_WORKFLOWS } from '../base/index.ts';
import type { BranchAction, Path } from '../language/index.ts';
import type { InlineWorkflow, TaskClosure, WorkflowClosure } from './closure.ts';
import { actionsOf } from './runs.ts';
import type { Target } from './targets.ts';
import type { WorkflowContext } from './workflow-context.ts';

/** All tasks and workflows that a workflow runs inline, at any depth. */
export interface InlineTables {
  readonly tasks: ReadonlyMap<Digest, TaskClosure>;
  readonly workflows: ReadonlyMap<Digest, InlineWorkflow>;
}

/** Collects what the actions run into one table each, so that what several share is there once. */
export function inlineTables(targets: ReadonlyMap<BranchAction, Target>): InlineTables {
  const tasks = new Map<Digest, TaskClosure>();
  const workflows = new Map<Digest, InlineWorkflow>();
  for (const target of targets.values()) {
    if (target.kind === 'task' || target.kind === 'dynamic') tasks.set(target.digest, target.closure);
    if (target.kind === 'dynamic') for (const { digest, closure } of target.tasks.values()) tasks.set(digest, closure);
    if (target.kind !== 'workflow' || workflows.has(target.digest)) continue;
    const { tasks: its, workflows: inner = {}, notifications: _, ...body } = target.closure;
    workflows.set(target.digest, body);
    for (const [digest, task] of Object.entries(its)) tasks.set(digest, task);
    for (const [digest, workflow] of Object.entries(inner)) workflows.set(digest, workflow);
  }
  return { tasks, workflows };
}

interface InlineSize {
  readonly depth: number;
  /** Each node as often as it may run, subtasks of maps aside. */
  readonly nodes: number;
}

const SIZES = new WeakMap<WorkflowClosure, InlineSize>();

/** Remembers how large a workflow is with what it runs inline: those that run it ask. */
export function rememberSize(closure: WorkflowClosure, targets: ReadonlyMap<BranchAction, Target>): void {
  SIZES.set(closure, sizeWith(closure.nodes.length, targets));
}

function sizeWith(own: number, targets: ReadonlyMap<BranchAction, Target>): InlineSize {
  let depth = 0;
  let nodes = own;
  for (const target of targets.values()) {
    if (target.kind !== 'workflow') continue;
    const size = sizeOf(target.closure);
    depth = Math.max(depth, size.depth + 1);
    nodes += size.nodes;
  }
  return { depth, nodes };
}

function sizeOf(closure: WorkflowClosure): InlineSize {
  return SIZES.get(closure) ?? { depth: 0, nodes: closure.nodes.length };
}

/** Whether what a workflow runs inline stays within bounds; told at the first action that is too much. */
export function checkInlineSize(
  context: WorkflowContext,
  targets: ReadonlyMap<BranchAction, Target>,
  { workflows }: InlineTables,
): boolean {
  const { depth, nodes } = sizeWith(context.workflow.spec.nodes.size, targets);
  const wrong =
    depth > MAX_INLINE_DEPTH
      ? `workflows run inline in each other ${depth} deep here; at most ${MAX_INLINE_DEPTH} are possible`
      : workflows.size > MAX_INLINE_WORKFLOWS
        ? `${workflows.size} different workflows run inline here; at most ${MAX_INLINE_WORKFLOWS} are possible`
        : nodes > MAX_INLINE_NODES
          ? `with all that runs inline this workflow has ${nodes} nodes; at most ${MAX_INLINE_NODES} are possible`
          : undefined;
  if (wrong === undefined) return true;
  const help = 'run a part of it as an execution of its own: a launchPlan node in place of a workflow node';
  context.tell('PIPE-DAG-004', wrong, context.workflow.placeOf(largestOf(context, targets)), { help });
  return false;
}

/** Where the largest of the workflows that run inline is named. */
function largestOf({ workflow }: WorkflowContext, targets: ReadonlyMap<BranchAction, Target>): Path {
  let largest: { readonly path: Path; readonly size: InlineSize } | undefined;
  for (const { action, path } of actionsOf(workflow)) {
    const target = targets.get(action);
    if (target?.kind !== 'workflow') continue;
    const size = sizeOf(target.closure);
    const isLarger = largest === undefined || size.depth > largest.size.depth || size.nodes > largest.size.nodes;
    if (isLarger) largest = { path: [...path, 'workflow'], size };
  }
  return largest?.path ?? ['spec', 'nodes'];
}
