import { join } from 'node:path';
import type { Log } from '../base/index.ts';
import { createApiServer, tokenAuthenticator } from '../cluster/adapters/http/index.ts';
import { type Cluster, OWNER, type Sharding } from '../cluster/index.ts';
import {
  type PropellerStats,
  type Propellers,
  type PropellersOptions,
  startPropellers,
} from '../control/propeller/index.ts';
import { createShardMap } from '../control/shards/index.ts';
import { type DataFolder, kubeconfigText, writePrivateFile } from './data-folder.ts';
import { listenLocally } from './listen.ts';
import { type ShardProcesses, startShardProcesses } from './shard-processes.ts';
import { VERSION } from './version.ts';

export interface LocalShardsOptions extends PropellersOptions {
  /** The live objects, where leases are. */
  readonly store: Cluster;
  readonly folder: DataFolder;
}

/**
 * The propellers of a control plane on this machine. One shard runs in this process, as do shards that go by names. Several
 * that divide by hash are processes of their own; then this process runs none.
 */
export function startLocalShards({ store, folder, ...options }: LocalShardsOptions): Propellers {
  const inside = startPropellers({ ...options, beginsWith: 'nothing' });
  const { clock, random, log, identity, timing, onEnded, onRound } = options;
  let processes: ShardProcesses | undefined;
  let closeApi = async (): Promise<void> => undefined;
  const outside = (): ShardProcesses => {
    processes ??= startShardProcesses({
      cluster: store,
      clock,
      random,
      log,
      identity,
      ...(timing && { timing }),
      ...(onEnded && { onEnded }),
      ...(onRound && { onRound }),
      async kubeconfig() {
        if (api === undefined) {
          api = await openShardApi(options, folder);
          closeApi = api.close;
        }
        return api.kubeconfig;
      },
    });
    return processes;
  };
  let api: ShardApi | undefined;
  let turn: Promise<void> = Promise.resolve();
  let isStopped = false;
  const arrange = async (sharding: Sharding | undefined): Promise<void> => {
    if (isStopped) return;
    const ids = processIds(sharding);
    // Those who stop drain before anybody starts: one that is alone holds no lease that others could wait for.
    if (ids.length > 0) await inside.setSharding('elsewhere');
    if (ids.length > 0 || processes !== undefined) await outside().keep(ids);
    if (ids.length === 0) await inside.setSharding(sharding);
  };
  return {
    setWorkers: inside.setWorkers,
    setMaxParallelism: inside.setMaxParallelism,
    setStoresOutputs: inside.setStoresOutputs,
    setQuotas: inside.setQuotas,
    setSharding(sharding) {
      turn = turn
        .then(() => arrange(sharding === 'elsewhere' ? undefined : sharding))
        .catch((error: unknown) => log.write('error', 'shards could not be started', { error: String(error) }));
      return turn;
    },
    quotas: () => [...inside.quotas(), ...(processes?.quotas() ?? [])],
    stats: () => [...(processes?.stats().values() ?? [])].reduce(added, inside.stats()),
    statsByShard: () => new Map([...inside.statsByShard(), ...(processes?.stats() ?? [])]),
    async stop() {
      isStopped = true;
      await turn;
      await Promise.all([inside.stop(), processes?.stop()]);
      await closeApi();
    },
  };
}

function processIds(sharding: Sharding | undefined): readonly string[] {
  if (sharding?.strategy !== 'hash' || sharding.shards < 2) return [];
  return createShardMap(sharding).ids;
}

function added(sum: PropellerStats, more: PropellerStats): PropellerStats {
  const names = Object.keys(sum) as (keyof PropellerStats)[];
  return Object.fromEntries(names.map((name) => [name, sum[name] + (more[name] ?? 0)])) as unknown as PropellerStats;
}

interface ShardApi {
  readonly kubeconfig: string;
  close(): Promise<void>;
}

/**
 * The API for our own shards, on a port and with a token of this life of the control plane: a shard of an earlier one, that
 * slept while that ended, is not let in. What the engine writes is in no audit log, here as in one process.
 */
async function openShardApi(
  { cluster, clock, random, log }: Pick<LocalShardsOptions, 'cluster' | 'clock' | 'random'> & { readonly log: Log },
  folder: DataFolder,
): Promise<ShardApi> {
  const token = Buffer.from(random.bytes(TOKEN_BYTES)).toString('hex');
  const authenticate = tokenAuthenticator(token, {
    name: OWNER,
    groups: ['system:masters'],
    scopes: [{ kind: 'admin' }],
  });
  const api = createApiServer({ cluster, authenticate, clock, log, version: VERSION });
  const listening = await listenLocally(0, folder.certificate, api.handle);
  const kubeconfig = join(folder.path, 'shards.kubeconfig');
  writePrivateFile(kubeconfig, kubeconfigText(`http://127.0.0.1:${listening.port}`, { ...folder, token }, undefined));
  return {
    kubeconfig,
    async close() {
      api.close();
      await listening.close();
    },
  };
}

const TOKEN_BYTES = 32;
