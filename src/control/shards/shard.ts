import type { Clock, Log, Random, UnixMs } from '../../base/index.ts';
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
  readonly durationMs: number;
  /** When it was last seen to change, by our clock; later when that was set back since. */
  seenAt: UnixMs;
  /** As much time has passed since as its lease lasts, whatever the clock was set to meanwhile. Undefined: nobody waits for that. */
  isOver: boolean | undefined;
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
    .filter(([, peer]) => peer.holder !== '' && peer.serves !== state.target.version && isLiving(state, peer))
    .map(([name]) => name);
}

/** Whether its lease may not be over yet. */
function isLiving({ options: { clock } }: State, peer: Peer): boolean {
  const now = clock.now();
  // A clock that was set back does not make the wait longer by as much.
  peer.seenAt = Math.min(peer.seenAt, now);
  const leftMs = peer.durationMs - (now - peer.seenAt);
  if (leftMs <= 0 || peer.isOver === true) return false;
  if (peer.isOver === undefined) {
    peer.isOver = false;
    clock.at(now + leftMs, () => {
      peer.isOver = true;
    });
  }
  return true;
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
          if (change.type === 'gone') state.peers.delete(change.key.name);
          else state.peers.set(change.object.metadata.name, peerOf(state, change.object));
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
  const durationMs = (spec.leaseDurationSeconds ?? timing.durationMs / 1_000) * 1_000;
  return {
    holder: spec.holderIdentity ?? '',
    serves: metadata.annotations?.[SERVES] ?? '',
    durationMs,
    seenAt: options.clock.now(),
    isOver: undefined,
  };
}
