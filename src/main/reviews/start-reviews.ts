import { type Clock, type Log, type Random, REVIEW_HISTORY_MS, StalledError } from '../../base/index.ts';
import { historyFrom, historySince } from '../../client/review/index.ts';
import { type Cluster, remoteSourceOf, type Secrets } from '../../cluster/index.ts';
import { createReviews, type ReviewHead, type Reviews } from '../../control/reviews/index.ts';
import { createLanes, openRemote } from '../../control/sources/index.ts';
import { mergeBase, type ProxyFor } from '../../git/index.ts';
import { type History, historyIn } from '../../review/index.ts';
import { openCodeHost } from '../code-host.ts';
import type { Ends } from '../daemon.ts';
import type { Remotes } from '../host-git.ts';
import { reviewApart } from './review-thread.ts';

export interface StartReviewsOptions {
  /** The live executions and the archived ones. */
  readonly cluster: Cluster;
  /** Where repositories are read and their status is written. */
  readonly store: Cluster;
  readonly remotes: Pick<Remotes, 'fetch'>;
  readonly proxyFor: ProxyFor;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Reviews open pull requests of the repositories that ask for it. */
export function startReviews(options: StartReviewsOptions, ends: Ends): Reviews {
  const { store, secrets, log } = options;
  const reviews = createReviews({
    ...options,
    cluster: store,
    openHost: ({ provider: kind, apiUrl, project }, token, signal) => {
      const onWait = (message: string): void => log.write('warn', message, {});
      return openCodeHost({ kind, apiUrl, project, token, signal, onWait });
    },
    review: headReviewer({ ...options, secrets }),
  });
  ends.push(() => reviews.stop());
  return reviews;
}

/** Fetches a head into a quarantine, and reviews it there: in a thread of its own, unless `run` does it. */
export function headReviewer(
  options: Omit<StartReviewsOptions, 'store' | 'random' | 'log'>,
  run: typeof reviewApart = reviewApart,
): ReviewHead {
  const { remotes, clock } = options;
  const histories = historyCache(options);
  // A host is asked for one head at a time, beside what polling asks of it.
  const lanes = createLanes({ total: 1, perGroup: 1 });
  return async ({ repository, pullRequest, base, signal }) => {
    const { name } = repository.metadata;
    const source = remoteSourceOf(repository.spec.source);
    if (source === undefined) throw new StalledError('ReviewEnded', 'the repository has no remote any more');
    const { headRef, head } = pullRequest;
    const fetched = await lanes.run(name, async () => {
      return remotes.fetch(name, await openRemote(options, source), [headRef], signal);
    });
    try {
      const failed = fetched.failed.get(headRef);
      if (failed !== undefined) throw failed;
      if (fetched.refs.get(headRef) !== head.commit) return { kind: 'moved' };
      const { objects } = fetched;
      const parting = (await mergeBase(objects, base, head.commit)) ?? base;
      const job = {
        base: parting,
        head: head.commit,
        baseTitle: pullRequest.base.branch,
        headTitle: head.branch,
        branch: pullRequest.base.branch,
        now: clock.now(),
      };
      return { kind: 'report', report: await run(job, { objects, historyOf: histories, clock, signal }) };
    } finally {
      await fetched.close();
    }
  };
}

/** Durations of a namespace, asked for every so often: one look at the archive serves many pull requests. */
function historyCache({
  cluster,
  clock,
}: Pick<StartReviewsOptions, 'cluster' | 'clock'>): (namespace: string) => Promise<History> {
  const known = new Map<string, { readonly at: number; readonly history: Promise<History> }>();
  return (namespace) => {
    const now = clock.now();
    for (const [key, { at }] of known) if (now - at > REVIEW_HISTORY_MS) known.delete(key);
    const found = known.get(namespace);
    if (found !== undefined) return found.history;
    const history = historyFrom(cluster, { namespace, since: historySince(now), now })
      .then((histories) => historyIn(histories, namespace))
      .catch((error: unknown) => {
        known.delete(namespace);
        throw error;
      });
    known.set(namespace, { at: now, history });
    return history;
  };
}
