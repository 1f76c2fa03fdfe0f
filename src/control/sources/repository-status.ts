import { ConflictError, MAX_PATCH_TRIES } from '../../base/index.ts';
import { type Cluster, findObject, type MergePatch, type Repository, SYSTEM_NAMESPACE } from '../../cluster/index.ts';

export function findRepository(cluster: Cluster, name: string): Promise<Repository | undefined> {
  return findObject<Repository>(cluster, { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name });
}

/** Writes what changed of the status, if anything did. Others write conditions as well: a lost race is run again. */
export async function patchRepository(
  cluster: Cluster,
  name: string,
  patchOf: (repository: Repository) => MergePatch | undefined,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const repository = await findRepository(cluster, name);
    const patch = repository && patchOf(repository);
    if (repository === undefined || patch === undefined) return;
    const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
    const { resourceVersion } = repository.metadata;
    try {
      const isSame = resourceVersion === undefined ? {} : { if: { resourceVersion } };
      await cluster.write([{ op: 'patchStatus', key, patch, ...isSame }], { discard: true });
      return;
    } catch (error) {
      if (!(error instanceof ConflictError) || tries >= MAX_PATCH_TRIES) throw error;
    }
  }
}
