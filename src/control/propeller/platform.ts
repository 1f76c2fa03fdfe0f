import type { Clock, Log, Random } from '../../base/index.ts';
import {
  type Cluster,
  createPlatforms,
  type Platform,
  type ReflectOptions,
  reflect,
  type Sharding,
} from '../../cluster/index.ts';
import { DEFAULT_MAX_PARALLELISM, DEFAULT_WORKERS } from '../../compiler/index.ts';
import type { Propeller } from './propeller.ts';
import type { Quota } from './quotas.ts';

export interface PlatformOptions extends Pick<ReflectOptions, 'relistMs'> {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly propeller: Pick<Propeller, 'setWorkers' | 'setMaxParallelism' | 'setStoresOutputs'> & {
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
 * Keeps workers, max parallelism, the division into shards and whether there is an object store equal to the active Platform, and
 * to the defaults where there is none.
 */
export function followPlatform({ propeller, ...options }: PlatformOptions): FollowedPlatform {
  const platforms = createPlatforms();
  let workers = DEFAULT_WORKERS;
  let maxParallelism = DEFAULT_MAX_PARALLELISM;
  let sharding: string | undefined;
  let quotas = '[]';
  let storesOutputs = false;
  const apply = (): void => {
    const first = platforms.chosen();
    const settings = first?.spec as Partial<Platform['spec']> | undefined;
    const chosen = settings?.propeller;
    const limits = settings?.quotas ?? [];
    if (JSON.stringify(limits) !== quotas) {
      quotas = JSON.stringify(limits);
      propeller.setQuotas(limits);
    }
    if ((settings?.objectStore !== undefined) !== storesOutputs) {
      storesOutputs = !storesOutputs;
      propeller.setStoresOutputs(storesOutputs);
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
    options.log.write('info', 'platform settings applied', {
      platform: first === undefined ? 'none' : `${first.metadata.namespace ?? ''}/${first.metadata.name}`,
      workers,
      maxParallelism,
    });
  };
  const ending = new AbortController();
  const { done } = reflect<Platform>(
    options.cluster,
    'Platform',
    options,
    {
      changed(changes) {
        platforms.take(changes);
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
