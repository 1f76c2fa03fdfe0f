import type { Definition } from '../../language/index.ts';
import type { Tell } from '../findings.ts';
import { keyOfDefinition } from '../variants.ts';
import { type Compilation, lookUp, tellTo, type Workspace } from '../workspace.ts';

/** Keys of tasks whose use may have changed: those that were compiled, and those that references came to or went from. */
export function tasksInQuestion(
  { base }: Workspace,
  compilations: readonly Compilation[],
  removed: ReadonlySet<string>,
): ReadonlySet<string> {
  const tasks = new Set<string>();
  const add = (key: string): void => {
    if (key.startsWith('Task/') && !removed.has(key)) tasks.add(key);
  };
  for (const { declared, closure, refs } of compilations) {
    const key = keyOfDefinition(declared.definition);
    if (closure.kind === 'Task') add(key);
    const before = base.entries.get(key)?.refs ?? [];
    for (const ref of refs) if (!before.includes(ref)) add(ref);
    for (const ref of before) if (!refs.includes(ref)) add(ref);
  }
  for (const key of removed) for (const ref of base.entries.get(key)?.refs ?? []) add(ref);
  return tasks;
}

/** Warns of tasks that nothing refers to in the commit that is being compiled. */
export function lintUnusedTasks(
  workspace: Workspace,
  compilations: readonly Compilation[],
  removed: ReadonlySet<string>,
  tasks: ReadonlySet<string>,
): void {
  const compiled = new Set(compilations.map(({ declared }) => keyOfDefinition(declared.definition)));
  const referred = new Set(compilations.flatMap(({ refs }) => refs));
  for (const key of tasks) {
    if (referred.has(key)) continue;
    const others = workspace.base.dependents.get(key) ?? [];
    if (others.some((other) => !compiled.has(other) && !removed.has(other))) continue;
    const found = lookUp(workspace, 'Task', key.slice('Task/'.length));
    if (found.kind !== 'found') continue;
    tellUnusedTask(tellTo(workspace), found.declared.definition);
  }
}

export function tellUnusedTask(tell: Tell, { name, declaredAt }: Definition): void {
  const message = `no workflow of this commit runs the task "${name}"`;
  tell('PIPE-LINT-005', message, declaredAt(), { help: 'take it away, or run it' });
}
