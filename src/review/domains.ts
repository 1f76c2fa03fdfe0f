import { canonicalJson, type Json, MAX_REVIEWED_DOMAINS, MAX_REVIEWED_TICKS } from '../base/index.ts';
import type { CommitDiff } from '../compiler/index.ts';
import type { DomainInput, ReviewInput } from './input.ts';
import { reviewLoad } from './load.ts';
import type { DomainReview, LoadReview, Plan, ScheduleReview } from './report.ts';
import { changedSchedules, reviewSchedule, type TickBudget } from './schedules.ts';
import { domainLine } from './verdict.ts';

/** What a change moves in one domain. */
export interface Moved {
  readonly schedules: readonly ScheduleReview[];
  readonly load: LoadReview | undefined;
  readonly plan: Plan | undefined;
}

/** What the change moves in the domain of the review, and in all others that it is asked of. */
export function reviewDomains(
  input: ReviewInput,
  diff: CommitDiff,
): { readonly own: Moved; readonly others: readonly DomainReview[] } {
  const budget = { left: MAX_REVIEWED_TICKS };
  const own = movedIn(input, diff, budget);
  const asked = (input.others ?? []).slice(0, MAX_REVIEWED_DOMAINS);
  return { own, others: asked.map((other) => domainReview(input, other, { diff, budget, own })) };
}

function movedIn(input: ReviewInput, diff: CommitDiff, budget: TickBudget): Moved {
  // Of a commit that is refused nothing is applied.
  const isRefused = input.head.findings.some(({ severity }) => severity === 'error');
  return {
    schedules: changedSchedules(input, diff).map((pair) => reviewSchedule(input, pair, budget)),
    load: reviewLoad(input),
    plan: isRefused ? undefined : input.plan,
  };
}

function domainReview(
  { history: _history, plan: _plan, ...input }: ReviewInput,
  { domain, base, head, history, plan }: DomainInput,
  { diff, budget, own }: { readonly diff: CommitDiff; readonly budget: TickBudget; readonly own: Moved },
): DomainReview {
  const here: ReviewInput = {
    ...input,
    base: { ...input.base, ...base },
    head: { ...input.head, ...head },
    domain,
    ...(history !== undefined && { history }),
    ...(plan !== undefined && { plan }),
  };
  const moved = movedIn(here, diff, budget);
  const { schedules, load } = moved;
  return {
    domain,
    line: domainLine(schedules, load),
    isSame: textOf(moved) === textOf(own),
    schedules,
    ...(load !== undefined && { load }),
    ...(moved.plan !== undefined && { plan: moved.plan }),
  };
}

/** All but the name of the domain. */
function textOf({ schedules, load, plan }: Moved): string {
  const nameless = plan === undefined ? null : { ...plan, namespace: '' };
  return canonicalJson({ schedules, load: load ?? null, plan: nameless } as unknown as Json);
}
