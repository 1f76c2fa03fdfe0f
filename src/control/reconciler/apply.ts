import { RECONCILE_BATCH } from '../../base/index.ts';
import {
  type Cluster,
  type DefinitionSource,
  findObject,
  type KubeObject,
  type ObjectKey,
  type Write,
} from '../../cluster/index.ts';
import { loadClosure } from '../closures/index.ts';
import { definitionObject, isEdited } from './definition.ts';
import type { Plan, PlannedChange } from './plan.ts';

/** Where a plan is carried out. */
export interface Target {
  readonly cluster: Cluster;
  readonly repository: string;
  readonly namespace: string;
  /** The commit to note on definitions that change; absent when everything is pruned. */
  readonly commit?: string;
}

/**
 * Carries out `plan` wave by wave, in batches that keep its order, and `last` at the end of the last batch: a plan
 * that fits one batch is durable in one step, and `last` is never seen before what it speaks of.
 * Errors: ConflictError when somebody wrote at the same time; reload and plan anew.
 */
export async function applyPlan(target: Target, plan: Plan, last: readonly Write[]): Promise<void> {
  const changes = plan.waves.flat();
  for (let start = 0; start < changes.length - RECONCILE_BATCH; start += RECONCILE_BATCH) {
    await target.cluster.write(await writesOf(target, changes.slice(start, start + RECONCILE_BATCH)));
  }
  const rest = changes.length === 0 ? 0 : Math.floor((changes.length - 1) / RECONCILE_BATCH) * RECONCILE_BATCH;
  const writes = [...(await writesOf(target, changes.slice(rest))), ...last];
  if (writes.length > 0) await target.cluster.write(writes);
}

async function writesOf(target: Target, changes: readonly PlannedChange[]): Promise<Write[]> {
  const writes = await Promise.all(changes.map((change) => writeOf(target, change)));
  return writes.filter((write) => write !== undefined);
}

async function writeOf(target: Target, change: PlannedChange): Promise<Write | undefined> {
  const { cluster, repository, namespace } = target;
  const { kind, name } = change.action === 'prune' ? change.from : change.to;
  const key: ObjectKey = { kind, namespace, name };
  // A creation found nothing live a moment ago; if that has changed, the write says so.
  const live = change.action === 'create' ? undefined : await findObject(cluster, key);
  if (change.action === 'prune') return live === undefined ? undefined : { op: 'delete', key };
  const { digest, file } = change.to;
  const kept = change.action === 'restore' ? commitOf(live) : undefined;
  const closure = await loadClosure(cluster, digest);
  const object = definitionObject(closure, {
    namespace,
    repository,
    digest,
    file,
    commit: kept ?? target.commit ?? '',
  });
  return live === undefined ? { op: 'create', object } : { op: 'update', object: replacing(live, object) };
}

/** The commit that last changed `live`'s closure; undefined when somebody edited it, since it may lie. */
function commitOf(live: KubeObject | undefined): string | undefined {
  if (live === undefined || isEdited(live)) return undefined;
  return (live.spec as Partial<DefinitionSource>).commit;
}

/** `object` in the place of `live`: labels and annotations of others stay. */
function replacing(live: KubeObject, object: KubeObject): KubeObject {
  return {
    ...object,
    metadata: {
      ...live.metadata,
      labels: { ...live.metadata.labels, ...object.metadata.labels },
      annotations: { ...live.metadata.annotations, ...object.metadata.annotations },
    },
  };
}

/** The write that creates the namespace, or none when it is there. */
export async function namespaceWrites(cluster: Cluster, name: string): Promise<Write[]> {
  const key = { kind: 'Namespace', name };
  if ((await findObject(cluster, key)) !== undefined) return [];
  return [{ op: 'create', object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } }];
}
