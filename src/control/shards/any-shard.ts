import type { UnixMs } from '../../base/index.ts';
import { LABEL, type Lease, reflect, SYSTEM_NAMESPACE } from '../../cluster/index.ts';
import { leaseName, type Shard, type ShardOptions, startShard } from './shard.ts';
import type { ShardMap } from './shard-map.ts';
import { LEASE_TIMING } from './timing.ts';

export interface AnyShard extends Shard {
  /** Which shard it is, or tries to be; undefined: none is free. */
  id(): string | undefined;
}

interface Seen {
  readonly holder: string;
  readonly at: UnixMs;
  readonly durationMs: number;
}

interface State {
  readonly options: Omit<ShardOptions, 'id'>;
  /** Name of a lease → who held it when it last changed. */
  readonly leases: Map<string, Seen>;
  hasSeenLeases: boolean;
  map: ShardMap;
  current: { readonly id: string; readonly shard: Shard } | undefined;
  isStopped: boolean;
  cancel: () => void;
}

/**
 * Becomes one of the shards that have no process, and another when its own is no more: so processes that are all alike, as
 * many as there are shards, are all that a fleet needs. Who finds every shard taken waits for one to become free.
 */
export function startAnyShard(options: Omit<ShardOptions, 'id'>): AnyShard {
  const state: State = {
    options,
    leases: new Map(),
    hasSeenLeases: false,
    map: options.map,
    current: undefined,
    isStopped: false,
    cancel: () => undefined,
  };
  let turn: Promise<void> = Promise.resolve();
  const again = (): void => {
    state.cancel();
    turn = turn.then(async () => {
      if (state.isStopped) return;
      await choose(state);
      state.cancel();
      const { clock, random } = options;
      state.cancel = clock.at(clock.now() + LEASE_TIMING.retryMs * (1 + random.unit()), again);
    });
  };
  const ending = new AbortController();
  const following = followLeases(state, again, ending.signal);
  return {
    id: () => state.current?.id,
    setMap(map) {
      state.map = map;
      state.current?.shard.setMap(map);
      again();
    },
    isComplete: () => state.current?.shard.isComplete() ?? false,
    epoch: () => state.current?.shard.epoch(),
    mayWrite: () => state.current?.shard.mayWrite() ?? false,
    async stop() {
      state.isStopped = true;
      state.cancel();
      ending.abort('stopped');
      await Promise.all([turn, following]);
      await state.current?.shard.stop();
      state.current = undefined;
    },
  };
}

async function choose(state: State): Promise<void> {
  const { options, map, current } = state;
  if (!state.hasSeenLeases) return;
  const isGone = current !== undefined && !map.ids.includes(current.id);
  if (current !== undefined && !isGone && current.shard.epoch() !== undefined) return;
  const free = map.ids.filter((id) => isFree(state, id));
  // It is about to get it, or there is no better one to wait for.
  if (current !== undefined && !isGone && (free.length === 0 || free.includes(current.id))) return;
  await current?.shard.stop();
  state.current = undefined;
  const id = free[Math.floor(options.random.unit() * free.length)];
  if (id === undefined || state.isStopped) return;
  state.current = { id, shard: startShard({ ...options, id, map: state.map }) };
}

function isFree({ leases, options }: State, id: string): boolean {
  const seen = leases.get(leaseName(id));
  return seen === undefined || seen.holder === '' || options.clock.now() - seen.at >= seen.durationMs;
}

function followLeases(state: State, again: () => void, signal: AbortSignal): Promise<void> {
  const { cluster, clock, random, log } = state.options;
  const { done } = reflect<Lease>(
    cluster,
    'Lease',
    { clock, random, log, namespace: SYSTEM_NAMESPACE, labelSelector: LABEL.shard },
    {
      changed(changes) {
        for (const change of changes) {
          if (change.type === 'gone') state.leases.delete(change.key.name);
          else state.leases.set(change.object.metadata.name, seen(state, change.object));
        }
      },
      synced() {
        state.hasSeenLeases = true;
        again();
      },
    },
    signal,
  );
  return done;
}

function seen({ options }: State, { spec }: Lease): Seen {
  const durationMs = (spec.leaseDurationSeconds ?? LEASE_TIMING.durationMs / 1_000) * 1_000;
  return { holder: spec.holderIdentity ?? '', at: options.clock.now(), durationMs };
}
