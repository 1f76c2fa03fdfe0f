import {
  type Clock,
  ConflictError,
  canonicalJson,
  type Json,
  type Log,
  MAX_PATCH_TRIES,
  MAX_REVIEWS_AT_ONCE,
  type Random,
  StalledError,
  type UnixMs,
  WaitError,
} from '../../base/index.ts';
import {
  type Cluster,
  findObject,
  type MergePatch,
  type Repository,
  type ReviewSettings,
  reflect,
  reviewSettingsOf,
  type Secrets,
  SYSTEM_NAMESPACE,
} from '../../cluster/index.ts';
import type { CodeHost } from '../../hosts/index.ts';
import {
  backoffMs,
  createLanes,
  firstPollMs,
  type HintAllowance,
  intervalMs,
  isFarthest,
  type Lanes,
  takeHint,
} from '../sources/index.ts';
import { type Reviewed, type ReviewHead, reviewRound } from './round.ts';
import { forgottenPatch, type ReviewsOutcome, reviewedIn, reviewedPatch, reviewsPatch } from './status.ts';

export interface ReviewsOptions {
  readonly cluster: Cluster;
  readonly secrets: Secrets;
  /** The host of the pull requests, seen with a token. */
  readonly openHost: (settings: ReviewSettings, token: string, signal: AbortSignal) => Promise<CodeHost>;
  readonly review: ReviewHead;
  readonly clock: Clock;
  readonly random: Pick<Random, 'unit'>;
  readonly log: Log;
}

/** Reviews pull requests for as long as it runs. */
export interface Reviews {
  /** Something may be new at the host: look soon. */
  hint(repository: string): void;
  /** Ends what runs; resolves when nothing does. */
  stop(): Promise<void>;
}

interface Follower {
  readonly name: string;
  settings: ReviewSettings;
  /** The settings and the heads of branches as text: what is new about them is looked at at once. */
  settingsText: string;
  headsText: string;
  /** It remembers what it has asked, so it is kept for as long as the token is the same. */
  host: { readonly token: string; readonly opened: CodeHost } | undefined;
  failures: number;
  isRunning: boolean;
  dueAt: UnixMs;
  cancel: () => void;
  allowance: HintAllowance | undefined;
  readonly ending: AbortController;
}

interface State extends ReviewsOptions {
  readonly followers: Map<string, Follower>;
  readonly running: Set<Promise<void>>;
  readonly ending: AbortController;
  readonly lanes: Lanes;
  isSynced: boolean;
}

export function createReviews(options: ReviewsOptions): Reviews {
  const { cluster, clock, random, log } = options;
  const ending = new AbortController();
  const state: State = {
    ...options,
    followers: new Map(),
    running: new Set(),
    ending,
    lanes: createLanes({ total: MAX_REVIEWS_AT_ONCE, perGroup: 1 }),
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
      synced() {
        if (state.isSynced) return;
        state.isSynced = true;
        const { size } = state.followers;
        for (const follower of state.followers.values())
          due(state, follower, clock.now() + firstPollMs(size, random.unit()));
      },
    },
    ending.signal,
  );
  return {
    hint(name) {
      const follower = state.followers.get(name);
      if (follower === undefined) return;
      const { at, allowance } = takeHint(follower.allowance, clock.now());
      follower.allowance = allowance;
      due(state, follower, at);
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
  const { spec, metadata, status } = repository;
  const settings = reviewSettingsOf(spec);
  if (spec.suspended === true || metadata.deletionTimestamp !== undefined || settings === undefined) {
    drop(state, metadata.name);
    // A suspended one keeps what was said, so that nothing is said again when it goes on.
    if (spec.suspended !== true && settings === undefined) keep(state, write(state, metadata.name, forgottenPatch));
    return;
  }
  const settingsText = canonicalJson(settings as unknown as Json);
  const headsText = canonicalJson((status?.heads ?? {}) as Json);
  const known = state.followers.get(metadata.name);
  if (known === undefined) {
    const follower: Follower = {
      name: metadata.name,
      settings,
      settingsText,
      headsText,
      host: undefined,
      failures: 0,
      isRunning: false,
      dueAt: Number.POSITIVE_INFINITY,
      cancel: () => undefined,
      allowance: undefined,
      ending: new AbortController(),
    };
    state.followers.set(metadata.name, follower);
    if (state.isSynced) due(state, follower, state.clock.now());
    return;
  }
  if (known.settingsText === settingsText && known.headsText === headsText) return;
  if (known.settingsText !== settingsText) known.host = undefined;
  Object.assign(known, { settings, settingsText, headsText, failures: 0 });
  due(state, known, state.clock.now());
}

function drop({ followers }: State, name: string): void {
  const follower = followers.get(name);
  follower?.cancel();
  followers.delete(name);
  follower?.ending.abort();
}

/** Looks at `at`, unless that is to happen earlier anyway. */
function due(state: State, follower: Follower, at: UnixMs): void {
  if (at >= follower.dueAt) return;
  follower.cancel();
  follower.dueAt = at;
  // While it is being looked at, what comes is done afterwards.
  if (follower.isRunning) return;
  follower.cancel = state.clock.at(at, () => keep(state, turn(state, follower)));
}

function keep({ running, log }: State, work: Promise<void>): void {
  const done = work
    .catch((error: unknown) => log.write('error', 'pull requests could not be reviewed', { error: String(error) }))
    .finally(() => running.delete(done));
  running.add(done);
}

async function turn(state: State, follower: Follower): Promise<void> {
  if (follower.isRunning || state.followers.get(follower.name) !== follower) return;
  follower.isRunning = true;
  follower.dueAt = Number.POSITIVE_INFINITY;
  let waitMs = follower.settings.intervalMs;
  try {
    waitMs = await state.lanes.run(follower.name, () => lookOnce(state, follower));
  } finally {
    follower.isRunning = false;
    const { dueAt } = follower;
    follower.dueAt = Number.POSITIVE_INFINITY;
    const isFollowed = state.followers.get(follower.name) === follower && !state.ending.signal.aborted;
    if (isFollowed) due(state, follower, Math.min(dueAt, state.clock.now() + waitMs));
  }
}

/** One look and what is to be said of it. Returns the time to the next one. */
async function lookOnce(state: State, follower: Follower): Promise<number> {
  const { clock, random, log } = state;
  const { settings, name, ending } = follower;
  try {
    const repository = await findRepository(state, name);
    if (repository === undefined || ending.signal.aborted) return settings.intervalMs;
    const host = await hostOf(state, follower);
    const context = { repository, settings, host, review: state.review, signal: ending.signal };
    const save = (reviewed: Reviewed): Promise<void> => write(state, name, (now) => reviewedPatch(now, reviewed));
    const { isBehind, reviewed, left } = await reviewRound(context, reviewedIn(repository), save);
    if (ending.signal.aborted) return settings.intervalMs;
    follower.failures = 0;
    await say(state, name, { kind: 'looked', reviewed, left });
    const waitMs = intervalMs(settings.intervalMs, random.unit());
    return isBehind ? Math.min(waitMs, SOON_MS) : waitMs;
  } catch (error) {
    if (ending.signal.aborted) return settings.intervalMs;
    follower.failures += 1;
    const { failures } = follower;
    const wished = error instanceof WaitError ? error.retryAfterMs : 0;
    const waitMs = backoffMs(settings.intervalMs, failures, wished, random.unit());
    const message = error instanceof Error ? error.message : String(error);
    log.write('warn', 'pull requests could not be reviewed', { repository: name, failures, error: message });
    await say(state, name, {
      kind: 'failed',
      reason: error instanceof StalledError ? error.reason : 'Retrying',
      message,
      failures,
      ...(!isFarthest(settings.intervalMs, failures) && { nextAttemptAt: clock.now() + waitMs }),
    });
    return waitMs;
  }
}

/** What moved while it was looked at is looked at again without waiting for the next turn. */
const SOON_MS = 2_000;

/** Errors: StalledError SecretMissing. */
async function hostOf({ secrets, openHost }: State, follower: Follower): Promise<CodeHost> {
  const { settings, ending } = follower;
  const answer = await secrets.read(SYSTEM_NAMESPACE, settings.token);
  const token = answer.kind === 'value' ? Buffer.from(answer.bytes).toString('utf8').trim() : '';
  if (token === '') {
    const { name, key } = settings.token;
    const how = `pipectl secret set ${name} ${key} -n ${SYSTEM_NAMESPACE}`;
    throw new StalledError('SecretMissing', `there is no token to review with: ${how}`);
  }
  if (follower.host?.token !== token) {
    follower.host = { token, opened: await openHost(settings, token, ending.signal) };
  }
  return follower.host.opened;
}

function say(state: State, name: string, outcome: ReviewsOutcome): Promise<void> {
  return write(state, name, (repository) => reviewsPatch(repository, outcome, state.clock.now()));
}

/** Writes what changed of the status, if anything did. Others write conditions as well: a lost race is run again. */
async function write(
  state: State,
  name: string,
  patchOf: (repository: Repository) => MergePatch | undefined,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const repository = await findRepository(state, name);
    const patch = repository && patchOf(repository);
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

function findRepository({ cluster }: State, name: string): Promise<Repository | undefined> {
  return findObject<Repository>(cluster, { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name });
}
