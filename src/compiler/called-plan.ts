import type { Digest } from '../base/index.ts';
import { type Path, printType } from '../language/index.ts';
import type { LaunchPlanClosure } from './closure.ts';
import { interfaceType } from './launch.ts';
import type { PlanTarget } from './plan-targets.ts';
import { recordOf } from './record.ts';
import { namespaceOf } from './variants.ts';
import type { WorkflowContext } from './workflow-context.ts';

/** A launch plan that a node runs, in all domains. */
export interface CalledPlan {
  readonly kind: 'launchPlan';
  readonly closure: LaunchPlanClosure;
  readonly digest: Digest;
  /** Namespace → digest, where the plan is another one by domain. */
  readonly byNamespace?: Readonly<Record<string, Digest>>;
}

/** The plan that a node runs; of several by domain, that they are alike for the node. Undefined when not, which is told. */
export function calledPlan(
  { workspace, workflow, tell }: WorkflowContext,
  [first, ...others]: readonly [PlanTarget, ...PlanTarget[]],
  at: Path,
): CalledPlan | undefined {
  const { closure, digest } = first;
  const { project } = workspace.settings;
  if (first.domains === undefined || project === undefined) return { kind: 'launchPlan', closure, digest };
  for (const other of others) {
    const difference = differenceOf(first, other);
    if (difference === undefined) continue;
    const help = 'they may differ in defaults and limits; run a workflow of its own where they must differ in more';
    tell('PIPE-DOMAIN-007', difference, workflow.placeOf(at), { help });
    return undefined;
  }
  const byNamespace = recordOf(
    [first, ...others].flatMap((target) =>
      (target.domains ?? []).map((domain) => [namespaceOf(project, domain), target.digest] as const),
    ),
  );
  return { kind: 'launchPlan', closure, digest, byNamespace };
}

/** What a caller would notice; undefined when there is nothing. */
function differenceOf(one: PlanTarget, other: PlanTarget): string | undefined {
  for (const part of ['inputs', 'outputs'] as const) {
    const [left, right] = [formsOf(one.closure[part]), formsOf(other.closure[part])];
    for (const name of new Set([...left.keys(), ...right.keys()])) {
      if (left.get(name) === right.get(name)) continue;
      const word = part === 'inputs' ? 'input' : 'output';
      const shown = (forms: ReadonlyMap<string, string>): string => forms.get(name) ?? 'not there';
      return `the ${word} "${name}" is ${shown(left)} in ${one.title}, and ${shown(right)} in ${other.title}`;
    }
  }
  return undefined;
}

function formsOf(
  parameters: Readonly<Record<string, { readonly type: string; readonly default?: unknown }>>,
): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(parameters).map(([name, parameter]) => {
      const type = printType(interfaceType(parameter.type));
      return [name, parameter.default === undefined ? type : `${type} with a default`] as const;
    }),
  );
}
