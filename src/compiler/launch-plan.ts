import type { Json } from '../base/index.ts';
import type { DefinitionOf } from '../language/index.ts';
import type { ClosureParameter, LaunchPlanClosure, WorkflowClosure } from './closure.ts';
import { checkGiven, type GivenInputs, valuesRead } from './given-inputs.ts';
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
    inputs: openInputs(workflow.closure, plan, defaults.same),
    outputs: recordOf(Object.entries(workflow.closure.outputs).map(([name, { type }]) => [name, { type }] as const)),
    fixedInputs: recordOf(fixed.same),
    ...inputsByNamespace(workflow.closure, defaults, fixed),
    ...(spec.maxParallelism === undefined ? {} : { maxParallelism: spec.maxParallelism }),
    ...(spec.concurrency === undefined ? {} : { concurrency: spec.concurrency }),
    ...(spec.priority === undefined ? {} : { priority: spec.priority }),
    ...(spec.interruptible === undefined ? {} : { interruptible: spec.interruptible }),
    ...(spec.timeout === undefined ? {} : { timeout: spec.timeout }),
    ...(spec.notifications === undefined ? {} : { notifications: spec.notifications }),
  };
  const refs = [keyOf('Workflow', spec.workflow)];
  return { kind: 'ok', closure, refs, folders: [], ...valuesRead(defaults, fixed) };
}

/** The inputs that stay open, each with the plan's default before the workflow's own. */
function openInputs(
  workflow: WorkflowClosure,
  { spec }: LaunchPlan,
  defaults: ReadonlyMap<string, Json>,
): Readonly<Record<string, ClosureParameter>> {
  const open: (readonly [string, ClosureParameter])[] = [];
  for (const [name, parameter] of Object.entries(workflow.inputs)) {
    if (spec.inputs.fixed.has(name)) continue;
    const value = defaults.get(name);
    open.push([name, value === undefined ? parameter : { ...parameter, default: value }]);
  }
  return recordOf(open);
}

function inputsByNamespace(
  { inputs }: WorkflowClosure,
  defaults: GivenInputs,
  fixed: GivenInputs,
): Pick<LaunchPlanClosure, 'byNamespace'> {
  if (defaults.byNamespace.size + fixed.byNamespace.size === 0) return {};
  const byNamespace = recordOf([
    ...[...defaults.byNamespace].map(([name, values]) => [name, { values }] as const),
    ...[...fixed.byNamespace].map(
      ([name, values]) => [name, { fixed: inputs[name] as ClosureParameter, values }] as const,
    ),
  ]);
  return { byNamespace };
}

/** The plan's values for inputs of the workflow, normalised; undefined when one is wrong. */
function checkedInputs(
  workspace: Workspace,
  plan: LaunchPlan,
  workflow: WorkflowClosure,
  which: 'default' | 'fixed',
): GivenInputs | undefined {
  return checkGiven(workspace, plan, ['spec', 'inputs', which], plan.spec.inputs[which], {
    owner: `workflow "${workflow.name}"`,
    parameters: workflow.inputs,
    isFixed: which === 'fixed',
  });
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
