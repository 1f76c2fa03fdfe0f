import { BugError, RECONCILE_BATCH, type UnixMs } from '../../base/index.ts';
import {
  AlreadyExistsError,
  ANNOTATION,
  type Cluster,
  type DefinitionSource,
  entityKey,
  ForbiddenError,
  findObject,
  InvalidError,
  type KubeObject,
  LABEL,
  NotFoundError,
  type ObjectKey,
  type Write,
} from '../../cluster/index.ts';
import { closureIn } from '../../compiler/index.ts';
import { loadClosure } from '../closures/index.ts';
import { definitionObject, isEdited, needsOf } from './definition.ts';
import { definitionOf, type Plan, type PlannedChange } from './plan.ts';
import { tickAnnotations } from './previous-ticks.ts';

/** Where a plan is carried out. */
export interface Target {
  readonly cluster: Cluster;
  readonly repository: string;
  readonly namespace: string;
  /** New versions hold from when they are written. */
  readonly now: () => UnixMs;
  /** The commit to note on definitions that change; absent when everything is pruned. */
  readonly commit?: string;
  /** Told of each object that is about to be deleted, so that its end is not taken for somebody else's doing. */
  readonly deleting?: (uid: string) => void;
}

/** What became of a plan. */
export interface Applied {
  readonly created: number;
  readonly updated: number;
  readonly pruned: number;
  /** Definitions that could not be applied, or not yet; the others were. */
  readonly failed: readonly FailedDefinition[];
}

export interface FailedDefinition {
  readonly kind: string;
  readonly name: string;
  readonly message: string;
}

/** What to write when all else is done, by how that went. */
export type Last = (applied: Applied) => readonly Write[];

/**
 * Carries out `plan` wave by wave, in batches that keep its order, and `last` at the end of the last batch: a plan
 * that fits one batch is durable in one step, and `last` is never seen before what it speaks of. A definition that cannot
 * be applied is told of and keeps from nothing but what needs it.
 * Errors: ConflictError when somebody wrote at the same time; reload and plan anew.
 */
export async function applyPlan(target: Target, plan: Plan, last: Last): Promise<Applied> {
  const pass: Pass = { created: 0, updated: 0, pruned: 0, failed: [], missing: new Set(), kept: new Set() };
  const changes = plan.waves.flat();
  const rest = changes.length === 0 ? 0 : Math.floor((changes.length - 1) / RECONCILE_BATCH) * RECONCILE_BATCH;
  for (let start = 0; start < rest; start += RECONCILE_BATCH) {
    await applyBatch(target, changes.slice(start, start + RECONCILE_BATCH), pass, () => []);
  }
  await applyBatch(target, changes.slice(rest), pass, last);
  return pass;
}

/** How far it is. */
interface Pass {
  created: number;
  updated: number;
  pruned: number;
  readonly failed: FailedDefinition[];
  /** Definitions that should have been created, as `Kind/name`: what needs them cannot be either. */
  readonly missing: Set<string>;
  /** What is needed by definitions that could not be removed. */
  readonly kept: Set<string>;
}

interface Prepared {
  readonly change: PlannedChange;
  readonly write: Write;
  readonly needs: readonly string[];
}

async function applyBatch(target: Target, changes: readonly PlannedChange[], pass: Pass, last: Last): Promise<void> {
  const prepared = await prepare(target, changes, pass);
  const writes = [...prepared.map(({ write }) => write), ...last(counted(pass, prepared))];
  if (writes.length === 0) return;
  try {
    await target.cluster.write(writes, { discard: true });
    Object.assign(pass, counted(pass, prepared));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await applyEach(target, changes, pass, last);
  }
}

/** One by one, so that the one that is refused holds up no other. */
async function applyEach(target: Target, changes: readonly PlannedChange[], pass: Pass, last: Last): Promise<void> {
  const known = new Set(pass.failed.map(({ kind, name }) => entityKey(kind, name)));
  for (const change of changes) {
    if (known.has(keyOf(change))) continue;
    const [prepared] = await prepare(target, [await adopting(target, change)], pass);
    if (prepared === undefined) continue;
    try {
      await target.cluster.write([prepared.write], { discard: true });
      Object.assign(pass, counted(pass, [prepared]));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (error instanceof AlreadyExistsError) await checkForeign(target, change, error);
      fail(pass, change, error as Error);
    }
  }
  const writes = last(pass);
  if (writes.length > 0) await target.cluster.write(writes, { discard: true });
}

/** An object of ours that somebody took the label from is there, and not to be created: it gets the label back. */
async function adopting(target: Target, change: PlannedChange): Promise<PlannedChange> {
  if (change.action !== 'create') return change;
  const { kind, name } = change.to;
  const live = await findObject(target.cluster, { kind, namespace: target.namespace, name });
  const { repository } = (live?.spec ?? {}) as Partial<DefinitionSource>;
  const isOurs = repository === target.repository && live?.metadata.annotations?.[ANNOTATION.digest] !== undefined;
  return isOurs ? { action: 'restore', to: change.to } : change;
}

/** An object of this repository that has come meanwhile is a lost race; one of somebody else stays theirs. */
async function checkForeign(target: Target, change: PlannedChange, error: AlreadyExistsError): Promise<void> {
  const { kind, name } = definitionOf(change);
  const live = await findObject(target.cluster, { kind, namespace: target.namespace, name });
  const owner = live?.metadata.labels?.[LABEL.repository];
  if (live === undefined || owner === target.repository) throw error;
}

/** What is refused for good: it will be refused again unless somebody changes something. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof InvalidError ||
    error instanceof ForbiddenError ||
    error instanceof NotFoundError ||
    error instanceof AlreadyExistsError
  );
}

/** The writes of these changes; what cannot be made is noted as failed. */
async function prepare(target: Target, changes: readonly PlannedChange[], pass: Pass): Promise<readonly Prepared[]> {
  const found = await Promise.all(changes.map((change) => prepareOne(target, change)));
  return found.flatMap((result, place) => {
    const change = changes[place] as PlannedChange;
    if (result === undefined) return [];
    if (result instanceof Error) {
      fail(pass, change, result);
      return [];
    }
    const problem = dependence(result, pass);
    if (problem === undefined) return [result];
    fail(pass, change, new Error(problem));
    return [];
  });
}

function dependence({ change, needs }: Prepared, { missing, kept }: Pass): string | undefined {
  if (change.action === 'prune')
    return kept.has(keyOf(change)) ? 'it is needed by what could not be removed' : undefined;
  const needed = needs.find((need) => missing.has(need));
  return needed === undefined ? undefined : `it needs ${needed}, which could not be applied`;
}

function fail(pass: Pass, change: PlannedChange, { message }: Error): void {
  const { kind, name } = definitionOf(change);
  const isForeign = change.action === 'create' && message.endsWith('already exists');
  const told = isForeign ? `${message} and is not of this repository: remove it, or rename the definition` : message;
  pass.failed.push({ kind, name, message: told });
  if (change.action === 'create') pass.missing.add(keyOf(change));
  if (change.action === 'prune') for (const need of change.from.needs ?? []) pass.kept.add(need);
}

function counted(pass: Pass, prepared: readonly Prepared[]): Applied {
  const count = (op: Write['op']): number => prepared.filter(({ write }) => write.op === op).length;
  return {
    created: pass.created + count('create'),
    updated: pass.updated + count('update'),
    pruned: pass.pruned + count('delete'),
    failed: pass.failed,
  };
}

/** The write of one change; undefined when it is made already, an error when the definition cannot be. */
async function prepareOne(target: Target, change: PlannedChange): Promise<Prepared | Error | undefined> {
  try {
    return await writeOf(target, change);
  } catch (error) {
    if (error instanceof BugError || error instanceof NotFoundError) return error;
    throw error;
  }
}

async function writeOf(target: Target, change: PlannedChange): Promise<Prepared | undefined> {
  const { cluster, repository, namespace } = target;
  const { kind, name } = definitionOf(change);
  const key: ObjectKey = { kind, namespace, name };
  // A creation found nothing live a moment ago; if that has changed, the write says so.
  const live = change.action === 'create' ? undefined : await findObject(cluster, key);
  if (change.action === 'prune') {
    if (live === undefined) return undefined;
    const { uid } = live.metadata;
    if (uid !== undefined) target.deleting?.(uid);
    return { change, write: { op: 'delete', key, ...(uid !== undefined && { if: { uid } }) }, needs: [] };
  }
  const { digest, file, prune } = change.to;
  const kept = change.action === 'restore' ? commitOf(live) : undefined;
  const closure = closureIn(await loadClosure(cluster, digest), namespace);
  const object = definitionObject(closure, {
    namespace,
    repository,
    digest,
    file,
    commit: kept ?? target.commit ?? '',
    ...(prune !== undefined && { prune }),
  });
  const marked = withAnnotations(object, tickAnnotations(live, object, target.now()));
  const write: Write =
    live === undefined ? { op: 'create', object } : { op: 'update', object: replacing(live, marked) };
  return { change, write, needs: needsOf(object) };
}

function keyOf(change: PlannedChange): string {
  const { kind, name } = definitionOf(change);
  return entityKey(kind, name);
}

/** The commit that last changed `live`'s closure; undefined when somebody edited it, since it may lie. */
function commitOf(live: KubeObject | undefined): string | undefined {
  if (live === undefined || isEdited(live)) return undefined;
  return (live.spec as Partial<DefinitionSource>).commit;
}

/** `object` in the place of `live`: labels and annotations of others stay, ours that hold no more go. */
function replacing(live: KubeObject, object: KubeObject): KubeObject {
  const others = Object.fromEntries(
    Object.entries(live.metadata.annotations ?? {}).filter(([name]) => !OURS.has(name)),
  );
  return {
    ...object,
    metadata: {
      ...live.metadata,
      labels: { ...live.metadata.labels, ...object.metadata.labels },
      annotations: { ...others, ...object.metadata.annotations },
    },
  };
}

/** Annotations of ours that a new version may lack. */
const OURS: ReadonlySet<string> = new Set([
  ANNOTATION.prune,
  ANNOTATION.changedBy,
  ANNOTATION.activeSince,
  ANNOTATION.previousTicks,
]);

function withAnnotations(object: KubeObject, annotations: Readonly<Record<string, string>>): KubeObject {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } } };
}

/** The write that creates the namespace, or none when it is there. */
export async function namespaceWrites(cluster: Cluster, name: string): Promise<Write[]> {
  const key = { kind: 'Namespace', name };
  if ((await findObject(cluster, key)) !== undefined) return [];
  return [{ op: 'create', object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } }];
}
