import { type Digest, type Json, StalledError } from '../base/index.ts';
import {
  activeEntries,
  type Cluster,
  domainOf,
  findEntity,
  type LaunchSettings,
  launchSettings,
  listEntities,
  loadClosureText,
  type Repository,
  type Revision,
  SYSTEM_NAMESPACE,
} from '../cluster/index.ts';
import { type ClosureParameter, closureIn, type LaunchPlanClosure, type WorkflowClosure } from '../compiler/index.ts';
import { matchesRef } from '../git/index.ts';
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
  const found = items.find((repository) => statusOf(repository, namespace) !== undefined);
  if (rev === undefined) {
    const lastApplied = found === undefined ? undefined : statusOf(found, namespace)?.lastApplied;
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
  // Of several patterns the one that says most.
  const patterns = entries
    .filter(([, { ref }]) => ref.includes('*') && matchesRef(ref, `refs/heads/${branch}`))
    .sort(([, a], [, b]) => b.ref.length - a.ref.length);
  const found = entries.find(([, { ref }]) => ref === branch) ?? patterns[0];
  return found === undefined ? undefined : `${project}-${found[0]}`;
}

/**
 * Finds what `name` means in a revision, as it is in a namespace: a launch plan, else a workflow, or only `kind`. Reads two
 * index pages and one closure.
 */
export async function resolveRunnable(
  cluster: Cluster,
  { revision: { spec }, namespace }: RunTarget,
  name: string,
  kind?: 'LaunchPlan' | 'Workflow',
): Promise<RunResolution> {
  if (spec.index === undefined) {
    throw new StalledError('RevisionRejected', `commit ${spec.commit.slice(0, 7)} was rejected: nothing of it can run`);
  }
  const { repository, commit } = spec;
  const domain = domainOf(namespace, spec.project);
  const find = (of: 'LaunchPlan' | 'Workflow') =>
    kind !== undefined && kind !== of
      ? undefined
      : findEntity(cluster, spec.index as Digest, domain, { kind: of, name });
  const plan = await find('LaunchPlan');
  if (plan !== undefined) {
    const stored = JSON.parse(await loadClosureText(cluster, plan.digest)) as LaunchPlanClosure;
    const closure = closureIn(stored, namespace);
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
  const workflow = await find('Workflow');
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
  const entities = activeEntries(await listEntities(cluster, spec.index), domain);
  const names = entities
    .filter(({ kind }) => kind === 'LaunchPlan' || kind === 'Workflow')
    .map((entity) => entity.name);
  return { kind: 'noEntity', commit, names: [...new Set(names)].sort() };
}

function statusOf({ status }: Repository, namespace: string) {
  const found = Object.entries(status?.domains ?? {}).find(([name]) => `${status?.project}-${name}` === namespace);
  return found?.[1];
}
