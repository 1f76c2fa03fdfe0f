import type { Clock, Log, Random } from '../../base/index.ts';
import { type Cluster, createPlatforms, type Platform, reflect } from '../../cluster/index.ts';
import { DEFAULT_RETENTION, type RetentionPolicy } from './policy.ts';
import type { Retention } from './retention.ts';

export interface FollowRetentionOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly retention: Pick<Retention, 'setPolicy'>;
}

type Wanted = Platform['spec']['retention'];

/**
 * Keeps retention's policy equal to that of the active Platform that counts; what it leaves out has the
 * default.
 */
export function followRetentionPolicy({ retention, ...options }: FollowRetentionOptions): { stop(): Promise<void> } {
  const platforms = createPlatforms();
  const ending = new AbortController();
  const { done } = reflect<Platform>(
    options.cluster,
    'Platform',
    options,
    {
      changed(changes) {
        platforms.take(changes);
        retention.setPolicy(retentionPolicy(platforms.chosen()?.spec?.retention));
      },
    },
    ending.signal,
  );
  return {
    async stop() {
      ending.abort();
      await done;
    },
  };
}

/** What a Platform says, with the default for what it does not say. */
export function retentionPolicy(wanted: Wanted): RetentionPolicy {
  const { live, executions, pods, logs } = DEFAULT_RETENTION;
  return {
    live: { ...live, ...wanted?.live },
    executions: { ...executions, ...wanted?.executions },
    pods: { ...pods, ...wanted?.pods },
    logs: { ...logs, ...wanted?.logs },
  };
}
