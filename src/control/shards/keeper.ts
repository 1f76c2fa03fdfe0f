import { type Clock, type Log, type Random, SHARD_RESTART_BACKOFF, type UnixMs } from '../../base/index.ts';
import { type Cluster, findObject, LABEL, type Lease, reflect, SYSTEM_NAMESPACE } from '../../cluster/index.ts';
import { leaseName } from './shard.ts';
import { LEASE_TIMING, type LeaseTiming } from './timing.ts';

/** A process that works as a shard. */
export interface ShardProcess {
  /** By which it holds its lease. */
  readonly identity: string;
  /** Resolves when it is gone, however it came to that. */
  readonly ended: Promise<void>;
  /** Lets it drain and give its lease back; resolves when it is gone, which it is made to be when it takes too long. */
  stop(): Promise<void>;
}

export interface ShardKeeperOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Starts a process for the shard of this id. */
  readonly start: (id: string) => ShardProcess;
  readonly timing?: Partial<LeaseTiming>;
}

export interface ShardKeeper {
  /** Runs a process for each of these shards and for no other; resolves when those of others are gone. */
  keep(ids: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

interface Member {
  readonly process: ShardProcess;
  readonly startedAt: UnixMs;
}

interface State {
  readonly options: ShardKeeperOptions;
  wanted: ReadonlySet<string>;
  readonly members: Map<string, Member>;
  /** Shards that are started again after a pause, and how often in a row that was needed. */
  readonly waiting: Map<string, () => void>;
  readonly failures: Map<string, number>;
  /** Processes that are asked to end, and do not count any more. */
  readonly leaving: Set<Promise<void>>;
  /** Of each lease: ends the wait for its renewal. */
  readonly deadlines: Map<string, () => void>;
}

/**
 * The propeller manager of one machine: keeps a process for each shard that git asks for. One that ends is started again at
 * once, then after longer and longer pauses, and its lease is broken, for nobody can use it any more. One that lives and
 * renews its lease no more, because it hangs or was stopped, is replaced; what it writes when it wakes up is refused.
 */
export function startShardKeeper(options: ShardKeeperOptions): ShardKeeper {
  const state: State = {
    options,
    wanted: new Set(),
    members: new Map(),
    waiting: new Map(),
    failures: new Map(),
    leaving: new Set(),
    deadlines: new Map(),
  };
  const ending = new AbortController();
  const following = followLeases(state, ending.signal);
  const keep = async (ids: readonly string[]): Promise<void> => {
    state.wanted = new Set(ids);
    for (const [id, cancel] of state.waiting) {
      cancel();
      state.waiting.delete(id);
    }
    for (const [id, member] of [...state.members]) if (!state.wanted.has(id)) leave(state, id, member);
    for (const id of ids) if (!state.members.has(id)) start(state, id);
    await Promise.all(state.leaving);
  };
  return {
    keep,
    async stop() {
      ending.abort('stopped');
      for (const cancel of state.deadlines.values()) cancel();
      await Promise.all([keep([]), following]);
    },
  };
}

function start(state: State, id: string): void {
  const { options, members } = state;
  const { clock, log } = options;
  const process = options.start(id);
  const member: Member = { process, startedAt: clock.now() };
  members.set(id, member);
  void process.ended.then(async () => {
    if (members.get(id) !== member) return;
    members.delete(id);
    log.write('warn', 'a shard ended by itself and is started again', { shard: id });
    await breakLease(state, id, process.identity);
    if (state.wanted.has(id) && !members.has(id)) startLater(state, id, member.startedAt);
  });
}

function startLater(state: State, id: string, startedAt: UnixMs): void {
  const { clock } = state.options;
  const { initialMs, factor, maxMs, calmMs } = SHARD_RESTART_BACKOFF;
  const failures = clock.now() - startedAt > calmMs ? 0 : (state.failures.get(id) ?? 0);
  state.failures.set(id, failures + 1);
  const pauseMs = failures === 0 ? 0 : Math.min(maxMs, initialMs * factor ** (failures - 1));
  const cancel = clock.at(clock.now() + pauseMs, () => {
    state.waiting.delete(id);
    if (state.wanted.has(id) && !state.members.has(id)) start(state, id);
  });
  state.waiting.set(id, cancel);
}

function leave({ members, leaving }: State, id: string, { process }: Member): void {
  members.delete(id);
  const gone = process.stop().finally(() => leaving.delete(gone));
  leaving.add(gone);
}

/** Whoever held it is gone: to wait for the lease's end would only delay the next. */
async function breakLease({ options }: State, id: string, identity: string): Promise<void> {
  const { cluster, log } = options;
  try {
    const key = { kind: 'Lease', namespace: SYSTEM_NAMESPACE, name: leaseName(id) };
    const lease = await findObject<Lease>(cluster, key);
    if (lease?.spec.holderIdentity !== identity) return;
    await cluster.write([{ op: 'update', object: { ...lease, spec: { ...lease.spec, holderIdentity: '' } } }]);
  } catch (error) {
    // Then the next one waits until it ends.
    log.write('debug', 'lease not broken', { shard: id, error: String(error) });
  }
}

function followLeases(state: State, signal: AbortSignal): Promise<void> {
  const { cluster, clock, random, log, timing } = state.options;
  const durationMs = timing?.durationMs ?? LEASE_TIMING.durationMs;
  const { done } = reflect<Lease>(
    cluster,
    'Lease',
    { clock, random, log, namespace: SYSTEM_NAMESPACE, labelSelector: LABEL.shard },
    {
      changed(changes) {
        for (const change of changes) {
          const name = change.type === 'set' ? change.object.metadata.name : change.key.name;
          state.deadlines.get(name)?.();
          state.deadlines.delete(name);
          const holder = change.type === 'set' ? change.object.spec.holderIdentity : undefined;
          if (holder === undefined || holder === '' || signal.aborted) continue;
          // Nobody else has it when it ends: what was not renewed for so long is not renewed any more.
          const cancel = clock.at(clock.now() + durationMs, () => replace(state, holder));
          state.deadlines.set(name, cancel);
        }
      },
    },
    signal,
  );
  return done;
}

/** Lets another process take the place of one that does not renew its lease. */
function replace(state: State, holder: string): void {
  for (const [id, member] of state.members) {
    if (member.process.identity !== holder) continue;
    state.options.log.write('warn', 'a shard does not renew its lease and is replaced', { shard: id, holder });
    leave(state, id, member);
    void breakLease(state, id, holder).then(() => {
      if (state.wanted.has(id) && !state.members.has(id)) start(state, id);
    });
  }
}
