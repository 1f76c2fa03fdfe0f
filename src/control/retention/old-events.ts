import { EVENT_TTL_MS, instantMs, type UnixMs } from '../../base/index.ts';
import type { Cluster, KubeObject } from '../../cluster/index.ts';
import { eachOf } from './list-ended.ts';
import type { Ended } from './policy.ts';

/** Events to delete, as Kubernetes does: those that did not happen again for a day. */
export async function oldEvents(cluster: Cluster, now: UnixMs): Promise<readonly Ended[]> {
  const old: Ended[] = [];
  await eachOf<KubeObject & { readonly lastTimestamp?: string }>(
    cluster,
    'Event',
    {},
    ({ metadata, lastTimestamp }) => {
      const finishedAt = instantMs(lastTimestamp) ?? instantMs(metadata.creationTimestamp) ?? 0;
      const { namespace = '', name, uid } = metadata;
      if (now - finishedAt > EVENT_TTL_MS) old.push({ namespace, name, uid, finishedAt });
    },
  );
  return old;
}
