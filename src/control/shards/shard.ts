import type { Clock, Log, Random } from '../../base/index.ts';
import {
  type Cluster,
  LABEL,
  type Lease,
  type ReflectOptions,
  reflect,
  SYSTEM_NAMESPACE,
} from '../../cluster/index.ts';
import { type Elector, SERVES, startElector } from './elector.ts';
import type { ShardMap } from './shard-map.ts';
import { LEASE_TIMING, type LeaseTiming } from './timing.ts';

/** Which executions a shard works on, and the epoch that its writes carry. */
export interface Ownership {
  readonly shard: string;
  readonly epoch: number;
  owns(namespace: string, key: number): boolean;
}

/** What is told which executions are its own. */
export interface Owner {
  /** From now on no round begins for others; undefined: for none. Resolves when the last round for others is durable. */
  own(ownership: Ownership | undefined): Promise<void>;
}

export interface ShardOptions extends Pick<ReflectOptions, 'relistMs'> {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly id: string;
  /** Differs between processes and between two lives of one. */
  readonly identity: string;
  readonly map: ShardMap;
  readonly owner: Owner;
  readonly timing?: Partial<LeaseTiming>;
}

export interface Shard {
  /** Moves to another division of the keys: gives up at once, takes over when those who had them have given them up. */
  setMap(map: ShardMap): void;
  /** Whether it works on all that its map gives it. */
  isComplete(): boolean;
  readonly epoch: () => number | undefined;
  /** Whether its lease is its own at this very moment: what it would write later than that could be another's by then. */
  mayWrite(): boolean;
  /** Works on nothing any more and gives its lease back. */
  stop(): Promise<void>;
}

interface Peer {
  readonly holder: string;
  readonly serves: string;
  /** As much time has passed since it was seen to change as its lease lasts, whatever the clock was set to meanwhile: a timer tells. */
  isOver: boolean;
  readonly cancel: () => void;
}

interface State {
  readonly options: ShardOptions;
  readonly timing: LeaseTiming;
  readonly peers: Map<string, Peer>;
  hasSeenPeers: boolean;
  target: ShardMap;
  epoch: number | undefined;
  /** What it works on: keys that every map of `serving` gives to it. Empty: nothing. */
  serving: readonly ShardMap[];
  isComplete: boolean;
  isStopped: boolean;
  cancel: () => void;
}

/**
 * Holds the lease of one shard and tells its owner what to work on. No two shards work on one execution: who loses keys
 * stops and says so on its lease, and who gains keys waits until every living shard says that it goes by the same map.
 * A shard that cannot hear this is held off by its epoch, which each write carries.
 */
export function startShard(options: ShardOptions): Shard {
  const state: State = {
    options,
    timing: { ...LEASE_TIMING, ...options.timing },
    peers: new Map(),
    hasSeenPeers: false,
    target: options.map,
    epoch: undefined,
    serving: [],
    isComplete: false,
    isStopped: false,
    cancel: () => undefined,
  };
  const { cluster, clock, random, log, id, identity, timing } = options;
  let turn: Promise<void> = Promise.resolve();
  const again = (): void => {
    turn = turn.then(async () => {
      if (!state.isStopped) await reconsider(state, elector, again);
    });
  };
  const elector = startElector(
    { cluster, clock, random, log, name: leaseName(id), identity, ...(timing && { timing }) },
    {
      acquired(epoch) {
        state.epoch = epoch;
        log.write('info', 'shard has its lease', { shard: id, epoch });
        again();
      },
      announced: again,
      lost() {
        state.epoch = undefined;
        state.serving = [];
        state.isComplete = false;
        // Now, not in turn: whatever it would still begin could be another's by the time it is written.
        void options.owner.own(undefined);
        log.write('warn', 'shard lost its lease', { shard: id });
        again();
      },
    },
  );
  const ending = new AbortController();
  const peers = followPeers(state, again, ending.signal);
  return {
    setMap(map) {
      if (map.version === state.target.version) return;
      state.target = map;
      state.isComplete = false;
      again();
    },
    isComplete: () => state.isComplete && state.epoch !== undefined,
    epoch: () => state.epoch,
    mayWrite: () => elector.isHeld(),
    async stop() {
      state.isStopped = true;
      state.cancel();
      ending.abort();
      await Promise.all([turn, peers]);
      for (const { cancel } of state.peers.values()) cancel();
      await options.owner.own(undefined);
      await elector.stop();
    },
  };
}

/** Name of the lease of the shard with this id. */
export function leaseName(id: string): string {
  return `pipectl-${id}`;
}

async function reconsider(state: State, elector: Pick<Elector, 'announce' | 'says'>, again: () => void): Promise<void> {
  const { target, options } = state;
  const { owner, clock, log, id } = options;
  state.cancel();
  if (state.epoch === undefined) {
    elector.announce(target.version);
    // Leases of others run out meanwhile, also when the clock is set back.
    blockers(state);
    state.cancel = clock.at(clock.now() + state.timing.retryMs, again);
    return;
  }
  const { epoch } = state;
  const isServed = state.serving.length > 0;
  if (state.serving.at(-1)?.version !== target.version) {
    if (isServed) {
      state.serving = [...state.serving.filter(({ version }) => version !== target.version), target];
      await owner.own(ownership(state, epoch));
      // While it drained, more may have happened.
      if (state.epoch !== epoch || state.target !== target) return;
    }
    elector.announce(target.version);
  }
  if (state.isComplete) return;
  // While its lease says another map, those who go by that one would take keys that this one gives to it.
  if (!elector.says(target.version) || blockers(state).length > 0) {
    state.cancel = clock.at(clock.now() + state.timing.retryMs, again);
    return;
  }
  state.serving = [target];
  state.isComplete = true;
  log.write('info', 'shard serves its keys', { shard: id, epoch, map: target.version, of: target.ids.length });
  await owner.own(ownership(state, epoch));
}

function ownership({ serving, options, target }: State, epoch: number): Ownership {
  const { id } = options;
  const last = serving.at(-1) ?? target;
  return {
    shard: id,
    epoch,
    // Between two divisions nobody works on a namespace that one of them divides and the other does not: its new owner
    // would count with those whom the old owners still run.
    owns: (namespace, key) =>
      serving.every((map) => map.ownerOf(namespace, key) === id && map.isWhole(namespace) === last.isWhole(namespace)),
  };
}

/** Living shards that may still work on keys which our map gives to us. */
function blockers(state: State): readonly string[] {
  if (!state.hasSeenPeers) return ['unknown'];
  return [...state.peers]
    .filter(([, peer]) => peer.holder !== '' && peer.serves !== state.target.version && !peer.isOver)
    .map(([name]) => name);
}

function followPeers(state: State, again: () => void, signal: AbortSignal): Promise<void> {
  const { cluster, clock, random, log, id, relistMs } = state.options;
  const every = relistMs === undefined ? {} : { relistMs };
  const others = { fieldSelector: `metadata.name!=${leaseName(id)}` };
  const { done } = reflect<Lease>(
    cluster,
    'Lease',
    // Its own, which it writes itself, it need not be told of.
    { clock, random, log, ...every, ...others, namespace: SYSTEM_NAMESPACE, labelSelector: LABEL.shard },
    {
      changed(changes) {
        for (const change of changes) {
          const name = change.type === 'gone' ? change.key.name : change.object.metadata.name;
          state.peers.get(name)?.cancel();
          if (change.type === 'gone') state.peers.delete(name);
          else state.peers.set(name, peerOf(state, change.object));
        }
        if (!state.isComplete) again();
      },
      synced() {
        state.hasSeenPeers = true;
        again();
      },
    },
    signal,
  );
  return done;
}

function peerOf({ options, timing }: State, { metadata, spec }: Lease): Peer {
  const { clock } = options;
  const durationMs = (spec.leaseDurationSeconds ?? timing.durationMs / 1_000) * 1_000;
  const peer: Peer = {
    holder: spec.holderIdentity ?? '',
    serves: metadata.annotations?.[SERVES] ?? '',
    isOver: false,
    cancel: clock.at(clock.now() + durationMs, () => {
      peer.isOver = true;
    }),
  };
  return peer;
}
