import type { UnixMs } from '../../base/index.ts';
import type { DiffSide, ParseCache } from '../../compiler/index.ts';
import { shortOid } from '../../git/index.ts';
import { type DomainInput, type History, type Plan, type Report, review } from '../../review/index.ts';
import type { ReadRevision } from '../revision.ts';
import { changedFiles } from './changed-files.ts';
import type { DomainChoice, ReviewedDomain } from './domain.ts';
import { openReviewSides, type ReviewSides } from './open-sides.ts';

/** Two commits to be reviewed, and what is known beside them. */
export interface ReportRequest {
  readonly base: ReadRevision;
  readonly head: ReadRevision;
  /** As people name the commits. */
  readonly baseTitle: string;
  readonly headTitle: string;
  readonly choice: DomainChoice;
  readonly cache: ParseCache;
  readonly now: UnixMs;
  /** When the change becomes active. */
  readonly mergeAt: UnixMs;
  /** How long launch plans of a namespace take; undefined where nobody knows. */
  readonly historyOf: (namespace: string) => Promise<History | undefined>;
  /** The reconciler's own plan. */
  readonly plan: PlanOf;
}

/** What the reconciler of a domain would do; see `planReview`. */
export type PlanOf = (sides: {
  readonly base: DiffSide;
  readonly head: DiffSide;
  readonly domain: ReviewedDomain;
  readonly isPart: boolean;
}) => Plan;

/** The report on two opened commits. Errors: as of `openReviewSides`. */
export async function reportOf(request: ReportRequest): Promise<Report> {
  const { base, head, choice, cache, now, mergeAt, historyOf } = request;
  const sides = await openReviewSides(base, head, cache, choice);
  const { domain } = sides;
  const { paths, codeOwners } = await changedFiles(head.objects, base.commit, head.commit);
  const history = domain === undefined ? undefined : await historyOf(domain.namespace);
  const others: DomainInput[] = [];
  for (const other of sides.others) {
    const known = await historyOf(other.domain.namespace);
    others.push({ ...other, plan: planIn(request.plan, sides, other.domain), ...(known && { history: known }) });
  }
  return review({
    base: { ...sides.base, title: titleOf(request.baseTitle, base.commit) },
    head: { ...sides.head, title: titleOf(request.headTitle, head.commit) },
    now,
    mergeAt,
    tzdata: process.versions.tz ?? 'unknown',
    changedFiles: paths,
    ...(domain !== undefined && { domain, plan: planIn(request.plan, sides, domain) }),
    ...(history !== undefined && { history }),
    ...(codeOwners !== undefined && { codeOwners }),
    others,
  });
}

function planIn(plan: PlanOf, { base, head, isPart }: ReviewSides, domain: ReviewedDomain): Plan {
  const { unchanged, ...told } = plan({ base: base.side, head: head.side, domain, isPart });
  return isPart || unchanged === undefined ? told : { ...told, unchanged };
}

/** `main (3f2c1ab)`; of one that is named by its id only that. */
function titleOf(name: string, commit: string): string {
  const id = shortOid(commit);
  return /^[0-9a-f]{7,40}$/.test(name) ? id : `${name} (${id})`;
}
