import { domainsOfKey, variantName } from '../base/index.ts';
import type { Definition, Path } from '../language/index.ts';
import type { LaunchPlanClosure } from './closure.ts';
import { declaredHere } from './findings.ts';
import { recordOf } from './record.ts';
import { resolve } from './reference.ts';
import { activeDomains, namespaceOf, variantIn, variantsOf } from './variants.ts';
import { tellTo, type Workspace } from './workspace.ts';

/** A launch plan as a definition meets it in some domains. */
export interface PlanTarget {
  /** With the defaults that hold in all of these domains. */
  readonly closure: LaunchPlanClosure;
  readonly digest: string;
  /** For messages: `launch plan "x"`, with the domains where it is another one elsewhere. */
  readonly title: string;
  /** Where it is met; absent: wherever the definition is active. */
  readonly domains?: readonly string[];
}

export type PlanTargets =
  | { readonly kind: 'ok'; readonly targets: readonly [PlanTarget, ...PlanTarget[]] }
  | { readonly kind: 'failed' }
  | { readonly kind: 'pending' };

/** What a reference to a launch plan leads to in each domain where the definition is active; each plan once. */
export function resolvePlans(workspace: Workspace, definition: Definition, path: Path, name: string): PlanTargets {
  const variants = variantsOf(workspace, 'LaunchPlan', name);
  const title = `launch plan "${name}"`;
  if (variants.length === 0) {
    const found = resolve(workspace, definition, path, 'LaunchPlan', name);
    if (found.kind !== 'ok') return found;
    const closure = withSharedDefaults(workspace, found.closure, () => activeDomains(workspace, definition));
    return { kind: 'ok', targets: [{ closure, digest: found.digest, title }] };
  }
  const byVariant = Map.groupBy(activeDomains(workspace, definition), (domain) =>
    variantIn(workspace, 'LaunchPlan', name, domain),
  );
  const targets: PlanTarget[] = [];
  let worst: 'ok' | 'failed' | 'pending' = 'ok';
  for (const [variant, domains] of byVariant) {
    const outcome = workspace.compileEntity('LaunchPlan', variant);
    if (outcome.kind === 'missing') tellInactive(workspace, definition, path, { name, domains, variants });
    if (outcome.kind === 'pending') worst = 'pending';
    else if (outcome.kind !== 'ok' || outcome.compilation.closure.kind !== 'LaunchPlan') {
      if (worst === 'ok') worst = 'failed';
    } else {
      const { closure, digest } = outcome.compilation;
      const shown = `${title} of ${domains.join(' and ')}`;
      targets.push({ closure: withSharedDefaults(workspace, closure, () => domains), digest, title: shown, domains });
    }
  }
  if (worst !== 'ok') return { kind: worst };
  const [first, ...others] = targets;
  return first === undefined ? { kind: 'failed' } : { kind: 'ok', targets: [first, ...others] };
}

function tellInactive(
  workspace: Workspace,
  definition: Definition,
  path: Path,
  missing: { readonly name: string; readonly domains: readonly string[]; readonly variants: readonly string[] },
): void {
  const { name, domains, variants } = missing;
  const related = variants.flatMap((key) => {
    const others = domainsOfKey(key) ?? [];
    const outcome = workspace.compileEntity('LaunchPlan', variantName(name, others));
    if (outcome.kind !== 'ok') return [];
    return [declaredHere(outcome.compilation.declared.definition, `the one of ${others.join(' and ')}`)];
  });
  const where = domains.join(' and ');
  const help = 'declare it there too, or once without "domains"';
  const message = `there is no launch plan "${name}" in ${where}`;
  tellTo(workspace)('PIPE-DOMAIN-004', message, definition.placeOf(path), { help, related });
}

/** An input whose default differs by domain has one where each of these domains gives it: which, does not matter here. */
function withSharedDefaults(
  { settings: { project } }: Workspace,
  closure: LaunchPlanClosure,
  domainsOf: () => readonly string[],
): LaunchPlanClosure {
  const { byNamespace } = closure;
  if (byNamespace === undefined || project === undefined) return closure;
  const namespaces = domainsOf().map((domain) => namespaceOf(project, domain));
  const inputs = Object.entries(closure.inputs).map(([name, parameter]) => {
    const values = Object.hasOwn(byNamespace, name) ? byNamespace[name]?.values : undefined;
    const isGiven = values !== undefined && namespaces.every((namespace) => Object.hasOwn(values, namespace));
    const [first] = isGiven ? Object.values(values) : [];
    return [name, first === undefined ? parameter : { ...parameter, default: first }] as const;
  });
  return { ...closure, inputs: recordOf(inputs) };
}
