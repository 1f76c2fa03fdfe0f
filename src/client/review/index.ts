/**
 * What a review is made of, read from this repository: both commits, schedules of the whole domain, owners, a history.
 * Must not judge: that is the review's.
 */

export type { DomainChoice, ReviewedDomain } from './domain.ts';
export { type DurationsFile, durationsFile } from './durations-file.ts';
export { openReviewSides, type ReviewSides } from './open-sides.ts';
export { type RevisionRange, reviewRange } from './range.ts';
export { historyFrom, historySince, readHistory } from './read-history.ts';
export { type PlanOf, type ReportRequest, reportOf } from './report-of.ts';
export { entriesIn } from './schedules-in.ts';
export { withRevisions } from './with-revisions.ts';
