import { FLEET_CHECK_MS } from '../base/index.ts';
import type { KubernetesCluster } from '../cluster/adapters/kubernetes/index.ts';
import { deleteObject, NotFoundError, type Shard, type Sharding, SYSTEM_NAMESPACE } from '../cluster/index.ts';
import { followPlatform } from '../control/propeller/index.ts';
import { createShardMap } from '../control/shards/index.ts';
import type { Host } from './host.ts';

/** The Deployment whose pods are propeller shards, each the one that it finds without a process. */
const DEPLOYMENT = 'pipectl-propeller';

export interface FleetSizeOptions extends Host {
  readonly cluster: KubernetesCluster;
}

/**
 * The propeller manager of a cluster: keeps the Deployment of the shards at as many pods as git asks for shards, and removes
 * the Shard objects of those that are no more. Which pod is which shard the pods settle among themselves, by leases.
 */
export function keepFleetSize({ cluster, clock, random, log }: FleetSizeOptions): { stop(): Promise<void> } {
  let sharding: Sharding = ALONE;
  let isStopped = false;
  let cancel = (): void => undefined;
  let turn: Promise<void> = Promise.resolve();
  let isAbsent = false;
  const settle = (): void => {
    cancel();
    turn = turn.then(async () => {
      if (isStopped) return;
      const { ids } = createShardMap(sharding);
      try {
        const had = await cluster.scale(SYSTEM_NAMESPACE, DEPLOYMENT, ids.length);
        if (had !== undefined && had !== ids.length) log.write('info', 'shards scaled', { from: had, to: ids.length });
        if (had === undefined && !isAbsent) {
          log.write('info', `there is no Deployment ${DEPLOYMENT}: shards run elsewhere`, { shards: ids.length });
        }
        isAbsent = had === undefined;
        await removeShards(cluster, ids);
      } catch (error) {
        log.write('warn', 'the number of shards could not be set', { shards: ids.length, error: String(error) });
      }
      // Somebody may have scaled it by hand.
      cancel = clock.at(clock.now() + FLEET_CHECK_MS, settle);
    });
  };
  const platform = followPlatform({
    cluster,
    clock,
    random,
    log,
    onSynced: settle,
    propeller: {
      setWorkers: () => undefined,
      setMaxParallelism: () => undefined,
      setStoresOutputs: () => undefined,
      setQuotas: () => undefined,
      setSharding(next) {
        sharding = next ?? ALONE;
        settle();
      },
    },
  });
  return {
    async stop() {
      isStopped = true;
      cancel();
      await Promise.all([platform.stop(), turn]);
    },
  };
}

const ALONE: Sharding = { strategy: 'hash', shards: 1 };

async function removeShards(cluster: KubernetesCluster, ids: readonly string[]): Promise<void> {
  const { items } = await cluster.list<Shard>('Shard', { namespace: SYSTEM_NAMESPACE });
  for (const { metadata } of items) {
    if (ids.includes(metadata.name)) continue;
    const key = { kind: 'Shard', namespace: SYSTEM_NAMESPACE, name: metadata.name };
    await deleteObject(cluster, key).catch((error: unknown) => {
      if (!(error instanceof NotFoundError)) throw error;
    });
  }
}
