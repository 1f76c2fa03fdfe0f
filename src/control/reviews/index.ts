/**
 * reviews: keeps the reviews of open pull requests at their hosts up to date: one comment and a status of the head each.
 * Owns `reviews` and the condition ReviewsPosted of Repository.status.
 * Must not register what it fetches, move a ref, nor say anything of a pull request that is closed.
 * Keeps: a head is read in a quarantine that is thrown away; the same head and base are reviewed once, also after a restart; a look
 * without news writes nothing; one repository holds up no other; no token reaches a status, a log or a comment.
 */
export { createReviews, type Reviews, type ReviewsOptions } from './reviews.ts';
export type { ReviewHead, ReviewRequest } from './round.ts';
