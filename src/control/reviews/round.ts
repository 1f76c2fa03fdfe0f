import { ConflictError, MAX_REVIEWED_PULL_REQUESTS, MAX_VERDICT_LENGTH, StalledError } from '../../base/index.ts';
import type { Repository, ReviewedPullRequest, ReviewSettings } from '../../cluster/index.ts';
import { type Oid, RemoteError } from '../../git/index.ts';
import { type CodeHost, type PullRequest, postComment, postStatus, statusContext } from '../../hosts/index.ts';
import { isAtLeast, type Report } from '../../review/index.ts';

/** A head to be reviewed for the branch that it goes to. */
export interface ReviewRequest {
  readonly repository: Repository;
  readonly pullRequest: PullRequest;
  /** The commit of that branch that is registered here. */
  readonly base: Oid;
  readonly signal: AbortSignal;
}

/** What reviewing a head gave: `moved` when the remote shows another one by now. */
export type ReviewHead = (
  request: ReviewRequest,
) => Promise<{ readonly kind: 'report'; readonly report: Report } | { readonly kind: 'moved' }>;

export interface RoundContext {
  readonly repository: Repository;
  readonly settings: ReviewSettings;
  readonly host: CodeHost;
  readonly review: ReviewHead;
  readonly signal: AbortSignal;
}

/** Pull requests by number, with what was said of them. */
export type Reviewed = ReadonlyMap<string, ReviewedPullRequest>;

export interface RoundResult {
  /** Of all that are open: what was said now or before. */
  readonly reviewed: Reviewed;
  /** Something moved while it was looked at. */
  readonly isBehind: boolean;
  /** Those that are too many to be reviewed. */
  readonly left: number;
}

/**
 * Looks at all open pull requests and reviews those whose head or base is not what was reviewed before. `keep` is told of each
 * at once, so that a crash repeats one at most. What is wrong with one holds up no other. Errors: those of the port; of one
 * that may pass the last, when all others are done.
 */
export async function reviewRound(
  { repository, settings, host, review, signal }: RoundContext,
  before: Reviewed,
  keep: (reviewed: Reviewed) => Promise<void>,
): Promise<RoundResult> {
  const open = (await host.openPullRequests()).filter(({ state }) => state === 'open');
  const wanted = open.toSorted((a, b) => b.number - a.number).slice(0, MAX_REVIEWED_PULL_REQUESTS);
  const numbers = new Set(wanted.map(({ number }) => String(number)));
  const reviewed = new Map([...before].filter(([number]) => numbers.has(number)));
  let passing: Error | undefined;
  let isBehind = false;
  for (const pullRequest of wanted) {
    if (signal.aborted) break;
    const base = repository.status?.heads?.[`refs/heads/${pullRequest.base.branch}`];
    // What goes to a branch that is not registered here says nothing of what runs.
    if (base === undefined) continue;
    const number = String(pullRequest.number);
    const known = reviewed.get(number);
    if (known?.head === pullRequest.head.commit && known.base === base) continue;
    try {
      const verdict = await reviewOne({ repository, settings, host, review, signal }, pullRequest, base);
      if (verdict === undefined) isBehind = true;
      else await keep(reviewed.set(number, { head: pullRequest.head.commit, base, verdict }));
    } catch (error) {
      if (isFinal(error)) {
        const verdict = shortened(`${NOT_REVIEWED}${error.message}`);
        await keep(reviewed.set(number, { head: pullRequest.head.commit, base, verdict }));
      } else if (mayPass(error)) passing = error;
      else throw error;
    }
  }
  if (passing !== undefined && !signal.aborted) throw passing;
  return { reviewed, isBehind, left: open.length - wanted.length };
}

/** Begins the verdict on a pull request that cannot be reviewed as it is. */
export const NOT_REVIEWED = 'not reviewed: ';

/** What is wrong with a head itself: it is looked at again when it changes. */
function isFinal(error: unknown): error is StalledError {
  return error instanceof StalledError && !error.reason.startsWith('Host') && !PASSING.includes(error.reason);
}

const PASSING = ['ReviewEnded', 'ReviewFailed'];

/** What another pull request need not have, as when this one is locked or its head cannot be fetched. */
function mayPass(error: unknown): error is Error {
  if (error instanceof RemoteError) return true;
  return error instanceof StalledError && error.reason !== 'HostUnauthorized';
}

/** Reviews one pull request and posts it; undefined when it has moved meanwhile. */
async function reviewOne(
  { repository, settings, host, review, signal }: RoundContext,
  pullRequest: PullRequest,
  base: Oid,
): Promise<string | undefined> {
  const { number, head } = pullRequest;
  try {
    const made = await review({ repository, pullRequest, base, signal });
    if (made.kind === 'moved') return undefined;
    const { report } = made;
    const post = { number, head: head.commit, topic: '', report, isFailed: isFailed(report, settings.failOn) };
    const outcome = await postComment(host, post);
    if (outcome.kind === 'Outdated') return undefined;
    await postStatus(host, post).catch((error: unknown) => {
      // GitLab has no statuses for commits that are in no branch of the project; the comment is there all the same.
      const isElsewhere = error instanceof StalledError && ['HostNotFound', 'HostForbidden'].includes(error.reason);
      if (!isElsewhere || !pullRequest.isFork) throw error;
    });
    return shortened(report.verdict.line);
  } catch (error) {
    if (error instanceof ConflictError) return undefined;
    if (isFinal(error)) {
      const description = `cannot be reviewed: ${error.message}`;
      await host.setStatus(head.commit, { context: statusContext(''), state: 'error', description });
    }
    throw error;
  }
}

function isFailed({ findings }: Report, failOn: ReviewSettings['failOn']): boolean {
  return failOn !== 'never' && findings.some((finding) => isAtLeast(finding, failOn));
}

function shortened(text: string): string {
  return text.length <= MAX_VERDICT_LENGTH ? text : `${text.slice(0, MAX_VERDICT_LENGTH - 1).toWellFormed()}…`;
}
