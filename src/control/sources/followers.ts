import type { Clock, Log, Random, UnixMs } from '../../base/index.ts';
import { type Cluster, type Repository, reflect, SYSTEM_NAMESPACE } from '../../cluster/index.ts';
import { firstPollMs, type HintAllowance, takeHint } from './schedule.ts';

/** A repository that is looked at again and again, at the time that its last look asked for, or earlier when something may be new. */
export interface Follower {
  readonly name: string;
  isRunning: boolean;
  /** When the next look is due, and what takes that back. */
  dueAt: UnixMs;
  cancel: () => void;
  allowance: HintAllowance | undefined;
  /** Ends its look when it is not to be followed any more. */
  readonly ending: AbortController;
}

export function newFollower(name: string): Follower {
  return {
    name,
    isRunning: false,
    dueAt: Number.POSITIVE_INFINITY,
    cancel: () => undefined,
    allowance: undefined,
    ending: new AbortController(),
  };
}

export interface FollowersOptions<F extends Follower> {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Pick<Random, 'unit'>;
  readonly log: Log;
  /** A repository is new or has changed: adds its follower, wakes it, or drops it. */
  readonly changed: (followers: Followers<F>, repository: Repository) => void;
  /** One look; answers the time to the next one, in milliseconds. */
  readonly look: (follower: F) => Promise<number>;
  /** Milliseconds to the next look where one was rejected, which is logged as `failure`. */
  readonly intervalMs: (follower: F) => number;
  readonly failure: string;
}

export interface Followers<F extends Follower> {
  get(name: string): F | undefined;
  all(): Iterable<F>;
  size(): number;
  /** Looks at once, unless the first list is not known yet. */
  add(follower: F): void;
  /** Ends its look, too. */
  drop(name: string): void;
  /** Looks at `at`, unless that is to happen earlier anyway. */
  due(follower: F, at: UnixMs): void;
  /** Looks soon: at once as long as that was not asked too often. */
  hint(name: string): void;
  /** Waits for it at the end. */
  keep(work: Promise<void>): void;
  /** Ends what runs; resolves when nothing does. */
  stop(): Promise<void>;
}

interface State<F extends Follower> extends FollowersOptions<F> {
  readonly followers: Map<string, F>;
  readonly running: Set<Promise<void>>;
  isEnding: boolean;
  /** The first list is known: until then nothing is looked at. */
  isSynced: boolean;
}

/** Watches repositories, and gives each that is followed its turns: one look at a time, none lost. */
export function followRepositories<F extends Follower>(options: FollowersOptions<F>): Followers<F> {
  const { cluster, clock, random, log, changed } = options;
  const state: State<F> = { ...options, followers: new Map(), running: new Set(), isEnding: false, isSynced: false };
  const { followers, running } = state;
  const doors: Omit<Followers<F>, 'stop'> = {
    get: (name) => followers.get(name),
    all: () => followers.values(),
    size: () => followers.size,
    add(follower) {
      followers.set(follower.name, follower);
      if (state.isSynced) due(state, follower, clock.now());
    },
    drop: (name) => drop(state, name),
    due: (follower, at) => due(state, follower, at),
    hint(name) {
      const follower = followers.get(name);
      if (follower === undefined) return;
      const { at, allowance } = takeHint(follower.allowance, clock.now());
      follower.allowance = allowance;
      due(state, follower, at);
    },
    keep: (work) => keep(state, work),
  };
  const ending = new AbortController();
  const stop = async (): Promise<void> => {
    state.isEnding = true;
    ending.abort();
    for (const name of [...followers.keys()]) drop(state, name);
    await Promise.allSettled(running);
    await reflector.done;
  };
  const answer: Followers<F> = { ...doors, stop };
  const reflector = reflect<Repository>(
    cluster,
    'Repository',
    { namespace: SYSTEM_NAMESPACE, clock, random, log },
    {
      changed(changes) {
        for (const change of changes) {
          if (change.type === 'set') changed(answer, change.object);
          else drop(state, change.key.name);
        }
      },
      synced: () => begin(state),
    },
    ending.signal,
  );
  return answer;
}

function begin<F extends Follower>(state: State<F>): void {
  if (state.isSynced) return;
  state.isSynced = true;
  const { followers, clock, random } = state;
  for (const follower of followers.values()) {
    due(state, follower, clock.now() + firstPollMs(followers.size, random.unit()));
  }
}

function drop<F extends Follower>({ followers }: State<F>, name: string): void {
  const follower = followers.get(name);
  follower?.cancel();
  followers.delete(name);
  follower?.ending.abort();
}

function due<F extends Follower>(state: State<F>, follower: F, at: UnixMs): void {
  if (at >= follower.dueAt) return;
  follower.cancel();
  follower.dueAt = at;
  // While it is being looked at, what comes is done afterwards.
  if (follower.isRunning) return;
  follower.cancel = state.clock.at(at, () => keep(state, turn(state, follower)));
}

function keep<F extends Follower>({ running, log, failure }: State<F>, work: Promise<void>): void {
  const done = work
    .catch((error: unknown) => log.write('error', failure, { error: String(error) }))
    .finally(() => running.delete(done));
  running.add(done);
}

async function turn<F extends Follower>(state: State<F>, follower: F): Promise<void> {
  if (follower.isRunning || state.followers.get(follower.name) !== follower) return;
  follower.isRunning = true;
  follower.dueAt = Number.POSITIVE_INFINITY;
  let waitMs = state.intervalMs(follower);
  try {
    waitMs = await state.look(follower);
  } finally {
    follower.isRunning = false;
    const { dueAt } = follower;
    follower.dueAt = Number.POSITIVE_INFINITY;
    const isFollowed = state.followers.get(follower.name) === follower && !state.isEnding;
    if (isFollowed) due(state, follower, Math.min(dueAt, state.clock.now() + waitMs));
  }
}
