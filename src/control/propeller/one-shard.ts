import type { Clock, Log, Random } from '../../base/index.ts';
import type { Cluster, Sharding } from '../../cluster/index.ts';
import {
  type AnyShard,
  createShardMap,
  type LeaseTiming,
  type Ownership,
  type ShardMap,
  startAnyShard,
  startShard,
} from '../shards/index.ts';
import type { PropellerOptions, PropellerStats } from './engine.ts';
import { followPlatform } from './platform.ts';
import { type Propeller, startPropeller } from './propeller.ts';
import type { Quota, QuotaReport } from './quotas.ts';

export interface OneShardOptions extends Omit<PropellerOptions, 'cluster' | 'quotas' | 'beginsWith'> {
  /** For what any process may write: leases. */
  readonly cluster: Cluster;
  /** For what only the holder of the lease may write; asks `mayWrite` before each write. */
  readonly fenced: (mayWrite: () => boolean) => Promise<Cluster>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly identity: string;
  /** Absent: any that has no process. */
  readonly id?: string;
  readonly timing?: Partial<LeaseTiming>;
}

/** One shard, the only one of its process. */
export interface OneShard {
  /** Absent: each shard has a process, and this one waits for a place. */
  readonly id: () => string | undefined;
  readonly stats: () => PropellerStats & { readonly epoch?: number };
  readonly quotas: () => readonly QuotaReport[];
  /** Whether it knows the settings. */
  readonly isSynced: () => boolean;
  /** Whether it works on all that is its own. */
  readonly isComplete: () => boolean;
  stop(): Promise<void>;
}

/**
 * A propeller that is one shard of several processes. It follows the Platform for itself: how many shards there are, workers,
 * quotas. Whatever it writes of executions asks its lease first, so a process that was stopped and wakes up writes nothing.
 */
export async function startOneShard(options: OneShardOptions): Promise<OneShard> {
  const { cluster, fenced, id, identity, timing, ...rest } = options;
  const { clock, random, log } = rest;
  let shard: AnyShard | undefined;
  let sharding: Sharding = ALONE;
  let limits: readonly Quota[] = [];
  const guarded = await fenced(() => shard?.mayWrite() ?? false);
  const engine = startPropeller({ ...rest, cluster: guarded, beginsWith: 'nothing' });
  const applyQuotas = quotaSetter(engine, () => limits);
  const owner = {
    own(ownership: Ownership | undefined): Promise<void> {
      // Before it begins anything: a quota counts from when one shard has all of its namespace.
      applyQuotas();
      return engine.own(ownership);
    },
  };
  let map: ShardMap = createShardMap(sharding);
  const settle = (): void => {
    const next = createShardMap(sharding, limits);
    if (next.version === map.version) applyQuotas();
    map = next;
    shard?.setMap(map);
  };
  const { promise: synced, resolve: onSynced } = Promise.withResolvers<void>();
  const platform = followPlatform({
    cluster,
    clock,
    random,
    log,
    onSynced,
    propeller: {
      setWorkers: engine.setWorkers,
      setMaxParallelism: engine.setMaxParallelism,
      setStoresOutputs: engine.setStoresOutputs,
      setSharding(next) {
        sharding = next ?? ALONE;
        settle();
      },
      setQuotas(next) {
        limits = next;
        settle();
      },
    },
  });
  // Nobody can tell what is its own before the settings are known.
  let isStopped = false;
  const starting = synced.then(() => {
    if (isStopped) return;
    const ports = { cluster, clock, random, log, identity, map, owner, ...(timing && { timing }) };
    shard = id === undefined ? startAnyShard(ports) : { ...startShard({ ...ports, id }), id: () => id };
  });
  return {
    id: () => shard?.id(),
    stats() {
      const epoch = shard?.epoch();
      return epoch === undefined ? engine.stats() : { ...engine.stats(), epoch };
    },
    quotas: () => engine.quotas(),
    isSynced: () => shard !== undefined,
    isComplete: () => shard?.isComplete() ?? false,
    async stop() {
      isStopped = true;
      await platform.stop();
      onSynced();
      await starting;
      await shard?.stop();
      await engine.stop();
    },
  };
}

/** Sets quotas when they have changed: the engine counts anew whenever it is told. */
function quotaSetter(engine: Propeller, limits: () => readonly Quota[]): () => void {
  let applied = '[]';
  return () => {
    const text = JSON.stringify(limits());
    if (text !== applied) engine.setQuotas(limits());
    applied = text;
  };
}

const ALONE: Sharding = { strategy: 'hash', shards: 1 };
