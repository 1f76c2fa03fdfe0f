import { BugError, MAX_COMMENT_TOPIC_LENGTH } from '../base/index.ts';
import { REVIEW_MARKER } from '../review/index.ts';

/** What one comment is about. */
export interface CommentMark {
  /** Which of several reviews of a pull request: `production`, `apps/shop`. '' for the only one. */
  readonly topic: string;
  /** The head that the comment tells of, in hex. */
  readonly head: string;
}

/** The part of a comment by which the one of a topic is found again; it is there whatever the head. */
export function topicMarker(topic: string): string {
  return `${REVIEW_MARKER}\n<!-- ${topicWord(topic)}`;
}

/** Markdown of `renderMarkdown` with the mark of its topic and head, which nobody sees. */
export function markComment({ topic, head }: CommentMark, markdown: string): string {
  if (!/^[0-9a-f]{7,64}$/.test(head)) throw new BugError('a comment is marked with the id of a commit');
  const body = markdown.startsWith(REVIEW_MARKER) ? markdown.slice(REVIEW_MARKER.length) : `\n\n${markdown}`;
  return `${topicMarker(topic)}${head} -->${body}`;
}

/** The head that a comment of this topic tells of; undefined when it is no such comment. */
export function headOfComment(topic: string, body: string): string | undefined {
  const marker = topicMarker(topic);
  const text = body.replaceAll('\r\n', '\n');
  return text.startsWith(marker) ? /^([0-9a-f]{7,64}) -->/.exec(text.slice(marker.length))?.[1] : undefined;
}

/** Characters that a mark takes from a comment at most. */
export const MARK_CHARACTERS = topicMarker('x'.repeat(MAX_COMMENT_TOPIC_LENGTH)).length + 64 + ' -->\n\n'.length;

/** A topic in signs that neither end an HTML comment nor begin another. */
function topicWord(topic: string): string {
  const word = topic.replace(/[^A-Za-z0-9._/]+/g, '_').slice(0, MAX_COMMENT_TOPIC_LENGTH);
  return `of=${word} head=`;
}
