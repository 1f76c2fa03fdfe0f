import {
  type Clock,
  canonicalJson,
  type Json,
  type Log,
  MAX_REVIEWS_AT_ONCE,
  type Random,
  StalledError,
  WaitError,
} from '../../base/index.ts';
import {
  type Cluster,
  type Repository,
  type ReviewSettings,
  reviewSettingsOf,
  type Secrets,
  SYSTEM_NAMESPACE,
} from '../../cluster/index.ts';
import type { CodeHost } from '../../hosts/index.ts';
import {
  backoffMs,
  createLanes,
  type Follower,
  type Followers,
  findRepository,
  followRepositories,
  intervalMs,
  isFarthest,
  newFollower,
  patchRepository,
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

interface Reviewer extends Follower {
  settings: ReviewSettings;
  /** The settings and the heads of branches as text: what is new about them is looked at at once. */
  settingsText: string;
  headsText: string;
  /** It remembers what it has asked, so it is kept for as long as the token is the same. */
  host: { readonly token: string; readonly opened: CodeHost } | undefined;
  failures: number;
}

export function createReviews(options: ReviewsOptions): Reviews {
  const { cluster, clock, random, log } = options;
  const lanes = createLanes({ total: MAX_REVIEWS_AT_ONCE, perGroup: 1 });
  const { hint, stop } = followRepositories<Reviewer>({
    cluster,
    clock,
    random,
    log,
    changed: (followers, repository) => onRepository(options, followers, repository),
    look: (reviewer) => lanes.run(reviewer.name, () => lookOnce(options, reviewer)),
    intervalMs: ({ settings }) => settings.intervalMs,
    failure: 'pull requests could not be reviewed',
  });
  return { hint, stop };
}

function onRepository(options: ReviewsOptions, followers: Followers<Reviewer>, repository: Repository): void {
  const { spec, metadata, status } = repository;
  const { name } = metadata;
  const settings = reviewSettingsOf(spec);
  if (spec.suspended === true || metadata.deletionTimestamp !== undefined || settings === undefined) {
    followers.drop(name);
    // A suspended one keeps what was said, so that nothing is said again when it goes on.
    const isForgotten = spec.suspended !== true && settings === undefined;
    if (isForgotten) followers.keep(patchRepository(options.cluster, name, forgottenPatch));
    return;
  }
  const settingsText = canonicalJson(settings as unknown as Json);
  const headsText = canonicalJson((status?.heads ?? {}) as Json);
  const known = followers.get(name);
  if (known === undefined) {
    followers.add({ ...newFollower(name), settings, settingsText, headsText, host: undefined, failures: 0 });
    return;
  }
  if (known.settingsText === settingsText && known.headsText === headsText) return;
  if (known.settingsText !== settingsText) known.host = undefined;
  Object.assign(known, { settings, settingsText, headsText, failures: 0 });
  followers.due(known, options.clock.now());
}

/** One look and what is to be said of it. Returns the time to the next one. */
async function lookOnce(state: ReviewsOptions, follower: Reviewer): Promise<number> {
  const { clock, random, log } = state;
  const { settings, name, ending } = follower;
  try {
    const repository = await findRepository(state.cluster, name);
    if (repository === undefined || ending.signal.aborted) return settings.intervalMs;
    const host = await hostOf(state, follower);
    const context = { repository, settings, host, review: state.review, signal: ending.signal };
    const save = (reviewed: Reviewed): Promise<void> =>
      patchRepository(state.cluster, name, (now) => reviewedPatch(now, reviewed));
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
async function hostOf({ secrets, openHost }: ReviewsOptions, follower: Reviewer): Promise<CodeHost> {
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

function say(state: ReviewsOptions, name: string, outcome: ReviewsOutcome): Promise<void> {
  return patchRepository(state.cluster, name, (repository) => reviewsPatch(repository, outcome, state.clock.now()));
}
