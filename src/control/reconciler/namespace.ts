import { RECONCILE_BACKOFF } from '../../base/index.ts';
import {
  type Cluster,
  type Condition,
  findObject,
  type KubeObject,
  NamespaceEndsError,
  type Write,
} from '../../cluster/index.ts';

interface Namespace extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** Conditions by which Kubernetes says what keeps a namespace from going. How much is left in it is not told: it changes all the time. */
const HELD_BY: ReadonlySet<string> = new Set([
  'NamespaceFinalizersRemaining',
  'NamespaceDeletionContentFailure',
  'NamespaceDeletionDiscoveryFailure',
]);

/**
 * The write that creates the namespace, or none when it is there. Errors: NamespaceEndsError while it is being deleted, since
 * each definition would be refused.
 */
export async function namespaceWrites(cluster: Cluster, name: string): Promise<readonly Write[]> {
  const found = await findObject<Namespace>(cluster, { kind: 'Namespace', name });
  if (found === undefined)
    return [{ op: 'create', object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } }];
  if (found.metadata.deletionTimestamp === undefined) return [];
  const held = found.status?.conditions?.filter(({ type, status }) => HELD_BY.has(type) && status === 'True') ?? [];
  const why = held.map(({ message }) => `; ${message}`).join('');
  const message = `namespace "${name}" is being deleted: it is made anew with all definitions when it is gone${why}`;
  throw new NamespaceEndsError(message, RECONCILE_BACKOFF.initialMs);
}
