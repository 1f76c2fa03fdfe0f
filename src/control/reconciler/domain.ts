import { RECONCILE_PAGE, StalledError } from '../../base/index.ts';
import {
  type Cluster,
  type DefinitionSource,
  type DomainStatus,
  diffEntities,
  type EntityEntry,
  findObject,
  type KubeObject,
  LABEL,
  listEntities,
  type Revision,
  SYSTEM_NAMESPACE,
  type Write,
} from '../../cluster/index.ts';
import type { EntityKind } from '../../compiler/index.ts';
import { applyPlan, namespaceWrites } from './apply.ts';
import { isEdited } from './definition.ts';
import { type DesiredDefinition, type LiveDefinition, type Plan, planChanges } from './plan.ts';

/** Kinds that only the reconciler writes. */
export const DEFINITION_KINDS: readonly EntityKind[] = [
  'Platform',
  'Policy',
  'Task',
  'Workflow',
  'LaunchPlan',
  'Schedule',
];

/** One domain to be made equal to a commit, or emptied. */
export interface DomainRequest {
  readonly cluster: Cluster;
  readonly repository: string;
  readonly namespace: string;
  readonly status: DomainStatus;
  /** Compare every object, not only what differs between the two commits. */
  readonly verify: boolean;
  /** The status to note when the domain has reached `commit`; undefined: it has been emptied. */
  readonly reached: (commit: string | undefined) => readonly Write[];
}

/** Makes the domain's definitions equal to its desired commit and notes it. Returns the plan, empty when nothing was to do. */
export async function reconcileDomain(request: DomainRequest): Promise<Plan> {
  const { cluster, repository, namespace, status, verify } = request;
  const commit = status.ref === '' ? undefined : status.desired;
  const plan =
    verify || status.lastApplied === undefined
      ? await planWhole(request, commit)
      : await planDifference(request, status.lastApplied, commit);
  const isReached = commit !== undefined && commit === status.lastApplied;
  const last = isReached ? [] : request.reached(commit);
  if (plan.waves.length === 0 && last.length === 0) return plan;
  const ensured = plan.waves.length === 0 ? [] : await namespaceWrites(cluster, namespace);
  if (ensured.length > 0) await cluster.write(ensured);
  const target = { cluster, repository, namespace, ...(commit !== undefined && { commit }) };
  await applyPlan(target, plan, last);
  return plan;
}

/** By the difference of two commits: reads only the index buckets that differ. */
async function planDifference(request: DomainRequest, from: string, to: string | undefined): Promise<Plan> {
  const { cluster, repository } = request;
  if (from === to) return { waves: [], unchanged: 0 };
  const [before, after] = await Promise.all([
    indexOf(cluster, repository, from),
    to === undefined ? undefined : indexOf(cluster, repository, to),
  ]);
  const diff = await diffEntities(cluster, before, after);
  const live = diff.changed.flatMap((change) => (change.before === undefined ? [] : [change.before]));
  return planChanges(
    diff.changed.map((change) => change.after).filter(isDefinition),
    [...live, ...diff.removed].filter(isDefinition),
  );
}

/** By all objects of the namespace that came from this repository. */
async function planWhole(request: DomainRequest, commit: string | undefined): Promise<Plan> {
  const { cluster, repository, namespace } = request;
  const index = commit === undefined ? undefined : await indexOf(cluster, repository, commit);
  const desired = index === undefined ? [] : (await listEntities(cluster, index)).filter(isDefinition);
  const live: LiveDefinition[] = [];
  for (const kind of DEFINITION_KINDS) live.push(...(await listLive(cluster, kind, namespace, repository)));
  return planChanges(desired, live);
}

async function listLive(
  cluster: Cluster,
  kind: EntityKind,
  namespace: string,
  repository: string,
): Promise<LiveDefinition[]> {
  const live: LiveDefinition[] = [];
  for (let continueToken: string | undefined; ; ) {
    const page = await cluster.list(kind, {
      namespace,
      labelSelector: `${LABEL.repository}=${repository}`,
      limit: RECONCILE_PAGE,
      ...(continueToken !== undefined && { continueToken }),
    });
    live.push(...page.items.map((object) => liveDefinition(kind, object)));
    continueToken = page.continueToken;
    if (continueToken === undefined) return live;
  }
}

function liveDefinition(kind: EntityKind, object: KubeObject): LiveDefinition {
  const spec = (object.spec ?? {}) as Partial<DefinitionSource>;
  return {
    kind,
    name: object.metadata.name,
    digest: spec.closure ?? '',
    file: spec.file ?? '',
    ...(isEdited(object) && { isEdited: true }),
  };
}

/** The index of a registered commit. A commit without one needs a person: it was rejected, or never came. */
async function indexOf(cluster: Cluster, repository: string, commit: string): Promise<string> {
  const key = { kind: 'Revision', namespace: SYSTEM_NAMESPACE, name: `${repository}-${commit}` };
  const index = (await findObject<Revision>(cluster, key))?.spec.index;
  if (index !== undefined) return index;
  throw new StalledError('RevisionMissing', `commit ${commit} of ${repository} is not registered: push it again`);
}

function isDefinition(entry: EntityEntry): entry is EntityEntry & DesiredDefinition {
  return entry.kind !== 'Project';
}
