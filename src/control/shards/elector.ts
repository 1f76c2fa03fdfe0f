import { type Clock, ConflictError, type Log, type Random, type UnixMs } from '../../base/index.ts';
import {
  type Cluster,
  findObject,
  LABEL,
  LEASE_API_VERSION,
  type Lease,
  NotFoundError,
  type ObjectKey,
  type ReflectOptions,
  reflect,
  SYSTEM_NAMESPACE,
} from '../../cluster/index.ts';
import { LEASE_TIMING, type LeaseTiming } from './timing.ts';

/** `relistMs` is that of the watch of who waits for the lease promptly. */
export interface ElectorOptions extends Pick<ReflectOptions, 'relistMs'> {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Pick<Random, 'unit'>;
  readonly log: Log;
  /** Name of the lease, in the system namespace. */
  readonly name: string;
  /** Of the lease. Absent: LABEL.shard with its name. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Watches the lease while another holds it, so as to take it over as soon as it is free. */
  readonly isPrompt?: boolean;
  /** Who wants it: differs between processes, also between two lives of one. */
  readonly identity: string;
  readonly timing?: Partial<LeaseTiming>;
}

export interface ElectorHandlers {
  /** The lease is ours from now on, under this epoch, which is higher than any before. */
  acquired(epoch: number): void;
  /** The lease says from now on which map was announced last. */
  announced?(): void;
  /** It is ours no more, or nobody can tell: whatever it protects must stop now. */
  lost(): void;
}

export interface Elector {
  /** Which map of shards the holder serves; written to the lease when it is ours, now and at each acquisition. */
  announce(map: string): void;
  /** Whether the lease is known to say so: what was announced last may not have been written yet. */
  says(map: string): boolean;
  /**
   * Whether the lease is ours at this very moment, by the clock: a process that was stopped for a while learns it here
   * before its timers tell it.
   */
  isHeld(): boolean;
  /** Gives the lease back when it is ours, so that another need not wait for its end. */
  stop(): Promise<void>;
}

interface Seen {
  readonly version: string;
  /** As much time has passed since as a lease lasts, whatever the clock was set to meanwhile: a timer tells. */
  isOver: boolean;
  readonly cancel: () => void;
}

interface State {
  readonly options: ElectorOptions;
  readonly handlers: ElectorHandlers;
  readonly timing: LeaseTiming;
  map: string;
  /** The lease as last seen, and when that was, by our own clock: clocks of others are not compared with ours. */
  seen: Seen | undefined;
  held: { readonly epoch: number; renewedAt: UnixMs } | undefined;
  /** The lease as we wrote it last, while nothing says that it has changed since. */
  written: Lease | undefined;
  isStopped: boolean;
  cancel: () => void;
  cancelDeadline: () => void;
  turn: Promise<void>;
}

/**
 * Tries to hold a lease for as long as it runs, by the rules of client-go's leader election: a lease is free when nobody
 * saw it renewed for its whole duration; who cannot renew it in time lets go before another may take it.
 */
export function startElector(options: ElectorOptions, handlers: ElectorHandlers): Elector {
  const state: State = {
    options,
    handlers,
    timing: { ...LEASE_TIMING, ...options.timing },
    map: '',
    seen: undefined,
    held: undefined,
    written: undefined,
    isStopped: false,
    cancel: () => undefined,
    cancelDeadline: () => undefined,
    turn: Promise.resolve(),
  };
  takeTurn(state);
  const ending = new AbortController();
  const watching = options.isPrompt === true ? watchLease(state, ending.signal) : undefined;
  return {
    announce(map) {
      if (map === state.map) return;
      state.map = map;
      if (state.held !== undefined) takeTurn(state);
    },
    says: (map) => state.held !== undefined && serves(state.written) === map,
    isHeld() {
      const { held } = state;
      const now = options.clock.now();
      // A clock that was set back says nothing of how long it has been.
      return held !== undefined && now >= held.renewedAt && now < held.renewedAt + state.timing.renewDeadlineMs;
    },
    async stop() {
      state.isStopped = true;
      state.cancel();
      state.seen?.cancel();
      ending.abort('stopped');
      await watching;
      await state.turn;
      const wasHeld = state.held !== undefined;
      letGo(state);
      if (wasHeld) await giveBack(state).catch(() => undefined);
    },
  };
}

/** One try after another, never two at a time. */
function takeTurn(state: State): void {
  state.cancel();
  state.turn = state.turn.then(async () => {
    if (state.isStopped) return;
    try {
      await acquireOrRenew(state);
    } catch (error) {
      // A lost race or a store that does not answer: the next try tells. Until then what was held is held.
      if (!(error instanceof ConflictError)) {
        state.options.log.write('warn', 'lease not renewed', { lease: state.options.name, error: String(error) });
      }
    }
    if (state.isStopped) return;
    const { clock, random } = state.options;
    const pause = state.timing.retryMs * (state.held === undefined ? 1 + random.unit() * JITTER : 1);
    state.cancel();
    state.cancel = clock.at(clock.now() + pause, () => takeTurn(state));
  });
}

/**
 * Counts the lease's duration from the moment of each renewal, and not from when it is next looked at: then it is taken
 * over as soon as it is free.
 */
async function watchLease(state: State, signal: AbortSignal): Promise<void> {
  const { cluster, clock, random, log, name, identity, relistMs } = state.options;
  let cancel = (): void => undefined;
  const every = relistMs === undefined ? {} : { relistMs };
  const selected = { namespace: SYSTEM_NAMESPACE, fieldSelector: `metadata.name=${name}`, ...every };
  const { done } = reflect<Lease>(
    cluster,
    'Lease',
    { clock, random, log, ...selected },
    {
      changed(changes) {
        cancel();
        if (state.held !== undefined) return;
        const change = changes.at(-1);
        if (change?.type !== 'set' || !isHeldBy(change.object)) takeTurn(state);
        else if (change.object.spec.holderIdentity !== identity) {
          isFree(state, change.object);
          const durationMs = (change.object.spec.leaseDurationSeconds ?? state.timing.durationMs / 1_000) * 1_000;
          cancel = clock.at(clock.now() + durationMs + random.unit() * PROMPT_JITTER_MS, () => takeTurn(state));
        }
      },
    },
    signal,
  );
  await done;
  cancel();
}

function isHeldBy({ spec }: Lease): boolean {
  return spec.holderIdentity !== undefined && spec.holderIdentity !== '';
}

/** Several who wait for one lease ask for it one after another. */
const PROMPT_JITTER_MS = 250;

/** Those who wait come at different times (client-go's JitterFactor). */
const JITTER = 1.2;

async function acquireOrRenew(state: State): Promise<void> {
  const askedAt = state.options.clock.now();
  if (state.held !== undefined && state.written !== undefined) {
    // Nobody else writes it while it is held: so a renewal need not read it, as client-go's does not.
    if (await renewAsWritten(state, state.written, state.held.epoch, askedAt)) return;
  }
  const lease = await findObject<Lease>(state.options.cluster, keyOf(state));
  if (lease === undefined) {
    if (state.held !== undefined) letGo(state);
    await put(state, undefined, 1, askedAt);
    return;
  }
  const isOurs = lease.spec.holderIdentity === state.options.identity;
  if (state.held !== undefined && isOurs) {
    await put(state, lease, state.held.epoch, askedAt);
    return;
  }
  if (state.held !== undefined) letGo(state);
  if (!isOurs && !isFree(state, lease)) return;
  await put(state, lease, (lease.spec.leaseTransitions ?? 0) + 1, askedAt);
}

/** False: it is another's by now, or gone. */
async function renewAsWritten(state: State, written: Lease, epoch: number, askedAt: UnixMs): Promise<boolean> {
  try {
    await put(state, written, epoch, askedAt);
    return true;
  } catch (error) {
    if (error instanceof ConflictError || error instanceof NotFoundError) return false;
    throw error;
  }
}

/** Writes the lease in place of what it was, and holds it from `askedAt` on. */
async function put(state: State, before: Lease | undefined, epoch: number, askedAt: UnixMs): Promise<void> {
  state.written = undefined;
  const object = leaseOf(state, before, epoch, askedAt);
  const [written] = await state.options.cluster.write([{ op: before === undefined ? 'create' : 'update', object }]);
  state.written = written as Lease;
  hold(state, epoch, askedAt);
  if (serves(before) !== serves(state.written)) state.handlers.announced?.();
}

function serves(lease: Lease | undefined): string | undefined {
  return lease?.metadata.annotations?.[SERVES];
}

/** Nobody holds it, or whoever did has not been heard of for the whole of its duration, as far as we have watched. */
function isFree(state: State, { metadata, spec }: Lease): boolean {
  if (spec.holderIdentity === undefined || spec.holderIdentity === '') return true;
  const { clock } = state.options;
  const now = clock.now();
  const version = metadata.resourceVersion ?? '';
  const durationMs = (spec.leaseDurationSeconds ?? state.timing.durationMs / 1_000) * 1_000;
  if (state.seen?.version !== version) {
    state.seen?.cancel();
    const isPast = (): void => {
      seen.isOver = true;
    };
    const seen: Seen = { version, isOver: false, cancel: clock.at(now + durationMs, isPast) };
    state.seen = seen;
  }
  return state.seen.isOver;
}

/** Ours from the moment it was asked for: the answer may have taken its time. */
function hold(state: State, epoch: number, since: UnixMs): void {
  const { clock } = state.options;
  const isNew = state.held === undefined;
  state.held = { epoch, renewedAt: since };
  state.cancelDeadline();
  const deadline = since + state.timing.renewDeadlineMs;
  state.cancelDeadline = clock.at(deadline, () => letGo(state));
  if (clock.now() >= deadline) letGo(state);
  else if (isNew) state.handlers.acquired(epoch);
}

function letGo(state: State): void {
  state.cancelDeadline();
  if (state.held === undefined) return;
  state.held = undefined;
  state.handlers.lost();
}

async function giveBack(state: State): Promise<void> {
  const lease = await findObject<Lease>(state.options.cluster, keyOf(state));
  if (lease === undefined || lease.spec.holderIdentity !== state.options.identity) return;
  const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 };
  await state.options.cluster.write([{ op: 'update', object: { ...lease, spec } }]);
}

function keyOf({ options }: State): ObjectKey {
  return { kind: 'Lease', namespace: SYSTEM_NAMESPACE, name: options.name };
}

function leaseOf(state: State, before: Lease | undefined, epoch: number, now: UnixMs): Lease {
  const { name, identity } = state.options;
  const time = new Date(now).toISOString().replace('Z', '000Z');
  const isRenewal = before?.spec.leaseTransitions === epoch;
  return {
    apiVersion: LEASE_API_VERSION,
    kind: 'Lease',
    metadata: {
      ...before?.metadata,
      name,
      namespace: SYSTEM_NAMESPACE,
      labels: state.options.labels ?? { [LABEL.shard]: name },
      annotations: { [SERVES]: state.map },
    },
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(state.timing.durationMs / 1_000),
      acquireTime: isRenewal ? (before?.spec.acquireTime ?? time) : time,
      renewTime: time,
      leaseTransitions: epoch,
    },
  };
}

/** Annotation of a shard's lease: version of the map that its holder serves. It works on no key that this map gives to another. */
export const SERVES = 'pipectl.dev/shard-map';
