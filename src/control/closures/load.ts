import type { Digest } from '../../base/index.ts';
import { type Cluster, loadClosureText } from '../../cluster/index.ts';
import type { EntityClosure } from '../../compiler/index.ts';

export { loadClosureText } from '../../cluster/index.ts';

/**
 * The compiled entity named by `digest`, its content checked against the name.
 * Errors: NotFoundError when it was never registered, BugError when what is stored is not what the name says.
 */
export async function loadClosure(cluster: Cluster, digest: Digest): Promise<EntityClosure> {
  return JSON.parse(await loadClosureText(cluster, digest)) as EntityClosure;
}
