import { instantMs, REFLECTOR_PAGE_SIZE, type UnixMs } from '../../base/index.ts';
import {
  type Cluster,
  type Execution,
  endOf,
  type KubeObject,
  type ListOptions,
  type Pod,
} from '../../cluster/index.ts';
import type { Ended } from './policy.ts';

/** Executions that are over, of all namespaces. */
export function endedExecutions(cluster: Cluster): Promise<Ended[]> {
  return endedOf<Execution>(cluster, 'Execution', ['Succeeded', 'Failed', 'TimedOut', 'Aborted'], endOf);
}

/** Pods that ended, of all namespaces. */
export function endedPods(cluster: Cluster): Promise<Ended[]> {
  return endedOf<Pod>(cluster, 'Pod', ['Succeeded', 'Failed'], podEnd);
}

export function podEnd({ status, metadata }: Pod): UnixMs | undefined {
  const state = status?.containerStatuses?.[0]?.state;
  return instantMs(state?.terminated?.finishedAt) ?? instantMs(metadata.creationTimestamp);
}

async function endedOf<T extends KubeObject>(
  cluster: Cluster,
  kind: string,
  phases: readonly string[],
  endAt: (object: T) => UnixMs | undefined,
): Promise<Ended[]> {
  const ended: Ended[] = [];
  for (const phase of phases) {
    await eachOf<T>(cluster, kind, { fieldSelector: `status.phase=${phase}` }, (object) => {
      const { namespace = '', name, uid } = object.metadata;
      const finishedAt = endAt(object);
      if (finishedAt !== undefined) ended.push({ namespace, name, uid, finishedAt });
    });
  }
  return ended;
}

/** Passes over a list page by page, so that it is never held whole. */
export async function eachOf<T extends KubeObject>(
  cluster: Cluster,
  kind: string,
  selection: ListOptions,
  visit: (object: T) => void,
): Promise<void> {
  let page: ListOptions = { ...selection, limit: REFLECTOR_PAGE_SIZE };
  for (;;) {
    const { items, continueToken } = await cluster.list<T>(kind, page);
    for (const object of items) visit(object);
    if (continueToken === undefined) return;
    page = { ...page, continueToken };
  }
}
