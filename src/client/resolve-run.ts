import { type Digest, type Json, StalledError } from '../base/index.ts';
import {
  type Cluster,
  findEntity,
  type LaunchSettings,
  launchSettings,
  listEntities,
  loadClosureText,
  type Repository,
  type Revision,
  SYSTEM_NAMESPACE,
} from '../cluster/index.ts';
import type { ClosureParameter, LaunchPlanClosure, WorkflowClosure } from '../compiler/index.ts';
import { resolveRevision } from './revisions.ts';

/** Something of one commit that can be run: a launch plan, or a workflow by itself. */
export interface Runnable extends LaunchSettings {
  readonly repository: string;
  readonly commit: string;
  readonly workflow: string;
  readonly closure: Digest;
  readonly launchPlan?: string;
  /** What a caller may give; fixed inputs are not among them. */
  readonly parameters: Readonly<Record<string, ClosureParameter>>;
  readonly fixedInputs: Readonly<Record<string, Json>>;
}

export type RunResolution =
  | { readonly kind: 'found'; readonly runnable: Runnable }
  /** The commit has neither launch plan nor workflow of this name; `names` are those that it has. */
  | { readonly kind: 'noEntity'; readonly commit: string; readonly names: readonly string[] };

/** A revision to run, and where its executions go. */
export interface RunTarget {
  readonly revision: Revision;
  readonly namespace: string;
}

/**
 * The revision that `rev` names, else the active one of `namespace`. A branch other than the one that `namespace`
 * tracks belongs to another domain of the project, if one tracks it (or any other branch, `*`): then its executions
 * go there, unless `isFixed`.
 */
export async function runTarget(
  cluster: Cluster,
  namespace: string,
  rev: string | undefined,
  isFixed: boolean,
): Promise<RunTarget | undefined> {
  const { items } = await cluster.list<Repository>('Repository', { namespace: SYSTEM_NAMESPACE });
  const found = items.find((repository) => domainOf(repository, namespace) !== undefined);
  if (rev === undefined) {
    const lastApplied = found === undefined ? undefined : domainOf(found, namespace)?.lastApplied;
    if (found === undefined || lastApplied === undefined) return undefined;
    const revision = await resolveRevision(cluster, lastApplied, found.metadata.name);
    return revision && { revision, namespace };
  }
  const revision = await resolveRevision(cluster, rev, found?.metadata.name);
  if (revision === undefined) return undefined;
  return { revision, namespace: (isFixed ? undefined : namespaceOfBranch(found, rev)) ?? namespace };
}

function namespaceOfBranch(repository: Repository | undefined, branch: string): string | undefined {
  const { project, domains = {} } = repository?.status ?? {};
  // A commit belongs to no domain of its own.
  if (/^[0-9a-f]{4,40}$/.test(branch)) return undefined;
  const entries = Object.entries(domains);
  const found = entries.find(([, { ref }]) => ref === branch) ?? entries.find(([, { ref }]) => ref === '*');
  return found === undefined ? undefined : `${project}-${found[0]}`;
}

/** Finds what `name` means in a revision: a launch plan, else a workflow, or only `kind`. Reads two index pages and one closure. */
export async function resolveRunnable(
  cluster: Cluster,
  { spec }: Revision,
  name: string,
  kind?: 'LaunchPlan' | 'Workflow',
): Promise<RunResolution> {
  if (spec.index === undefined) {
    throw new StalledError('RevisionRejected', `commit ${spec.commit.slice(0, 7)} was rejected: nothing of it can run`);
  }
  const { repository, commit } = spec;
  const plan = kind === 'Workflow' ? undefined : await findEntity(cluster, spec.index, 'LaunchPlan', name);
  if (plan !== undefined) {
    const closure = JSON.parse(await loadClosureText(cluster, plan.digest)) as LaunchPlanClosure;
    const { workflow, inputs, fixedInputs } = closure;
    const runnable = {
      repository,
      commit,
      workflow: workflow.name,
      closure: workflow.closure,
      launchPlan: name,
      parameters: inputs,
      fixedInputs,
      ...launchSettings(closure),
    };
    return { kind: 'found', runnable };
  }
  const workflow = kind === 'LaunchPlan' ? undefined : await findEntity(cluster, spec.index, 'Workflow', name);
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
