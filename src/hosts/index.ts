/**
 * hosts: what is read from and told to a code host about a pull request: its commits, one comment, a status, annotations.
 * Owns the port, the hidden mark of our comment, the rule by which there is one of it, and texts for runners' logs.
 * Must not review, clone or decide when something is posted. Adapters live below and are wired by `main/` only.
 * Keeps: nothing is edited or deleted that another wrote; whoever writes a comment last has seen the newest head.
 */
export { annotationBatches, annotationsOf } from './annotations.ts';
export type * from './code-host.ts';
export { type CommentMark, headOfComment, MARK_CHARACTERS, markComment, topicMarker } from './comment-mark.ts';
export { askedOnce, at, cutText, listOf, numberAt, textAt } from './host-answers.ts';
export { postComment, postStatus, type ReviewPost, statusContext } from './post-review.ts';
export { openRestApi, type RestApi, type RestOptions } from './rest-api.ts';
export { type CommentOutcome, type ReviewComment, upsertComment } from './upsert-comment.ts';
export { annotationCommands, maskCommand } from './workflow-commands.ts';
