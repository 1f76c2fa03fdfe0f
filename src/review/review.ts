import { instantText, MAX_REVIEWED_TICKS } from '../base/index.ts';
import { diffCommits } from '../compiler/index.ts';
import { approvalsOf } from './approvals.ts';
import { newFindings, reviewFindings } from './findings.ts';
import { reviewGraphs } from './graphs.ts';
import type { ReviewInput, ReviewSide } from './input.ts';
import { reviewLoad } from './load.ts';
import { REPORT_VERSION, type Report, type Side } from './report.ts';
import { changedSchedules, reviewSchedule } from './schedules.ts';
import { verdictOf } from './verdict.ts';

/** What a change means, for those who are to agree to it. */
export function review(input: ReviewInput): Report {
  const { base, head, now, mergeAt, tzdata, domain } = input;
  // Of a commit that is refused nothing is applied.
  const isRefused = head.findings.some(({ severity }) => severity === 'error');
  const plan = isRefused ? undefined : input.plan;
  const diff = diffCommits(base.side, head.side);
  const budget = { left: MAX_REVIEWED_TICKS };
  const schedules = changedSchedules(input, diff).map((pair) => reviewSchedule(input, pair, budget));
  const load = reviewLoad(input);
  const diagnostics = newFindings(input);
  const findings = reviewFindings(input, diagnostics, { diff, schedules, load, plan });
  const { graphs, undrawn } = reviewGraphs(input, diff);
  return {
    version: REPORT_VERSION,
    base: sideOf(base),
    head: sideOf(head),
    now: instantText(now),
    mergeAt: instantText(mergeAt),
    tzdata,
    ...(domain !== undefined && { domain }),
    verdict: verdictOf(diff, schedules, load, findings),
    findings,
    diff,
    schedules,
    ...(load !== undefined && { load }),
    graphs,
    undrawnGraphs: undrawn,
    approvals: approvalsOf(input, diagnostics),
    ...(plan !== undefined && { plan }),
  };
}

function sideOf({ title, commit }: ReviewSide): Side {
  return { title, ...(commit !== undefined && { commit }) };
}
