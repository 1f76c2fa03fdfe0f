import { connectKubernetes, type KubernetesCluster } from '../cluster/adapters/kubernetes/index.ts';
import { reportShards, startOneShard } from '../control/propeller/index.ts';
import { createKubernetesPods, createSourceMaps } from '../runtime/index.ts';
import type { ComponentOptions, RunningComponent } from './component.ts';
import { componentIdentity, running, tellDropped } from './component.ts';
import type { Ends } from './daemon.ts';
import { hostClock, hostRandom } from './host.ts';
import { createMetrics } from './metrics.ts';
import { servePod } from './serve-pod.ts';

export interface PropellerPodOptions extends ComponentOptions {
  /** Which shard it is. Absent: any that has no process. */
  readonly shard?: string;
}

/** One propeller shard on a cluster. */
export function startPropellerPod(options: PropellerPodOptions): Promise<RunningComponent> {
  return running(async (ends: Ends) => {
    const { shard: id, log, listen, timing } = options;
    const host = { clock: hostClock, random: hostRandom, log };
    const clusters: KubernetesCluster[] = [];
    const connect = async (mayWrite?: () => boolean): Promise<KubernetesCluster> => {
      const onDroppedField = tellDropped(log);
      const to = { ...options.connection, random: hostRandom, onDroppedField, ...(mayWrite && { mayWrite }) };
      const connected = await connectKubernetes(to);
      clusters.push(connected);
      return connected;
    };
    const cluster = await connect();
    const metrics = createMetrics();
    const shard = await startOneShard({
      ...host,
      cluster,
      fenced: connect,
      identity: componentIdentity(),
      ...(id !== undefined && { id }),
      ...(timing && { timing }),
      pods: createKubernetesPods(createSourceMaps({ cluster, ...host })),
      onRound: metrics.onRound,
      onEnded: metrics.onEnded,
    });
    ends.push(() => shard.stop());
    metrics.watch({ propeller: shard });
    metrics.watchApi(() => clusters);
    const shards = (): ReadonlyMap<string, ReturnType<typeof shard.stats>> => {
      const own = shard.id();
      return new Map(own !== undefined && shard.stats().epoch !== undefined ? [[own, shard.stats()]] : []);
    };
    const report = reportShards({ cluster, shards, keepsGone: true, ...host });
    ends.push(() => report.stop());
    // One that waits for a place is ready to take it.
    const unready = (): string | undefined =>
      shard.isSynced() ? undefined : 'the settings of the platform are not read yet';
    const server = await servePod({ listen, metrics: metrics.text, unready });
    ends.push(() => server.close());
    return server.port;
  });
}
