import type { BranchAction, DefinitionOf, Path } from '../../language/index.ts';
import type { BranchClosure, TaskClosure, WorkflowClosure } from '../closure.ts';
import type { Tell } from '../findings.ts';

const HELP = 'take the retries away, or make the task idempotent, for example by $PIPECTL_IDEMPOTENCY_KEY';

/** Warns of a task that says it is not idempotent and is retried all the same. */
export function lintRetries(tell: Tell, task: DefinitionOf<'Task'>, { idempotent, retries }: TaskClosure): void {
  if (idempotent !== false || retries.limit === 0) return;
  const related = [{ message: 'said here', ...task.placeOf(['spec', 'idempotent']) }];
  const message = `task "${task.name}" is not idempotent, and is retried ${times(retries.limit)}`;
  tell('PIPE-LINT-008', message, task.placeOfKey(['spec', 'retries']), { help: HELP, related });
}

/** The same for retries that a node adds, a branch of a switch, or the failure handler. */
export function lintNodeRetries(tell: Tell, workflow: DefinitionOf<'Workflow'>, closure: WorkflowClosure): void {
  for (const { what, path, written, action } of actionsOf(workflow, closure)) {
    const task = 'task' in action && typeof action.task === 'string' ? closure.tasks[action.task] : undefined;
    if (task?.idempotent !== false || task.retries.limit === 0) continue;
    if (!('retries' in written) || written.retries?.limit === undefined) continue;
    const message = `${what} retries task "${task.name}" ${times(task.retries.limit)}, which is not idempotent`;
    tell('PIPE-LINT-008', message, workflow.placeOfKey([...path, 'retries']), { help: HELP });
  }
}

interface PlacedAction {
  /** For a message. */
  readonly what: string;
  readonly path: Path;
  readonly written: BranchAction;
  readonly action: BranchClosure;
}

function actionsOf(workflow: DefinitionOf<'Workflow'>, closure: WorkflowClosure): readonly PlacedAction[] {
  const actions: PlacedAction[] = [];
  const { nodes, onFailure } = workflow.spec;
  for (const node of closure.nodes) {
    const written = nodes.get(node.id);
    const path = ['spec', 'nodes', node.id];
    const what = `node "${node.id}"`;
    if (written === undefined) continue;
    if (node.kind !== 'switch') {
      if (written.kind !== 'switch') actions.push({ what, path, written, action: node });
      continue;
    }
    if (written.kind !== 'switch') continue;
    const branch = `a branch of ${what}`;
    for (const [at, { action }] of node.branches.entries()) {
      const inner = written.switch[at]?.action;
      if (inner) actions.push({ what: branch, path: [...path, 'switch', at, 'then'], written: inner, action });
    }
    if (node.else !== undefined && written.else !== undefined)
      actions.push({ what: branch, path: [...path, 'else'], written: written.else, action: node.else });
  }
  if (closure.onFailure !== undefined && onFailure !== undefined) {
    const path = ['spec', 'onFailure'];
    actions.push({ what: 'the failure handler', path, written: onFailure, action: closure.onFailure });
  }
  return actions;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
