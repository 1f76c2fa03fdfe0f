import type { Clock, Log, Random } from '../../base/index.ts';
import { type Cluster, type Platform, reflect } from '../../cluster/index.ts';
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
 * Keeps retention's policy equal to that of the active Platform, as for the engine's settings: of several platforms
 * the first by namespace and name counts; what it leaves out has the default.
 */
export function followRetentionPolicy({ retention, ...options }: FollowRetentionOptions): { stop(): Promise<void> } {
  const active = new Map<string, Wanted>();
  const ending = new AbortController();
  const { done } = reflect<Platform>(
    options.cluster,
    'Platform',
    options,
    {
      changed(changes) {
        for (const change of changes) {
          const { namespace = '', name } = change.type === 'set' ? change.object.metadata : change.key;
          if (change.type === 'set') active.set(`${namespace}/${name}`, change.object.spec?.retention);
          else active.delete(`${namespace}/${name}`);
        }
        const [first] = [...active.keys()].sort();
        retention.setPolicy(retentionPolicy(first === undefined ? undefined : active.get(first)));
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
