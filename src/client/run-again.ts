import type { Json } from '../base/index.ts';
import { type Cluster, type Execution, type ExecutionRequest, launchSettings } from '../cluster/index.ts';
import { type Runnable, resolveRunnable } from './resolve-run.ts';
import { resolveRevision } from './revisions.ts';

/** Everything of an execution that one more like it starts with. */
export type SameRequest = Omit<ExecutionRequest, 'name' | 'trigger' | 'cache'>;

/** What an execution was started with. */
export function requestOf({ metadata, spec }: Execution): SameRequest {
  const { launchPlan } = spec;
  return {
    namespace: metadata.namespace ?? '',
    repository: spec.repository,
    commit: spec.commit,
    workflow: spec.workflow,
    closure: spec.closure,
    inputs: spec.inputs,
    ...(launchPlan !== undefined && { launchPlan }),
    ...launchSettings(spec),
  };
}

export type AgainResolution =
  | { readonly kind: 'found'; readonly runnable: Runnable }
  | { readonly kind: 'noRevision'; readonly rev: string }
  | { readonly kind: 'noEntity'; readonly commit: string; readonly names: readonly string[] };

/** What an execution runs, at `rev` or at its own commit: the launch plan or workflow of the same name. */
export async function resolveAgain(
  cluster: Cluster,
  { metadata, spec }: Execution,
  rev: string | undefined,
): Promise<AgainResolution> {
  const revision = await resolveRevision(cluster, rev ?? spec.commit, spec.repository);
  if (revision === undefined) return { kind: 'noRevision', rev: rev ?? spec.commit };
  const kind = spec.launchPlan === undefined ? 'Workflow' : 'LaunchPlan';
  return resolveRunnable(
    cluster,
    { revision, namespace: metadata.namespace ?? '' },
    spec.launchPlan ?? spec.workflow,
    kind,
  );
}

/** The old inputs that `runnable` takes from a caller, and the names of those that it knows no more. */
export function carriedInputs(
  { spec }: Execution,
  { parameters, fixedInputs }: Runnable,
): { readonly inputs: Readonly<Record<string, Json>>; readonly dropped: readonly string[] } {
  const inputs: Record<string, Json> = Object.create(null);
  const dropped: string[] = [];
  for (const [name, value] of Object.entries(spec.inputs)) {
    if (Object.hasOwn(parameters, name)) inputs[name] = value;
    else if (!Object.hasOwn(fixedInputs, name)) dropped.push(name);
  }
  return { inputs, dropped };
}
