import { MAX_LISTED_FOREIGN, RECONCILE_PAGE, StalledError, type UnixMs } from '../../base/index.ts';
import {
  ANNOTATION,
  activeEntries,
  type Cluster,
  type DefinitionSource,
  type DomainStatus,
  diffEntities,
  type EntityEntry,
  entityKey,
  findObject,
  type KubeObject,
  LABEL,
  listEntities,
  loadIndexRoot,
  type Revision,
  SYSTEM_NAMESPACE,
  type Write,
} from '../../cluster/index.ts';
import type { EntityKind } from '../../compiler/index.ts';
import { type Applied, applyPlan } from './apply.ts';
import { changedBy, isEdited, isMarked, needsOf, notedChange } from './definition.ts';
import { namespaceWrites } from './namespace.ts';
import {
  type DesiredDefinition,
  type ForeignDefinition,
  type LiveDefinition,
  type Plan,
  type PruneGuard,
  planChanges,
} from './plan.ts';

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
  readonly domain: string;
  readonly status: DomainStatus;
  readonly now: () => UnixMs;
  /** Compare every object, not only what differs between the two commits. */
  readonly verify: boolean;
  /** The commit whose removals a person has confirmed; a beginning of it will do. */
  readonly confirmed?: string;
  readonly deleting?: (uid: string) => void;
  /** What to note of the end, in the write that makes it so; none when there is no news. */
  readonly note: (outcome: DomainOutcome) => readonly Write[];
}

/** What was to do in a domain, and what became of it. */
export interface DomainOutcome {
  /** Absent: the domain has been emptied. */
  readonly commit: string | undefined;
  readonly plan: Plan;
  readonly applied: Applied;
  /** The commit had been applied before: whatever was to do was done by somebody past git. */
  readonly isDrift: boolean;
  /** Every object was compared. */
  readonly wasVerified: boolean;
}

/** Makes the domain's definitions equal to its desired commit, as far as they can be, and notes it. */
export async function reconcileDomain(request: DomainRequest): Promise<DomainOutcome> {
  const { cluster, repository, namespace, status, deleting } = request;
  const commit = status.ref === '' ? undefined : status.desired;
  const isDrift = commit !== undefined && status.lastApplied === commit && isWhole(status);
  const wasVerified = request.verify || !isClean(status);
  const plan = wasVerified
    ? await planWhole(request, commit)
    : await planDifference(request, status.lastApplied as string, commit);
  const ensured = commit === undefined || plan.waves.length === 0 ? [] : await namespaceWrites(cluster, namespace);
  if (ensured.length > 0) await cluster.write(ensured);
  const target = {
    cluster,
    repository,
    namespace,
    now: request.now,
    ...(commit !== undefined && { commit }),
    ...(deleting && { deleting }),
  };
  const outcomeOf = (applied: Applied): DomainOutcome => ({ commit, plan, applied, isDrift, wasVerified });
  return outcomeOf(await applyPlan(target, plan, (applied) => request.note(outcomeOf(applied))));
}

/** What somebody changed past git, as a plan that would make it undone. Writes nothing. */
export async function planDrift(request: Omit<DomainRequest, 'note' | 'verify' | 'now'>): Promise<Plan> {
  return planWhole(request, request.status.lastApplied);
}

/** Whether nothing is there but what `lastApplied` says: only then the difference of two commits tells all. */
function isClean(status: DomainStatus): boolean {
  return status.lastApplied !== undefined && status.waiting === undefined && isWhole(status);
}

/** Whether the last commit that was tried was applied, as far as it was to be. */
function isWhole({ lastAttempted, lastApplied, failed, pruneHeld }: DomainStatus): boolean {
  return lastAttempted === lastApplied && failed === undefined && pruneHeld === undefined;
}

/** Where a plan is made, and what a person has confirmed. */
export type PlanRequest = Pick<DomainRequest, 'cluster' | 'repository' | 'namespace' | 'domain' | 'confirmed'>;

/** By the difference of two commits: reads only the index buckets that differ. */
async function planDifference(request: PlanRequest, from: string, to: string | undefined): Promise<Plan> {
  const { cluster, repository } = request;
  if (from === to) return { waves: [], unchanged: 0, waiting: [] };
  const [before, after] = await Promise.all([
    indexOf(cluster, repository, from),
    to === undefined ? undefined : indexOf(cluster, repository, to),
  ]);
  const diff = await diffEntities(cluster, request.domain, before, after);
  const live = diff.changed.flatMap((change) => (change.before === undefined ? [] : [change.before]));
  const removed = diff.removed.filter(isDefinition).map((entry) => ({ ...entry, needs: entry.refs }));
  // Most commits remove nothing, and need not be weighed.
  const sizes = removed.length === 0 ? [] : [countOf(request, before), countOf(request, after)];
  const [active = 0, wanted = 0] = await Promise.all(sizes);
  return planChanges(
    diff.changed.map((change) => change.after).filter(isDefinition),
    [...live.filter(isDefinition), ...(await Promise.all(removed.map((entry) => confirmedOrNot(request, entry, to))))],
    { isConfirmed: isConfirmed(request.confirmed, to), active, wanted },
  );
}

/** By all objects of the namespace that came from this repository. */
async function planWhole(request: PlanRequest, commit: string | undefined): Promise<Plan> {
  const { cluster, repository } = request;
  const index = commit === undefined ? undefined : await indexOf(cluster, repository, commit);
  return planAgainst(request, commit, index === undefined ? [] : await listEntities(cluster, index));
}

/** What making `commit` active would change, given what it defines: it need not be registered. Writes nothing. */
export function planCommit(request: PlanRequest, commit: string, entities: readonly EntityEntry[]): Promise<Plan> {
  return planAgainst(request, commit, entities);
}

async function planAgainst(
  request: PlanRequest,
  commit: string | undefined,
  entities: readonly EntityEntry[],
): Promise<Plan> {
  const { cluster, repository, namespace, confirmed } = request;
  const desired = activeEntries(entities, request.domain).filter(isDefinition);
  const live: LiveDefinition[] = [];
  const others: ForeignDefinition[] = [];
  const isWanted = namedIn(desired);
  for (const kind of DEFINITION_KINDS) {
    await eachDefinition(cluster, kind, namespace, (object) => {
      if (object.metadata.labels?.[LABEL.repository] === repository) live.push(liveDefinition(kind, object, commit));
      // One of ours that somebody took the label from gets it back.
      else if (!isMarked(object, repository) || !isWanted(kind, object)) others.push(foreignDefinition(kind, object));
      if (others.length > MAX_LISTED_FOREIGN) others.pop();
    });
  }
  const guard: PruneGuard = {
    isConfirmed: isConfirmed(confirmed, commit),
    active: live.length,
    wanted: desired.length,
  };
  const plan = planChanges(desired, live, guard);
  return others.length === 0 ? plan : { ...plan, foreign: others };
}

/** A domain that the project gives up is emptied: whoever takes it out of pipectl.yaml means that. */
function isConfirmed(confirmed: string | undefined, commit: string | undefined): boolean {
  if (commit === undefined) return true;
  return confirmed !== undefined && /^[0-9a-f]{7,}$/.test(confirmed) && commit.startsWith(confirmed);
}

/** Of a definition that is to go and is guarded, whether its object says that it may. */
async function confirmedOrNot(
  { cluster, namespace }: PlanRequest,
  definition: LiveDefinition,
  commit: string | undefined,
): Promise<LiveDefinition> {
  if (definition.prune === undefined) return definition;
  const { kind, name } = definition;
  const live = await findObject(cluster, { kind, namespace, name });
  const confirmed = live?.metadata.annotations?.[ANNOTATION.pruneConfirmed];
  return { ...definition, isConfirmed: isConfirmed(confirmed, commit) };
}

/** Definitions of a commit that are active in the domain. */
async function countOf({ cluster, domain }: PlanRequest, index: string | undefined): Promise<number> {
  if (index === undefined) return 0;
  const { counts, variants } = await loadIndexRoot(cluster, index);
  if (variants !== undefined)
    return activeEntries(await listEntities(cluster, index), domain).filter(isDefinition).length;
  return DEFINITION_KINDS.reduce((sum, kind) => sum + (counts[kind] ?? 0), 0);
}

async function eachDefinition(
  cluster: Cluster,
  kind: EntityKind,
  namespace: string,
  visit: (object: KubeObject) => void,
): Promise<void> {
  for (let continueToken: string | undefined; ; ) {
    const page = await cluster.list(kind, {
      namespace,
      limit: RECONCILE_PAGE,
      ...(continueToken !== undefined && { continueToken }),
    });
    for (const object of page.items) visit(object);
    continueToken = page.continueToken;
    if (continueToken === undefined) return;
  }
}

/** Tells whether a definition is among these; made when it is first asked, which is seldom. */
function namedIn(definitions: readonly DesiredDefinition[]): (kind: EntityKind, object: KubeObject) => boolean {
  let keys: ReadonlySet<string> | undefined;
  return (kind, { metadata: { name } }) => {
    keys ??= new Set(definitions.map((definition) => entityKey(definition.kind, definition.name)));
    return keys.has(entityKey(kind, name));
  };
}

function foreignDefinition(kind: EntityKind, object: KubeObject): ForeignDefinition {
  const { name, creationTimestamp: at } = object.metadata;
  return { kind, name, changed: { ...(at !== undefined && { at }), ...changedBy(object) } };
}

function liveDefinition(kind: EntityKind, object: KubeObject, commit: string | undefined): LiveDefinition {
  const spec = (object.spec ?? {}) as Partial<DefinitionSource>;
  const { [ANNOTATION.prune]: prune, [ANNOTATION.pruneConfirmed]: confirmed } = object.metadata.annotations ?? {};
  const needs = needsOf(object);
  const edited = isEdited(object);
  return {
    kind,
    name: object.metadata.name,
    digest: spec.closure ?? '',
    file: spec.file ?? '',
    ...(edited && { isEdited: true }),
    ...((edited || notedChange(object) !== undefined) && { changed: changedBy(object) }),
    ...(needs.length > 0 && { needs }),
    ...(prune !== undefined && { prune, isConfirmed: isConfirmed(confirmed, commit) }),
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
