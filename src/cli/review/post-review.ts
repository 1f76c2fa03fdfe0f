import { StalledError } from '../../base/index.ts';
import { type CheckoutGit, commitParents } from '../../client/index.ts';
import { type CodeHost, type PullRequest, postComment, postStatus } from '../../hosts/index.ts';
import type { Report } from '../../review/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { printable } from '../terminal.ts';
import { type PostTarget, postTarget } from './post-target.ts';

/** A pull request that a review is posted to. */
export interface OpenedPost {
  /** What it goes to, as it is here; undefined when it is not here. */
  baseIn(git: CheckoutGit): Promise<string | undefined>;
  /** Posts what was found, unless it is about something else by now; says on stderr what came of it. */
  send(git: CheckoutGit, found: FoundReview): Promise<void>;
}

export interface FoundReview {
  readonly report: Report;
  readonly isFailed: boolean;
  readonly topic: string;
}

/** Asks the host for the pull request. Errors: UsageError, and those of the port. */
export async function openPost(context: CommandContext, input: CommandInput): Promise<OpenedPost> {
  const target = postTarget(context, input);
  const { openCodeHost } = await import('../../main/code-host.ts');
  const { stderr, signal } = context;
  const host = await openCodeHost({ ...target, signal, onWait: (message) => stderr.write(`${message}\n`) });
  const pullRequest = await host.pullRequest(target.number);
  return {
    baseIn: (git) => baseOf(git, pullRequest),
    send: (git, found) => sendPost(context, git, { target, host, pullRequest }, found),
  };
}

async function baseOf(git: CheckoutGit, { base }: PullRequest): Promise<string | undefined> {
  for (const rev of [`refs/remotes/origin/${base.branch}`, `refs/heads/${base.branch}`, base.commit]) {
    if (rev !== '' && (await git.commit(rev)) !== undefined) return rev.replace(/^refs\/(remotes|heads)\//, '');
  }
  return undefined;
}

async function sendPost(
  { stderr }: CommandContext,
  git: CheckoutGit,
  {
    target,
    host,
    pullRequest,
  }: { readonly target: PostTarget; readonly host: CodeHost; readonly pullRequest: PullRequest },
  { report, isFailed, topic }: FoundReview,
): Promise<void> {
  const { number, url } = target;
  const name = `${host.pullRequestWord} ${number}`;
  const tell = (text: string): void => void stderr.write(`${name} ${text}\n`);
  if (pullRequest.state !== 'open') return tell(`is ${pullRequest.state}: nothing was posted`);
  const { commit: head } = pullRequest.head;
  const { commit = '' } = report.head;
  // CI checks out the head, or a merge of it.
  const isAbout = commit === head || (await commitParents(git, commit)).includes(head);
  if (!isAbout) return tell(`has another head than ${commit.slice(0, 7)}: nothing was posted`);
  const post = { number, head, topic, report, isFailed, ...(url !== undefined && { url }) };
  try {
    const outcome = await postComment(host, post);
    if (outcome.kind === 'Outdated') return tell('has a newer head by now, whose own review tells of it');
    await postStatus(host, post);
    tell(`has the review: comment ${outcome.kind.toLowerCase()}`);
  } catch (error) {
    // Jobs of forks are given tokens that may not write; what was found is printed, and the exit code tells.
    const mayNot = error instanceof StalledError && ['HostForbidden', 'HostNotFound'].includes(error.reason);
    if (!mayNot || !pullRequest.isFork) throw error;
    tell(`is from a fork, and the token may not write: ${printable(error.message)}`);
  }
}
