import { type FleetOptions, startFleet } from '../shards/index.ts';
import type { PropellerOptions, PropellerStats } from './engine.ts';
import { type Propeller, startPropeller } from './propeller.ts';
import { createQuotas, type QuotaReport } from './quotas.ts';

/** The propeller shards of this process, to the others as one. */
export interface Propellers
  extends Pick<Propeller, 'setWorkers' | 'setMaxParallelism' | 'setStoresOutputs' | 'setQuotas' | 'stats' | 'stop'> {
  setSharding: ReturnType<typeof startFleet>['setSharding'];
  /** How namespaces stand against their quotas. */
  quotas(): readonly QuotaReport[];
  /** Shard id → its counters, and the epoch of its lease when it has one. */
  statsByShard(): ReadonlyMap<string, PropellerStats & { readonly epoch?: number }>;
}

export type PropellersOptions = PropellerOptions &
  Pick<FleetOptions<Propeller>, 'identity' | 'timing' | 'relistMs' | 'beginsWith'>;

/** Starts one propeller that owns everything; more when `setSharding` says so. Settings are those of each shard. */
export function startPropellers({ identity, timing, relistMs, beginsWith, ...options }: PropellersOptions): Propellers {
  const { cluster, clock, random, log } = options;
  let { workers, maxParallelism } = options;
  let storesOutputs = false;
  const quotas = createQuotas();
  const fleet = startFleet<Propeller>({
    cluster,
    clock,
    random,
    log,
    identity,
    ...(timing && { timing }),
    ...(beginsWith && { beginsWith }),
    ...(relistMs !== undefined && { relistMs }),
    newEngine: (_, begins) => {
      const engine = startPropeller({
        ...options,
        quotas,
        ...(workers !== undefined && { workers }),
        ...(maxParallelism !== undefined && { maxParallelism }),
        ...(begins === 'with nothing' && { beginsWith: 'nothing' }),
      });
      engine.setStoresOutputs(storesOutputs);
      return engine;
    },
  });
  const engines = (): Propeller[] => [...fleet.engines().values()];
  return {
    setWorkers(next) {
      workers = next;
      for (const engine of engines()) engine.setWorkers(next);
    },
    setMaxParallelism(next) {
      maxParallelism = next;
      for (const engine of engines()) engine.setMaxParallelism(next);
    },
    setStoresOutputs(next) {
      storesOutputs = next;
      for (const engine of engines()) engine.setStoresOutputs(next);
    },
    setQuotas(next) {
      quotas.set(next);
      for (const engine of engines()) engine.setQuotas(next);
    },
    quotas: () => quotas.report(),
    setSharding: (sharding) => fleet.setSharding(sharding),
    statsByShard: () =>
      new Map([...fleet.engines()].map(([id, engine]) => [id, withEpoch(engine.stats(), fleet.epochOf(id))])),
    stats: () =>
      engines()
        .map((engine) => engine.stats())
        .reduce(added, NOTHING),
    stop: () => fleet.stop(),
  };
}

function withEpoch(stats: PropellerStats, epoch: number | undefined): PropellerStats & { readonly epoch?: number } {
  return epoch === undefined ? stats : { ...stats, epoch };
}

const NOTHING: PropellerStats = {
  workers: 0,
  freeWorkers: 0,
  queueDepth: 0,
  hotExecutions: 0,
  rounds: 0,
  roundMs: 0,
  transitions: 0,
  writes: 0,
  conflicts: 0,
  failures: 0,
  quarantined: 0,
};

function added(a: PropellerStats, b: PropellerStats): PropellerStats {
  const names = Object.keys(NOTHING) as (keyof PropellerStats)[];
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as unknown as PropellerStats;
}
