import {
  instantText,
  type Json,
  MAX_NAMED_REJECTIONS,
  MAX_SOURCE_MESSAGE_LENGTH,
  type UnixMs,
} from '../../base/index.ts';
import type { Condition, MergePatch, Repository, ReviewsStatus } from '../../cluster/index.ts';
import { redactText } from '../../observe/index.ts';
import { NOT_REVIEWED, type Reviewed } from './round.ts';

export const REVIEWS_POSTED = 'ReviewsPosted';

/** How a look at the open pull requests ended. */
export type ReviewsOutcome =
  | { readonly kind: 'looked'; readonly reviewed: Reviewed; readonly left: number }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly message: string;
      /** In a row, with this one. */
      readonly failures: number;
      /** Absent: tries are as far apart as they get. */
      readonly nextAttemptAt?: UnixMs;
    };

/** What was reviewed before, as the status keeps it. */
export function reviewedIn({ status }: Repository): Reviewed {
  return new Map(Object.entries(status?.reviews?.reviewed ?? {}));
}

/** What of a repository's status is to be written for these reviews alone; undefined when nothing differs. */
export function reviewedPatch(repository: Repository, reviewed: Reviewed): MergePatch | undefined {
  const changes = reviewedChanges(reviewedIn(repository), reviewed);
  return changes === undefined ? undefined : { reviews: { reviewed: changes } };
}

/** What of a repository's status changes with the outcome; undefined when nothing does. */
export function reviewsPatch(repository: Repository, outcome: ReviewsOutcome, now: UnixMs): MergePatch | undefined {
  const before = repository.status?.reviews ?? {};
  const reviews: Record<string, Json> = {};
  const told = toldOf(before, outcome);
  for (const field of ['failures', 'message', 'nextAttemptAt'] as const) {
    if (before[field] !== told[field]) reviews[field] = told[field] ?? null;
  }
  if (outcome.kind === 'looked') {
    const changes = reviewedChanges(reviewedIn(repository), outcome.reviewed);
    if (changes !== undefined) reviews.reviewed = changes;
  }
  const conditions = withCondition(repository.status?.conditions ?? [], wantedCondition(outcome), now);
  if (Object.keys(reviews).length === 0 && conditions === undefined) return undefined;
  return {
    ...(Object.keys(reviews).length > 0 && { reviews }),
    ...(conditions !== undefined && { conditions: conditions as unknown as Json }),
  };
}

/** What to write when a repository is not to be reviewed any more: nothing of it stays. */
export function forgottenPatch({ status }: Repository): MergePatch | undefined {
  const conditions = status?.conditions ?? [];
  const kept = conditions.filter(({ type }) => type !== REVIEWS_POSTED);
  if (status?.reviews === undefined && kept.length === conditions.length) return undefined;
  return { reviews: null, ...(kept.length < conditions.length && { conditions: kept as unknown as Json }) };
}

function reviewedChanges(before: Reviewed, after: Reviewed): Record<string, Json> | undefined {
  const changes: Record<string, Json> = {};
  for (const number of before.keys()) if (!after.has(number)) changes[number] = null;
  for (const [number, { head, base, verdict }] of after) {
    const known = before.get(number);
    if (known?.head === head && known.base === base && known.verdict === verdict) continue;
    changes[number] = { head, base, verdict };
  }
  return Object.keys(changes).length === 0 ? undefined : changes;
}

function toldOf(before: ReviewsStatus, outcome: ReviewsOutcome): Omit<ReviewsStatus, 'reviewed'> {
  if (outcome.kind === 'looked') return {};
  const message = shortened(outcome.message);
  const { failures, nextAttemptAt } = outcome;
  // Once tries are as far apart as they get, only another reason is news.
  const isOld = nextAttemptAt === undefined && before.nextAttemptAt === undefined && before.message === message;
  const counted = isOld && before.failures !== undefined ? before.failures : failures;
  return {
    message,
    failures: counted,
    ...(nextAttemptAt !== undefined && { nextAttemptAt: instantText(nextAttemptAt) }),
  };
}

type Wanted = Pick<Condition, 'status' | 'reason' | 'message'>;

function wantedCondition(outcome: ReviewsOutcome): Wanted {
  if (outcome.kind === 'failed') {
    return { status: 'False', reason: outcome.reason, message: shortened(outcome.message) };
  }
  const { reviewed, left } = outcome;
  const not = [...reviewed].filter(([, { verdict }]) => verdict.startsWith(NOT_REVIEWED));
  const count = reviewed.size - not.length;
  // One that cannot be reviewed is the business of its author, who sees it by the status of the commit.
  const told = [
    `${count} open pull ${count === 1 ? 'request is' : 'requests are'} reviewed`,
    ...not.slice(0, MAX_NAMED_REJECTIONS).map(([number, { verdict }]) => `${number} is ${verdict}`),
    ...(left === 0 ? [] : [`${left} older ones are too many`]),
  ];
  return { status: 'True', reason: 'Reviewed', message: shortened(told.join('; ')) };
}

function withCondition(before: readonly Condition[], wanted: Wanted, now: UnixMs): readonly Condition[] | undefined {
  const old = before.find(({ type }) => type === REVIEWS_POSTED);
  if (old?.status === wanted.status && old.reason === wanted.reason && old.message === wanted.message) return undefined;
  const lastTransitionTime = old?.status === wanted.status ? old.lastTransitionTime : instantText(now);
  return [
    ...before.filter(({ type }) => type !== REVIEWS_POSTED),
    { type: REVIEWS_POSTED, ...wanted, lastTransitionTime },
  ];
}

function shortened(message: string): string {
  const clean = redactText(message.replaceAll(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' '));
  return clean.length > MAX_SOURCE_MESSAGE_LENGTH ? `${clean.slice(0, MAX_SOURCE_MESSAGE_LENGTH - 1)}…` : clean;
}
