import { ConflictError, MAX_COMMENT_ROUNDS, WaitError } from '../base/index.ts';
import type { CodeHost } from './code-host.ts';
import { type CommentMark, markComment, topicMarker } from './comment-mark.ts';

export interface ReviewComment extends CommentMark {
  readonly number: number;
  /** What `renderMarkdown` made. */
  readonly markdown: string;
}

/** `Outdated`: the pull request has another head by now. */
export type CommentOutcome =
  | { readonly kind: 'Created' | 'Edited' | 'Unchanged' }
  | {
      readonly kind: 'Outdated';
      readonly head: string;
      /** Something was written before that was seen: whoever wrote has to review that head, or nobody might tell of it. */
      readonly hasWritten: boolean;
    };

/**
 * Brings about that the pull request has exactly one comment of this topic with this text. Hosts cannot be told to write only
 * if nothing has changed, so each round looks first and writes what is missing, and the last one has found nothing to do
 * while the head was still this one: whoever wrote last has seen the newest head. The oldest comment stays, so that runs
 * that began at once agree on which. Errors: those of the port, WaitError when others do not stop writing.
 */
export async function upsertComment(
  host: CodeHost,
  { number, markdown, ...mark }: ReviewComment,
): Promise<CommentOutcome> {
  const body = markComment(mark, markdown);
  let done: 'Created' | 'Edited' | undefined;
  for (let round = 0; round < MAX_COMMENT_ROUNDS; round += 1) {
    const { head } = await host.pullRequest(number);
    if (head.commit !== mark.head) return { kind: 'Outdated', head: head.commit, hasWritten: done !== undefined };
    const [first, ...others] = await host.ownComments(number, topicMarker(mark.topic));
    if (first !== undefined && isSame(first.body, body) && others.length === 0) return { kind: done ?? 'Unchanged' };
    try {
      if (first === undefined) {
        await host.createComment(number, body);
        done = 'Created';
      } else {
        if (!isSame(first.body, body)) {
          await host.editComment(number, first.id, body);
          done ??= 'Edited';
        }
        for (const { id } of others) await host.deleteComment(number, id);
      }
    } catch (error) {
      // Somebody deleted it meanwhile: the next round sees what there is now.
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new WaitError(`pull request ${number} is commented on by others at the same time`, 10_000);
}

/** Hosts keep line ends as browsers send them, and may trim. */
function isSame(there: string, body: string): boolean {
  return there.replaceAll('\r\n', '\n').trim() === body.trim();
}
