import { type Cluster, findObject, type Repository, SYSTEM_NAMESPACE } from '../../cluster/index.ts';
import type { PushHandler } from '../../git/index.ts';

/** Refuses pushes to repositories that are followed elsewhere: what is pushed here, the next poll would undo. */
export function refusePushesToRemotes(cluster: Cluster, handler: PushHandler): PushHandler {
  return {
    async decide(push) {
      const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: push.repository };
      const source = (await findObject<Repository>(cluster, key))?.spec.source;
      if (source?.kind !== 'remote') return handler.decide(push);
      return {
        accepted: false,
        lines: [
          `pipectl: ${push.repository} follows another repository: push there, and it is polled`,
          'pipectl: rejected, nothing was changed',
        ],
      };
    },
    landed: (push) => handler.landed(push),
  };
}
