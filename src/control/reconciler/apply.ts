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
  UnauthorizedError,
  type Write,
} from '../../cluster/index.ts';
import { closureIn } from '../../compiler/index.ts';
import { loadClosure } from '../closures/index.ts';
import { definitionObject, FIELD_MANAGER, isEdited, isMarked, needsOf } from './definition.ts';
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
  readonly writes: readonly Write[];
  readonly needs: readonly string[];
}

async function applyBatch(target: Target, changes: readonly PlannedChange[], pass: Pass, last: Last): Promise<void> {
  const prepared = await prepare(target, changes, pass);
  const writes = [...prepared.flatMap(({ writes }) => writes), ...last(counted(pass, prepared))];
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
      await target.cluster.write(prepared.writes, { discard: true });
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
  return live !== undefined && isMarked(live, target.repository) ? { action: 'restore', to: change.to } : change;
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
  if (error instanceof UnauthorizedError) return false;
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
  const count = (op: Write['op']): number =>
    prepared.filter(({ writes }) => writes.some((write) => write.op === op)).length;
  return {
    created: pass.created + count('create'),
    updated: pass.updated + count('apply'),
    pruned: pass.pruned + count('delete'),
    failed: pass.failed,
  };
}

/** The writes of one change; undefined when it is made already, an error when the definition cannot be. */
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
    return { change, writes: [{ op: 'delete', key, ...(uid !== undefined && { if: { uid } }) }], needs: [] };
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
  const writes = live === undefined ? [creationOf(object)] : replacing(live, marked);
  return { change, writes, needs: needsOf(object) };
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

function creationOf(object: KubeObject): Write {
  return { op: 'create', object, fieldManager: FIELD_MANAGER };
}

/**
 * `object` in the place of `live`, by server-side apply: what git says is taken back from whoever changed it, and all that
 * others put beside it stays: labels, annotations, finalizers. It depends on no version, since the status of schedules
 * changes all the time. Our annotations that hold no more are taken away first, whoever has come to own them.
 */
function replacing({ metadata }: KubeObject, object: KubeObject): readonly Write[] {
  const { kind, metadata: wanted } = object;
  const condition = metadata.uid === undefined ? {} : { if: { uid: metadata.uid } };
  const stale = Object.keys(metadata.annotations ?? {}).filter((name) => {
    return OURS.has(name) && wanted.annotations?.[name] === undefined;
  });
  const apply: Write = { op: 'apply', object, fieldManager: FIELD_MANAGER, force: true, ...condition };
  if (stale.length === 0) return [apply];
  const key: ObjectKey = { kind, name: wanted.name, ...(wanted.namespace && { namespace: wanted.namespace }) };
  const annotations = Object.fromEntries(stale.map((name) => [name, null]));
  const patch = { metadata: { annotations } };
  return [{ op: 'patch', key, patch, fieldManager: FIELD_MANAGER, ...condition }, apply];
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
