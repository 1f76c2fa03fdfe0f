import {
  type Clock,
  ConflictError,
  canonicalJson,
  type Json,
  type Log,
  MAX_PATCH_TRIES,
  MAX_REMOTE_PROCESSES,
  MAX_REMOTE_PROCESSES_PER_HOST,
  type Random,
  StalledError,
  type UnixMs,
  WaitError,
} from '../../base/index.ts';
import {
  ANNOTATION,
  type Cluster,
  findObject,
  type RemoteSource,
  type Repository,
  reflect,
  remoteSourceOf,
  SYSTEM_NAMESPACE,
} from '../../cluster/index.ts';
import { RemoteError } from '../../git/index.ts';
import { createLanes } from './lanes.ts';
import { type PollContext, type PollMemory, type PollResult, pollRemote } from './poll.ts';
import { backoffMs, firstPollMs, type HintAllowance, intervalMs, isFarthest, takeHint } from './schedule.ts';
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

/** One repository that is followed. */
interface Follower {
  readonly name: string;
  /** The spec that it is followed by, as text. */
  specText: string;
  source: RemoteSource;
  /** The wish to be synced that was heard last. */
  syncRequest: string | undefined;
  readonly rejected: Map<string, Rejection>;
  readonly local: PollMemory['local'];
  failures: number;
  isForced: boolean;
  isRunning: boolean;
  /** Ends its poll when it is not to be followed any more. */
  readonly ending: AbortController;
  /** When the next poll is due, and what takes that back. */
  dueAt: UnixMs;
  cancel: () => void;
  allowance: HintAllowance | undefined;
  /** What the last poll came to, so that it can be said again when somebody else's write undid it. */
  outcome: PollOutcome | undefined;
}

interface State extends SourcesOptions {
  readonly followers: Map<string, Follower>;
  readonly context: Omit<PollContext, 'signal'>;
  readonly running: Set<Promise<void>>;
  readonly ending: AbortController;
  readonly counts: { polls: number; failures: number; movedRefs: number };
  /** The first list is known: until then nothing is polled. */
  isSynced: boolean;
}

export function createSources(options: SourcesOptions): Sources {
  const { cluster, clock, random, log } = options;
  const ending = new AbortController();
  const lanes = createLanes({ total: MAX_REMOTE_PROCESSES, perGroup: MAX_REMOTE_PROCESSES_PER_HOST });
  const state: State = {
    ...options,
    followers: new Map(),
    context: { ...options, lanes },
    running: new Set(),
    ending,
    counts: { polls: 0, failures: 0, movedRefs: 0 },
    isSynced: false,
  };
  const reflector = reflect<Repository>(
    cluster,
    'Repository',
    { namespace: SYSTEM_NAMESPACE, clock, random, log },
    {
      changed(changes) {
        for (const change of changes) {
          if (change.type === 'set') onRepository(state, change.object);
          else drop(state, change.key.name);
        }
      },
      synced: () => beginPolls(state),
    },
    ending.signal,
  );
  return {
    hint: (repository) => onHint(state, repository),
    stats() {
      const failing = [...state.followers.values()].filter(({ failures }) => failures > 0).length;
      return { followed: state.followers.size, failing, ...state.counts };
    },
    async stop() {
      ending.abort();
      for (const name of [...state.followers.keys()]) drop(state, name);
      await Promise.allSettled(state.running);
      await reflector.done;
    },
  };
}

function onRepository(state: State, repository: Repository): void {
  const { spec, metadata } = repository;
  const isIdle = spec.suspended === true || metadata.deletionTimestamp !== undefined;
  const source = isIdle ? undefined : remoteSourceOf(spec.source);
  if (source === undefined) {
    drop(state, metadata.name);
    return;
  }
  const specText = canonicalJson({ source: spec.source, verify: spec.verify ?? null } as unknown as Json);
  const asked = metadata.annotations?.[ANNOTATION.syncRequestedAt];
  const known = state.followers.get(metadata.name);
  if (known === undefined) {
    const isForced = asked !== undefined && asked !== repository.status?.source?.lastSyncRequest;
    const follower = newFollower(metadata.name, { specText, source, syncRequest: asked, isForced });
    state.followers.set(metadata.name, follower);
    if (state.isSynced) due(state, follower, state.clock.now());
    return;
  }
  if (known.specText !== specText) {
    Object.assign(known, { specText, source, failures: 0 });
    known.rejected.clear();
    due(state, known, state.clock.now());
  }
  if (known.syncRequest !== asked && asked !== undefined) {
    Object.assign(known, { syncRequest: asked, isForced: true });
    due(state, known, state.clock.now());
  }
  if (!known.isRunning && known.outcome !== undefined) keep(state, sayAgain(state, known, known.outcome));
}

function newFollower(
  name: string,
  given: Pick<Follower, 'specText' | 'source' | 'syncRequest' | 'isForced'>,
): Follower {
  return {
    name,
    ...given,
    rejected: new Map(),
    local: { refs: undefined },
    ending: new AbortController(),
    failures: 0,
    isRunning: false,
    dueAt: Number.POSITIVE_INFINITY,
    cancel: () => undefined,
    allowance: undefined,
    outcome: undefined,
  };
}

function drop({ followers }: State, name: string): void {
  const follower = followers.get(name);
  follower?.cancel();
  followers.delete(name);
  follower?.ending.abort();
}

function beginPolls(state: State): void {
  if (state.isSynced) return;
  state.isSynced = true;
  const { followers, clock, random } = state;
  for (const follower of followers.values())
    due(state, follower, clock.now() + firstPollMs(followers.size, random.unit()));
}

function onHint(state: State, name: string): void {
  const follower = state.followers.get(name);
  if (follower === undefined) return;
  const { at, allowance } = takeHint(follower.allowance, state.clock.now());
  follower.allowance = allowance;
  due(state, follower, at);
}

/** Polls at `at`, unless that is to happen earlier anyway. */
function due(state: State, follower: Follower, at: UnixMs): void {
  if (at >= follower.dueAt) return;
  follower.cancel();
  follower.dueAt = at;
  // While it is being polled, what comes is done afterwards.
  if (follower.isRunning) return;
  follower.cancel = state.clock.at(at, () => keep(state, turn(state, follower)));
}

function keep({ running, log }: State, work: Promise<void>): void {
  const done = work
    .catch((error: unknown) => log.write('error', 'a source could not be followed', { error: String(error) }))
    .finally(() => running.delete(done));
  running.add(done);
}

async function turn(state: State, follower: Follower): Promise<void> {
  if (follower.isRunning || state.followers.get(follower.name) !== follower) return;
  follower.isRunning = true;
  follower.dueAt = Number.POSITIVE_INFINITY;
  let waitMs = follower.source.intervalMs;
  try {
    waitMs = await pollOnce(state, follower);
  } finally {
    follower.isRunning = false;
    const { dueAt } = follower;
    follower.dueAt = Number.POSITIVE_INFINITY;
    const isFollowed = state.followers.get(follower.name) === follower && !state.ending.signal.aborted;
    if (isFollowed) due(state, follower, Math.min(dueAt, state.clock.now() + waitMs));
  }
}

/** One poll and what is to be said of it. Returns the time to the next one. */
async function pollOnce(state: State, follower: Follower): Promise<number> {
  const { clock, random, counts, context } = state;
  const repository = await findRepository(state, follower.name);
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
  follower: Follower,
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

/** Writes what changed of the status, if anything did. Others write conditions as well: a lost race is run again. */
async function say(
  state: State,
  { name }: Follower,
  outcome: PollOutcome,
  syncRequest: string | undefined,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const repository = await findRepository(state, name);
    const patch = repository && sourcePatch(repository, outcome, syncRequest, state.clock.now());
    if (repository === undefined || patch === undefined) return;
    const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
    const { resourceVersion } = repository.metadata;
    try {
      const isSame = resourceVersion === undefined ? {} : { if: { resourceVersion } };
      await state.cluster.write([{ op: 'patchStatus', key, patch, ...isSame }], { discard: true });
      return;
    } catch (error) {
      if (!(error instanceof ConflictError) || tries >= MAX_PATCH_TRIES) throw error;
    }
  }
}

/** The condition hangs on domains too, and whoever writes conditions may have read them before ours was there. */
async function sayAgain(state: State, follower: Follower, outcome: PollOutcome): Promise<void> {
  if (follower.outcome === outcome && !follower.isRunning) await say(state, follower, outcome, undefined);
}

function findRepository({ cluster }: State, name: string): Promise<Repository | undefined> {
  return findObject<Repository>(cluster, { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name });
}
