import { type Clock, ConflictError, type Log, type Random } from '../../base/index.ts';
import {
  type Cluster,
  LABEL,
  type Lease,
  type ReflectOptions,
  type Sharding,
  SYSTEM_NAMESPACE,
} from '../../cluster/index.ts';
import { type Owner, type Shard, startShard } from './shard.ts';
import { createShardMap, type ShardMap } from './shard-map.ts';
import type { LeaseTiming } from './timing.ts';

/** What a shard drives: an engine that begins with nothing of its own. */
export interface ShardEngine extends Owner {
  /** Works on everything, with no other beside it. */
  ownAll(): Promise<void>;
  stop(): Promise<void>;
}

export interface FleetOptions<E extends ShardEngine> extends Pick<ReflectOptions, 'relistMs'> {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Of this process: differs from every process that used the cluster before. */
  readonly identity: string;
  /** Starts the engine of a shard: one that owns everything at once, or one that begins with nothing. */
  readonly newEngine: (id: string, begins: 'alone' | 'with nothing') => E;
  readonly timing?: Partial<LeaseTiming>;
  /** No shard before `setSharding` says so. Absent: one that is alone. */
  readonly beginsWith?: 'nothing';
}

export interface Fleet<E extends ShardEngine> {
  /**
   * Divides the executions anew. Shards that stay are not restarted; they drain what they lose. `elsewhere`: none runs here.
   * Resolves when the shards that are no more have drained, and those that are new have been started.
   */
  setSharding(sharding: Sharding | undefined | 'elsewhere'): Promise<void>;
  /** Shard id → its engine, as they run now. */
  engines(): ReadonlyMap<string, E>;
  /** The epoch of a shard's lease, when it holds one. */
  epochOf(id: string): number | undefined;
  /** Whether every shard works on all that is its own. */
  isComplete(): boolean;
  stop(): Promise<void>;
}

const ALONE: Sharding = { strategy: 'hash', shards: 1 };

interface Member<E> {
  readonly engine: E;
  /** Absent: it is alone and needs no lease. */
  shard: Shard | undefined;
}

/**
 * All shards of a control plane that is one process. One alone owns everything without a lease; several hold theirs as
 * shards of several processes do. No other process may use the cluster: leases of earlier ones are broken at the start.
 */
export function startFleet<E extends ShardEngine>(options: FleetOptions<E>): Fleet<E> {
  const members = new Map<string, Member<E>>();
  let wanted: ShardMap | undefined = options.beginsWith === 'nothing' ? undefined : createShardMap(ALONE);
  let served: ShardMap | undefined;
  let isStopped = false;
  let turn: Promise<void> = breakLeases(options);
  const follow = (): void => {
    turn = turn.then(async () => {
      if (isStopped || served?.version === wanted?.version) return;
      served = wanted;
      if (served === undefined) await removeAll(members, () => true);
      else await arrange(options, members, served);
    });
  };
  follow();
  return {
    setSharding(sharding) {
      wanted = sharding === 'elsewhere' ? undefined : createShardMap(sharding ?? ALONE);
      follow();
      return turn;
    },
    engines: () => new Map([...members].map(([id, { engine }]) => [id, engine])),
    epochOf: (id) => members.get(id)?.shard?.epoch(),
    isComplete: () =>
      served?.version === wanted?.version && [...members.values()].every(({ shard }) => shard?.isComplete() ?? true),
    async stop() {
      isStopped = true;
      await turn;
      await Promise.all([...members.values()].map((member) => end(member)));
      members.clear();
    },
  };
}

async function arrange<E extends ShardEngine>(
  options: FleetOptions<E>,
  members: Map<string, Member<E>>,
  map: ShardMap,
): Promise<void> {
  const isAlone = map.ids.length === 1;
  if (isAlone) {
    // Who owns everything begins when nobody else owns anything.
    await removeAll(members, (id) => id !== map.ids[0]);
  }
  for (const id of map.ids) {
    const known = members.get(id);
    const begins = isAlone ? 'alone' : 'with nothing';
    const member = known ?? { engine: options.newEngine(id, begins), shard: undefined };
    members.set(id, member);
    if (isAlone) {
      if (known === undefined) continue;
      await member.shard?.stop();
      member.shard = undefined;
      await member.engine.ownAll();
    } else if (member.shard !== undefined) member.shard.setMap(map);
    else {
      await member.engine.own(undefined);
      const { newEngine: _, ...ports } = options;
      member.shard = startShard({ ...ports, id, map, owner: member.engine });
    }
  }
  await removeAll(members, (id) => !map.ids.includes(id));
}

async function removeAll<E extends ShardEngine>(
  members: Map<string, Member<E>>,
  isGone: (id: string) => boolean,
): Promise<void> {
  const gone = [...members].filter(([id]) => isGone(id));
  await Promise.all(
    gone.map(async ([id, member]) => {
      await end(member);
      members.delete(id);
    }),
  );
}

async function end<E extends ShardEngine>({ shard, engine }: Member<E>): Promise<void> {
  await shard?.stop();
  await engine.stop();
}

/** Those who held them are gone with their process; waiting for the leases' ends would only delay every start. */
async function breakLeases({ cluster, log }: FleetOptions<never> | FleetOptions<ShardEngine>): Promise<void> {
  try {
    const { items } = await cluster.list<Lease>('Lease', { namespace: SYSTEM_NAMESPACE, labelSelector: LABEL.shard });
    for (const lease of items) {
      if (lease.spec.holderIdentity === '') continue;
      await cluster.write([{ op: 'update', object: { ...lease, spec: { ...lease.spec, holderIdentity: '' } } }]);
    }
  } catch (error) {
    // Then the shards wait until the leases end, as shards of several processes do.
    if (!(error instanceof ConflictError)) log.write('warn', 'leases not broken', { error: String(error) });
  }
}
