import { type Report, renderMarkdown } from '../review/index.ts';
import type { CodeHost, CommitStatus } from './code-host.ts';
import { MARK_CHARACTERS } from './comment-mark.ts';
import { type CommentOutcome, upsertComment } from './upsert-comment.ts';

export interface ReviewPost {
  readonly number: number;
  /** The head that was reviewed. */
  readonly head: string;
  /** Which of several reviews of the pull request; '' for the only one. */
  readonly topic: string;
  readonly report: Report;
  /** Whether the change is not to be merged as it is. */
  readonly isFailed: boolean;
  /** A page with more about it. */
  readonly url?: string;
}

/** Brings about the one comment of a review. Errors: as of `upsertComment`. */
export function postComment(host: CodeHost, { number, head, topic, report, url }: ReviewPost): Promise<CommentOutcome> {
  const limit = host.maxCommentCharacters - MARK_CHARACTERS;
  const rest = url === undefined ? {} : { rest: `[the job](${url})` };
  return upsertComment(host, { number, topic, head, markdown: renderMarkdown(report, { limit, ...rest }) });
}

/** The verdict as the status of the commit. Errors: those of the port. */
export function postStatus(host: CodeHost, { head, topic, report, isFailed, url }: ReviewPost): Promise<void> {
  return host.setStatus(head, {
    context: statusContext(topic),
    state: isFailed ? 'failure' : 'success',
    description: report.verdict.line,
    ...(url !== undefined && { url }),
  });
}

/** What the status of a topic is called. */
export function statusContext(topic: string): CommitStatus['context'] {
  return topic === '' ? 'pipectl/review' : `pipectl/review/${topic}`;
}
