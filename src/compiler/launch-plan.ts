import type { Json } from '../base/index.ts';
import { checkValue, type DefinitionOf, didYouMean, type Path } from '../language/index.ts';
import type { ClosureParameter, LaunchPlanClosure, WorkflowClosure } from './closure.ts';
import { interfaceType } from './launch.ts';
import { recordOf } from './record.ts';
import { resolve } from './reference.ts';
import { keyOf, type Made, tellTo, type Workspace } from './workspace.ts';

type LaunchPlan = DefinitionOf<'LaunchPlan'>;

/** Compiles a launch plan: the workflow's interface with this plan's defaults, less what it fixes. */
export function compileLaunchPlan(workspace: Workspace, plan: LaunchPlan): Made {
  const { spec } = plan;
  const workflow = resolve(workspace, plan, ['spec', 'workflow'], 'Workflow', spec.workflow);
  if (workflow.kind !== 'ok') return workflow;
  const defaults = checkedInputs(workspace, plan, workflow.closure, 'default');
  const fixed = checkedInputs(workspace, plan, workflow.closure, 'fixed');
  if (defaults === undefined || fixed === undefined || !areApart(workspace, plan)) return { kind: 'failed' };
  const closure: LaunchPlanClosure = {
    kind: 'LaunchPlan',
    name: plan.name,
    workflow: { name: spec.workflow, closure: workflow.digest },
    inputs: openInputs(workflow.closure, defaults, fixed),
    outputs: recordOf(Object.entries(workflow.closure.outputs).map(([name, { type }]) => [name, { type }] as const)),
    fixedInputs: recordOf(fixed),
    ...(spec.maxParallelism === undefined ? {} : { maxParallelism: spec.maxParallelism }),
    ...(spec.concurrency === undefined ? {} : { concurrency: spec.concurrency }),
    ...(spec.priority === undefined ? {} : { priority: spec.priority }),
    ...(spec.interruptible === undefined ? {} : { interruptible: spec.interruptible }),
    ...(spec.timeout === undefined ? {} : { timeout: spec.timeout }),
    ...(spec.notifications === undefined ? {} : { notifications: spec.notifications }),
  };
  return { kind: 'ok', closure, refs: [keyOf('Workflow', spec.workflow)], folders: [] };
}

/** The inputs that stay open, each with the plan's default before the workflow's own. */
function openInputs(
  workflow: WorkflowClosure,
  defaults: ReadonlyMap<string, Json>,
  fixed: ReadonlyMap<string, Json>,
): Readonly<Record<string, ClosureParameter>> {
  const open: (readonly [string, ClosureParameter])[] = [];
  for (const [name, parameter] of Object.entries(workflow.inputs)) {
    if (fixed.has(name)) continue;
    const value = defaults.get(name);
    open.push([name, value === undefined ? parameter : { ...parameter, default: value }]);
  }
  return recordOf(open);
}

/** The plan's values for inputs of the workflow, normalised; undefined when one is wrong. */
function checkedInputs(
  workspace: Workspace,
  plan: LaunchPlan,
  workflow: WorkflowClosure,
  which: 'default' | 'fixed',
): ReadonlyMap<string, Json> | undefined {
  return checkGiven(workspace, plan, ['spec', 'inputs', which], plan.spec.inputs[which], {
    owner: `workflow "${workflow.name}"`,
    parameters: workflow.inputs,
  });
}

/** Whose inputs are given, for messages. */
export interface InputOwner {
  readonly owner: string;
  readonly parameters: Readonly<Record<string, ClosureParameter>>;
}

/** Plain values given for an interface: each must be an input of its type. Normalised; undefined when one is wrong. */
export function checkGiven(
  workspace: Workspace,
  definition: DefinitionOf<'LaunchPlan' | 'Schedule'>,
  path: Path,
  given: ReadonlyMap<string, Json>,
  { owner, parameters }: InputOwner,
): ReadonlyMap<string, Json> | undefined {
  const tell = tellTo(workspace);
  const checked = new Map<string, Json>();
  for (const [name, value] of given) {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (parameter === undefined) {
      const help = didYouMean(name, Object.keys(parameters));
      tell('PIPE-INPUT-002', `${owner} has no input "${name}"`, definition.placeOfKey([...path, name]), { help });
      continue;
    }
    const result = checkValue(value, interfaceType(parameter.type));
    if (result.kind === 'ok') checked.set(name, result.value);
    else {
      for (const problem of result.problems) {
        const help = problem.help ?? `the type of "${name}" is ${parameter.type}`;
        tell('PIPE-INPUT-003', problem.message, definition.placeOf([...path, name, ...problem.path]), { help });
      }
    }
  }
  return checked.size === given.size ? checked : undefined;
}

/** An input has a default or is fixed, not both. */
function areApart(workspace: Workspace, plan: LaunchPlan): boolean {
  const both = [...plan.spec.inputs.fixed.keys()].filter((name) => plan.spec.inputs.default.has(name));
  for (const name of both) {
    const place = plan.placeOfKey(['spec', 'inputs', 'fixed', name]);
    const related = [{ message: 'its default is here', ...plan.placeOfKey(['spec', 'inputs', 'default', name]) }];
    const help = 'keep one: a fixed input cannot be given, so its default would never be used';
    tellTo(workspace)('PIPE-INPUT-004', `the input "${name}" has a default and is fixed`, place, { help, related });
  }
  return both.length === 0;
}
