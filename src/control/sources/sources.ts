import {
  type Clock,
  canonicalJson,
  type Json,
  type Log,
  MAX_REMOTE_PROCESSES,
  MAX_REMOTE_PROCESSES_PER_HOST,
  type Random,
  StalledError,
  WaitError,
} from '../../base/index.ts';
import { ANNOTATION, type Cluster, type RemoteSource, type Repository, remoteSourceOf } from '../../cluster/index.ts';
import { RemoteError } from '../../git/index.ts';
import { type Follower, type Followers, followRepositories, newFollower } from './followers.ts';
import { createLanes } from './lanes.ts';
import { type PollContext, type PollMemory, type PollResult, pollRemote } from './poll.ts';
import { findRepository, patchRepository } from './repository-status.ts';
import { backoffMs, intervalMs, isFarthest } from './schedule.ts';
import { type PollOutcome, type Rejection, sourcePatch } from './status.ts';

export interface SourcesOptions extends Omit<PollContext, 'lanes' | 'signal'> {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Pick<Random, 'unit'>;
  readonly log: Log;
}

export interface SourcesStats {
  /** Repositories that are followed, and those whose last poll failed. */
  readonly followed: number;
  readonly failing: number;
  /** Since the start. */
  readonly polls: number;
  readonly failures: number;
  readonly movedRefs: number;
}

/** Follows remote repositories for as long as it runs. */
export interface Sources {
  /** Something may be new there: poll it soon, at once as long as that was not asked too often. */
  hint(repository: string): void;
  stats(): SourcesStats;
  /** Ends what runs; resolves when nothing does. */
  stop(): Promise<void>;
}

/** One remote that is followed. */
interface Remote extends Follower {
  /** The spec that it is followed by, as text. */
  specText: string;
  source: RemoteSource;
  /** The wish to be synced that was heard last. */
  syncRequest: string | undefined;
  readonly rejected: Map<string, Rejection>;
  readonly local: PollMemory['local'];
  failures: number;
  isForced: boolean;
  /** What the last poll came to, so that it can be said again when somebody else's write undid it. */
  outcome: PollOutcome | undefined;
}

interface State extends SourcesOptions {
  readonly context: Omit<PollContext, 'signal'>;
  readonly counts: { polls: number; failures: number; movedRefs: number };
}

export function createSources(options: SourcesOptions): Sources {
  const { cluster, clock, random, log } = options;
  const lanes = createLanes({ total: MAX_REMOTE_PROCESSES, perGroup: MAX_REMOTE_PROCESSES_PER_HOST });
  const counts = { polls: 0, failures: 0, movedRefs: 0 };
  const state: State = { ...options, context: { ...options, lanes }, counts };
  const followers = followRepositories<Remote>({
    cluster,
    clock,
    random,
    log,
    changed: (all, repository) => onRepository(state, all, repository),
    look: (remote) => pollOnce(state, remote),
    intervalMs: ({ source }) => source.intervalMs,
    failure: 'a source could not be followed',
  });
  return {
    hint: followers.hint,
    stats() {
      const failing = [...followers.all()].filter(({ failures }) => failures > 0).length;
      return { followed: followers.size(), failing, ...counts };
    },
    stop: followers.stop,
  };
}

function onRepository(state: State, followers: Followers<Remote>, repository: Repository): void {
  const { spec, metadata } = repository;
  const isIdle = spec.suspended === true || metadata.deletionTimestamp !== undefined;
  const source = isIdle ? undefined : remoteSourceOf(spec.source);
  if (source === undefined) {
    followers.drop(metadata.name);
    return;
  }
  const specText = canonicalJson({ source: spec.source, verify: spec.verify ?? null } as unknown as Json);
  const asked = metadata.annotations?.[ANNOTATION.syncRequestedAt];
  const known = followers.get(metadata.name);
  if (known === undefined) {
    const isForced = asked !== undefined && asked !== repository.status?.source?.lastSyncRequest;
    followers.add(newRemote(metadata.name, { specText, source, syncRequest: asked, isForced }));
    return;
  }
  if (known.specText !== specText) {
    Object.assign(known, { specText, source, failures: 0 });
    known.rejected.clear();
    followers.due(known, state.clock.now());
  }
  if (known.syncRequest !== asked && asked !== undefined) {
    Object.assign(known, { syncRequest: asked, isForced: true });
    followers.due(known, state.clock.now());
  }
  if (!known.isRunning && known.outcome !== undefined) followers.keep(sayAgain(state, known, known.outcome));
}

function newRemote(name: string, given: Pick<Remote, 'specText' | 'source' | 'syncRequest' | 'isForced'>): Remote {
  return {
    ...newFollower(name),
    ...given,
    rejected: new Map(),
    local: { refs: undefined },
    failures: 0,
    outcome: undefined,
  };
}

/** One poll and what is to be said of it. Returns the time to the next one. */
async function pollOnce(state: State, follower: Remote): Promise<number> {
  const { clock, random, counts, context } = state;
  const repository = await findRepository(state.cluster, follower.name);
  if (repository === undefined) return follower.source.intervalMs;
  const { source, rejected, local, syncRequest, isForced } = follower;
  follower.isForced = false;
  counts.polls += 1;
  try {
    if (isForced || follower.failures > 0) local.refs = undefined;
    const memory = { rejected, local, isForced, isFailing: follower.failures > 0 };
    const result = await pollRemote({ ...context, signal: follower.ending.signal }, repository, source, memory);
    follower.failures = 0;
    await onResult(state, follower, result, isForced ? syncRequest : undefined);
    return intervalMs(source.intervalMs, random.unit());
  } catch (error) {
    if (follower.ending.signal.aborted) return source.intervalMs;
    counts.failures += 1;
    follower.failures += 1;
    follower.isForced ||= isForced;
    const wished = error instanceof WaitError ? error.retryAfterMs : 0;
    const waitMs = backoffMs(source.intervalMs, follower.failures, wished, random.unit());
    const isLast = isFarthest(source.intervalMs, follower.failures);
    follower.outcome = {
      kind: 'failed',
      ...wordsOf(error),
      failures: follower.failures,
      ...(!isLast && { nextAttemptAt: clock.now() + waitMs }),
    };
    state.log.write('warn', 'a remote could not be followed', {
      repository: follower.name,
      failures: follower.failures,
      error: follower.outcome.message,
    });
    await say(state, follower, follower.outcome, isForced ? syncRequest : undefined);
    return waitMs;
  }
}

async function onResult(
  state: State,
  follower: Remote,
  result: PollResult,
  syncRequest: string | undefined,
): Promise<void> {
  if (result.kind === 'unchanged') return;
  state.counts.movedRefs += result.moved;
  follower.outcome = result;
  if (result.moved > 0 || result.rejections.length > 0) {
    state.log.write('info', 'a remote changed', {
      repository: follower.name,
      moved: result.moved,
      rejected: result.rejections.map(({ ref }) => ref),
    });
  }
  await say(state, follower, result, syncRequest);
}

function wordsOf(error: unknown): { readonly reason: string; readonly message: string } {
  const isKnown = error instanceof RemoteError || error instanceof StalledError;
  return {
    reason: isKnown ? error.reason : 'Retrying',
    message: error instanceof Error ? error.message : String(error),
  };
}

function say(state: State, { name }: Follower, outcome: PollOutcome, syncRequest: string | undefined): Promise<void> {
  const { cluster, clock } = state;
  return patchRepository(cluster, name, (repository) => sourcePatch(repository, outcome, syncRequest, clock.now()));
}

/** The condition hangs on domains too, and whoever writes conditions may have read them before ours was there. */
async function sayAgain(state: State, follower: Remote, outcome: PollOutcome): Promise<void> {
  if (follower.outcome === outcome && !follower.isRunning) await say(state, follower, outcome, undefined);
}
