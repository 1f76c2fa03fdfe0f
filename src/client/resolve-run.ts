import { type Digest, type Json, StalledError } from '../base/index.ts';
import {
  type Cluster,
  type ConcurrencyLimit,
  findEntity,
  listEntities,
  loadClosureText,
  type Repository,
  type Revision,
  SYSTEM_NAMESPACE,
} from '../cluster/index.ts';
import type { ClosureParameter, LaunchPlanClosure, WorkflowClosure } from '../compiler/index.ts';
import { resolveRevision } from './revisions.ts';

/** Something of one commit that can be run: a launch plan, or a workflow by itself. */
export interface Runnable {
  readonly repository: string;
  readonly commit: string;
  readonly workflow: string;
  readonly closure: Digest;
  readonly launchPlan?: string;
  /** What a caller may give; fixed inputs are not among them. */
  readonly parameters: Readonly<Record<string, ClosureParameter>>;
  readonly fixedInputs: Readonly<Record<string, Json>>;
  readonly maxParallelism?: number;
  readonly concurrency?: ConcurrencyLimit;
}

export type RunResolution =
  | { readonly kind: 'found'; readonly runnable: Runnable }
  | { readonly kind: 'noRevision' }
  /** The commit has neither launch plan nor workflow of this name; `names` are those that it has. */
  | { readonly kind: 'noEntity'; readonly commit: string; readonly names: readonly string[] };

/** The revision to run in `namespace`: the one that `rev` names, else the active one. */
export async function revisionFor(
  cluster: Cluster,
  namespace: string,
  rev: string | undefined,
): Promise<Revision | undefined> {
  const { items } = await cluster.list<Repository>('Repository', { namespace: SYSTEM_NAMESPACE });
  const found = items.find((repository) => domainOf(repository, namespace) !== undefined);
  if (rev !== undefined) return resolveRevision(cluster, rev, found?.metadata.name);
  if (found === undefined) return undefined;
  const { lastApplied } = domainOf(found, namespace)!;
  return lastApplied === undefined ? undefined : resolveRevision(cluster, lastApplied, found.metadata.name);
}

/** Finds what `name` means in a revision: a launch plan, else a workflow. Reads two index pages and one closure. */
export async function resolveRunnable(cluster: Cluster, { spec }: Revision, name: string): Promise<RunResolution> {
  if (spec.index === undefined) {
    throw new StalledError('RevisionRejected', `commit ${spec.commit.slice(0, 7)} was rejected: nothing of it can run`);
  }
  const { repository, commit } = spec;
  const plan = await findEntity(cluster, spec.index, 'LaunchPlan', name);
  if (plan !== undefined) {
    const closure = JSON.parse(await loadClosureText(cluster, plan.digest)) as LaunchPlanClosure;
    const { workflow, inputs, fixedInputs, maxParallelism, concurrency } = closure;
    const runnable = {
      repository,
      commit,
      workflow: workflow.name,
      closure: workflow.closure,
      launchPlan: name,
      parameters: inputs,
      fixedInputs,
      ...(maxParallelism !== undefined && { maxParallelism }),
      ...(concurrency !== undefined && { concurrency }),
    };
    return { kind: 'found', runnable };
  }
  const workflow = await findEntity(cluster, spec.index, 'Workflow', name);
  if (workflow !== undefined) {
    const { inputs } = JSON.parse(await loadClosureText(cluster, workflow.digest)) as WorkflowClosure;
    const runnable = {
      repository,
      commit,
      workflow: name,
      closure: workflow.digest,
      parameters: inputs,
      fixedInputs: {},
    };
    return { kind: 'found', runnable };
  }
  const entities = await listEntities(cluster, spec.index);
  const names = entities
    .filter(({ kind }) => kind === 'LaunchPlan' || kind === 'Workflow')
    .map((entity) => entity.name);
  return { kind: 'noEntity', commit, names: [...new Set(names)].sort() };
}

function domainOf({ status }: Repository, namespace: string) {
  const found = Object.entries(status?.domains ?? {}).find(([name]) => `${status?.project}-${name}` === namespace);
  return found?.[1];
}
