import { canonicalJson, type Json } from '../../base/index.ts';
import type { Definition, DefinitionOf, Path } from '../../language/index.ts';
import type { ClosureParameter, LaunchPlanClosure, ScheduleClosure } from '../closure.ts';
import type { Tell } from '../findings.ts';
import { variantsOf } from '../variants.ts';
import type { Workspace } from '../workspace.ts';

/** Warns of defaults of a launch plan that its workflow has too. */
export function lintPlanDefaults(
  tell: Tell,
  workspace: Workspace,
  plan: DefinitionOf<'LaunchPlan'>,
  closure: LaunchPlanClosure,
): void {
  const names = [...plan.spec.inputs.default.keys()];
  if (names.length === 0) return;
  const workflow = workspace.compileEntity('Workflow', closure.workflow.name);
  if (workflow.kind !== 'ok' || workflow.compilation.closure.kind !== 'Workflow') return;
  const { name, inputs } = workflow.compilation.closure;
  for (const input of names) {
    const value = closure.inputs[input]?.default;
    tellRepeated(tell, plan, ['spec', 'inputs', 'default', input], value, inputs[input], `workflow "${name}"`);
  }
}

/** Warns of inputs of a schedule that its launch plan has as defaults. */
export function lintScheduleInputs(
  tell: Tell,
  workspace: Workspace,
  schedule: DefinitionOf<'Schedule'>,
  { launchPlan, inputs }: ScheduleClosure,
): void {
  if (inputs === undefined || variantsOf(workspace, 'LaunchPlan', launchPlan).length > 0) return;
  const plan = workspace.compileEntity('LaunchPlan', launchPlan);
  if (plan.kind !== 'ok' || plan.compilation.closure.kind !== 'LaunchPlan') return;
  const { name, inputs: defaults } = plan.compilation.closure;
  for (const [input, value] of Object.entries(inputs)) {
    tellRepeated(tell, schedule, ['spec', 'inputs', input], value, defaults[input], `launch plan "${name}"`);
  }
}

function tellRepeated(
  tell: Tell,
  definition: Definition,
  path: Path,
  value: Json | undefined,
  parameter: ClosureParameter | undefined,
  owner: string,
): void {
  if (value === undefined || parameter?.default === undefined) return;
  if (canonicalJson(value) !== canonicalJson(parameter.default)) return;
  const message = `the input "${path.at(-1)}" is given the default that ${owner} has`;
  tell('PIPE-LINT-011', message, definition.placeOfKey(path), { help: 'take it away: it changes nothing' });
}
