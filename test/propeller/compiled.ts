import type { WorkflowClosure } from '../../src/compiler/index.ts';
import { buildPlan } from '../../src/propeller/index.ts';
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
  return compiledPlan(workflows).closure;
}

/** The same, made ready to run with the launch plans that it runs, which are given as whole documents. */
export function compiledPlan(workflows: Readonly<Record<string, string>>, launchPlans: readonly string[] = []) {
  const documents = Object.entries(workflows).map(([name, spec]) => {
    const lines = spec.replaceAll(/^\n|\n *$/g, '').split('\n');
    const indent = Math.min(...lines.map((line) => line.search(/\S/)).filter((at) => at >= 0));
    const body = lines.map((line) => `  ${line.slice(indent)}`).join('\n');
    return `kind: Workflow\nmetadata: { name: ${name} }\nspec:\n${body}`;
  });
  const compiled = compileAll(commitOf(...TASKS, ...documents, ...launchPlans));
  const entity = compiled.kind === 'compiled' ? compiled.changed.find(({ name }) => name === 'main') : undefined;
  if (entity?.closure.kind !== 'Workflow') throw new Error(JSON.stringify(compiled.diagnostics, null, 1));
  const { closure, digest } = entity;
  const made = compiled.kind === 'compiled' ? compiled.changed : [];
  const plans = made.flatMap((one) => (one.closure.kind === 'LaunchPlan' ? [[one.digest, one.closure] as const] : []));
  return { closure, plan: buildPlan(digest, closure, new Map(plans)) };
}
