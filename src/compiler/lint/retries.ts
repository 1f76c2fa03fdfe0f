import type { DefinitionOf } from '../../language/index.ts';
import type { TaskClosure, WorkflowClosure } from '../closure.ts';
import type { Tell } from '../findings.ts';

const HELP = 'take the retries away, or make the task idempotent, for example by $PIPECTL_IDEMPOTENCY_KEY';

/** Warns of a task that says it is not idempotent and is retried all the same. */
export function lintRetries(tell: Tell, task: DefinitionOf<'Task'>, { idempotent, retries }: TaskClosure): void {
  if (idempotent !== false || retries.limit === 0) return;
  const related = [{ message: 'said here', ...task.placeOf(['spec', 'idempotent']) }];
  const message = `task "${task.name}" is not idempotent, and is retried ${times(retries.limit)}`;
  tell('PIPE-LINT-008', message, task.placeOfKey(['spec', 'retries']), { help: HELP, related });
}

/** The same for retries that a node adds. */
export function lintNodeRetries(tell: Tell, workflow: DefinitionOf<'Workflow'>, closure: WorkflowClosure): void {
  for (const node of closure.nodes) {
    const task = 'task' in node && typeof node.task === 'string' ? closure.tasks[node.task] : undefined;
    if (task?.idempotent !== false || task.retries.limit === 0) continue;
    const written = workflow.spec.nodes.get(node.id);
    if (written === undefined || !('retries' in written) || written.retries?.limit === undefined) continue;
    const message = `node "${node.id}" retries task "${task.name}" ${times(task.retries.limit)}, which is not idempotent`;
    tell('PIPE-LINT-008', message, workflow.placeOfKey(['spec', 'nodes', node.id, 'retries']), { help: HELP });
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
