import {
  type Clock,
  type Log,
  MAX_ENDED_REMEMBERED,
  RETENTION_BATCH,
  RETENTION_MIN_AGE_MS,
  RETENTION_PASS_MAX_MS,
  RETENTION_PASS_MS,
  RETENTION_START_MS,
  RETENTION_SWEEP_MS,
} from '../../base/index.ts';
import { type Archive, type Cluster, deleteObject, NotFoundError } from '../../cluster/index.ts';
import { archiveEnded } from './archive-ended.ts';
import { staleCacheEntries } from './cache-entries.ts';
import { endedExecutions, endedPods } from './list-ended.ts';
import { oldEvents } from './old-events.ts';
import { DEFAULT_RETENTION, type Ended, expired, type RetentionPolicy } from './policy.ts';

export interface RetentionOptions {
  /** Of the live objects alone. */
  readonly cluster: Cluster;
  /** Where executions that are over go to; without one they are deleted. */
  readonly archive?: Archive;
  /** Removes logs past the limits; resolves with how many. Without it nobody keeps logs here. */
  readonly sweepLogs?: (limits: RetentionPolicy['logs']) => Promise<number>;
  readonly clock: Clock;
  readonly log: Log;
  readonly policy?: RetentionPolicy;
  readonly minAgeMs?: number;
}

export interface Retention {
  /** Tells of an execution that has just ended, so that nobody has to look for it. */
  ended(execution: Ended): void;
  /** Counts from now on. */
  setPolicy(policy: RetentionPolicy): void;
  /** One pass over everything, now. Resolves with how many objects left the live ones. */
  sweep(): Promise<number>;
  stop(): Promise<void>;
}

/** What a running retention remembers. */
interface Keeper {
  readonly options: RetentionOptions;
  policy: RetentionPolicy;
  /** Executions that are over and still among the live objects, as far as is known; by namespace, name and uid. */
  readonly known: Map<string, Ended>;
  /** Looks since the last one that did what it was to do. */
  failures: number;
  isStopped: boolean;
}

/**
 * Lets go of what ended long ago: executions go to the archive, and their pods with them, for these they own. What the
 * engine tells of is looked at often; a list of everything, which costs as much as there is, is made at the start and
 * then rarely.
 */
export function startRetention(options: RetentionOptions): Retention {
  const { clock, log } = options;
  const keeper: Keeper = {
    options,
    policy: options.policy ?? DEFAULT_RETENTION,
    known: new Map(),
    failures: 0,
    isStopped: false,
  };
  let running: Promise<unknown> = Promise.resolve();
  let nextSweepAt = clock.now() + RETENTION_START_MS;
  let cancel = (): void => undefined;
  const run = (work: () => Promise<number>): Promise<number> => {
    const turn = running.then(() => (keeper.isStopped ? 0 : work()));
    running = turn.catch(() => undefined);
    return turn;
  };
  const arm = (): void => {
    if (keeper.isStopped) return;
    cancel();
    cancel = clock.at(Math.min(nextPassAt(keeper), nextSweepAt), () => {
      const isSweep = clock.now() >= nextSweepAt;
      if (isSweep) nextSweepAt = clock.now() + RETENTION_SWEEP_MS;
      run(() => (isSweep ? sweepAll(keeper) : pass(keeper)))
        .then(
          () => {
            keeper.failures = 0;
          },
          (error: unknown) => {
            keeper.failures++;
            log.write('warn', 'retention failed', { error: String(error), failures: keeper.failures });
          },
        )
        .finally(arm);
    });
  };
  arm();
  return {
    ended(execution) {
      // What finds no room here is found by the next sweep.
      if (keeper.known.size >= MAX_ENDED_REMEMBERED) return;
      keeper.known.set(keyOf(execution), execution);
      const { size } = keeper.known;
      if (size === 1 || size === keeper.policy.live.maxCount + 1) arm();
    },
    setPolicy(policy) {
      keeper.policy = policy;
      arm();
    },
    sweep: () => run(() => sweepAll(keeper)),
    async stop() {
      keeper.isStopped = true;
      cancel();
      await running;
    },
  };
}

/** When something that is known may be due. A quiet control plane is left alone until then. */
function nextPassAt({ known, policy, options, failures }: Keeper): number {
  if (known.size === 0) return Number.POSITIVE_INFINITY;
  const pauseMs = Math.min(RETENTION_PASS_MS * 2 ** Math.min(failures, 30), RETENTION_PASS_MAX_MS);
  const soonest = options.clock.now() + pauseMs;
  if (known.size > policy.live.maxCount) return soonest;
  let oldest = Number.POSITIVE_INFINITY;
  for (const { finishedAt } of known.values()) oldest = Math.min(oldest, finishedAt);
  return Math.max(soonest, oldest + policy.live.maxAgeMs);
}

async function sweepAll(keeper: Keeper): Promise<number> {
  const { cluster, archive, clock, sweepLogs } = keeper.options;
  keeper.known.clear();
  for (const ended of await endedExecutions(cluster)) keeper.known.set(keyOf(ended), ended);
  let gone = await pass(keeper);
  const pods = expired(await endedPods(cluster), clock.now(), keeper.policy.pods, minAgeOf(keeper));
  gone += await removeAll(keeper, 'Pod', pods);
  gone += await removeAll(keeper, 'CacheEntry', await staleCacheEntries(cluster, clock.now()));
  gone += await removeAll(keeper, 'Event', await oldEvents(cluster, clock.now()));
  if (archive !== undefined) {
    const { maxAgeMs, maxCount } = keeper.policy.executions;
    const limits = { before: clock.now() - maxAgeMs, maxCount };
    while (!keeper.isStopped && (await archive.expire(limits)) > 0);
  }
  await sweepLogs?.(keeper.policy.logs);
  return gone;
}

/** Lets executions go that are known to be over. */
async function pass(keeper: Keeper): Promise<number> {
  const { cluster, archive, clock, log } = keeper.options;
  const due = expired([...keeper.known.values()], clock.now(), keeper.policy.live, minAgeOf(keeper));
  if (due.length === 0) return 0;
  // Oldest first: what ended before its parent leaves before it.
  const oldestFirst = due.toReversed();
  for (const ended of oldestFirst) keeper.known.delete(keyOf(ended));
  if (archive === undefined) return removeAll(keeper, 'Execution', oldestFirst);
  try {
    const moved = await archiveEnded(cluster, archive, oldestFirst, () => keeper.isStopped);
    log.write('debug', 'executions archived', { count: moved });
    return moved;
  } catch (error) {
    for (const ended of oldestFirst) keeper.known.set(keyOf(ended), ended);
    throw error;
  }
}

async function removeAll(keeper: Keeper, kind: string, gone: readonly Ended[]): Promise<number> {
  const { cluster, log } = keeper.options;
  for (let start = 0; start < gone.length && !keeper.isStopped; start += RETENTION_BATCH) {
    await Promise.all(
      gone.slice(start, start + RETENTION_BATCH).map(async ({ namespace, name, uid }) => {
        try {
          await deleteObject(cluster, { kind, namespace, name }, uid === undefined ? undefined : { uid });
        } catch (error) {
          // Somebody else was first: what is wanted is true.
          if (!(error instanceof NotFoundError)) throw error;
        }
      }),
    );
  }
  if (gone.length > 0) log.write('info', 'retention deleted', { kind, count: gone.length });
  return gone.length;
}

function minAgeOf({ options }: Keeper): number {
  return options.minAgeMs ?? RETENTION_MIN_AGE_MS;
}

function keyOf({ namespace, name, uid }: Ended): string {
  return `${namespace}/${name}/${uid ?? ''}`;
}
