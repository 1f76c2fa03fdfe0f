/**
 * What a review is made of, read from this repository: both commits, schedules of the whole domain, owners, a history.
 * Must not judge: that is the review's.
 */

export type { DomainChoice } from './domain.ts';
export { openReviewSides, type ReviewSides } from './open-sides.ts';
export { changedFiles } from './owners-of-base.ts';
export { type RevisionRange, reviewRange } from './range.ts';
export { readHistory } from './read-history.ts';
export { entriesIn } from './schedules-in.ts';
