import type { WorkflowClosure } from '../../src/compiler/index.ts';
import { commitOf, compileAll } from '../compiler/commit.ts';

const TASKS = [
  'kind: Task\nmetadata: { name: work }\nspec: { inputs: { a: integer }, outputs: { x: integer }, run: { command: [work] } }',
  'kind: Task\nmetadata: { name: tell }\nspec: { inputs: { text: string }, run: { command: [tell] } }',
  'kind: Task\nmetadata: { name: plan }\nspec: { inputs: { a: integer }, outputs: { workflow: json }, run: { command: [plan] } }',
];

/**
 * The closure of the workflow `main`, as the compiler makes it. `workflows`: name → lines of YAML of its spec. There are
 * the tasks `work` (a → x), `tell` (text) and `plan` (a → workflow).
 */
export function compiledWorkflow(workflows: Readonly<Record<string, string>>): WorkflowClosure {
  const documents = Object.entries(workflows).map(([name, spec]) => {
    const lines = spec.replaceAll(/^\n|\n *$/g, '').split('\n');
    const indent = Math.min(...lines.map((line) => line.search(/\S/)).filter((at) => at >= 0));
    const body = lines.map((line) => `  ${line.slice(indent)}`).join('\n');
    return `kind: Workflow\nmetadata: { name: ${name} }\nspec:\n${body}`;
  });
  const compiled = compileAll(commitOf(...TASKS, ...documents));
  const entity = compiled.kind === 'compiled' ? compiled.changed.find(({ name }) => name === 'main') : undefined;
  if (entity?.closure.kind !== 'Workflow') throw new Error(JSON.stringify(compiled.diagnostics, null, 1));
  return entity.closure;
}
