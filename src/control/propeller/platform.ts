import type { Clock, Log, Random } from '../../base/index.ts';
import { type Cluster, type Platform, type ReflectOptions, reflect, type Sharding } from '../../cluster/index.ts';
import { DEFAULT_MAX_PARALLELISM, DEFAULT_WORKERS } from '../../compiler/index.ts';
import type { Propeller } from './propeller.ts';
import type { Quota } from './quotas.ts';

export interface PlatformOptions extends Pick<ReflectOptions, 'relistMs'> {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly propeller: Pick<Propeller, 'setWorkers' | 'setMaxParallelism'> & {
    /** Absent settings: one shard. */
    setSharding(sharding: Sharding | undefined): void;
    setQuotas(quotas: readonly Quota[]): void;
  };
  /** Told once, when the settings that there were at the start are set. */
  readonly onSynced?: () => void;
}

export interface FollowedPlatform {
  /** As it stands; undefined where nothing is said of it. */
  sharding(): Sharding | undefined;
  stop(): Promise<void>;
}

/**
 * Keeps workers, max parallelism and the division into shards equal to the active Platform, and to the defaults where there is none.
 * One engine serves all projects, so of several platforms one counts: the first by namespace and name.
 */
export function followPlatform({ propeller, ...options }: PlatformOptions): FollowedPlatform {
  const active = new Map<string, Partial<Pick<Platform['spec'], 'propeller' | 'quotas'>>>();
  let workers = DEFAULT_WORKERS;
  let maxParallelism = DEFAULT_MAX_PARALLELISM;
  let sharding: string | undefined;
  let quotas = '[]';
  const apply = (): void => {
    const [first] = [...active.keys()].sort();
    const settings = first === undefined ? undefined : active.get(first);
    const chosen = settings?.propeller;
    const limits = settings?.quotas ?? [];
    if (JSON.stringify(limits) !== quotas) {
      quotas = JSON.stringify(limits);
      propeller.setQuotas(limits);
    }
    const divided = chosen?.sharding === undefined ? undefined : JSON.stringify(chosen.sharding);
    if (divided !== sharding) {
      sharding = divided;
      propeller.setSharding(chosen?.sharding);
    }
    const next = chosen ?? { workers: DEFAULT_WORKERS, maxParallelism: DEFAULT_MAX_PARALLELISM };
    if (next.workers === workers && next.maxParallelism === maxParallelism) return;
    ({ workers, maxParallelism } = next);
    propeller.setWorkers(workers);
    propeller.setMaxParallelism(maxParallelism);
    options.log.write('info', 'platform settings applied', { platform: first ?? 'none', workers, maxParallelism });
  };
  const ending = new AbortController();
  const { done } = reflect<Platform>(
    options.cluster,
    'Platform',
    options,
    {
      changed(changes) {
        for (const change of changes) {
          const { namespace = '', name } = change.type === 'set' ? change.object.metadata : change.key;
          if (change.type === 'set') active.set(`${namespace}/${name}`, change.object.spec ?? {});
          else active.delete(`${namespace}/${name}`);
        }
        apply();
      },
      ...(options.onSynced && { synced: options.onSynced }),
    },
    ending.signal,
  );
  return {
    sharding: () => (sharding === undefined ? undefined : (JSON.parse(sharding) as Sharding)),
    async stop() {
      ending.abort();
      await done;
    },
  };
}
