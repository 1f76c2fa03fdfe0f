import { instantText } from '../base/index.ts';
import { diffCommits } from '../compiler/index.ts';
import { approvalsOf } from './approvals.ts';
import { reviewDomains } from './domains.ts';
import { newFindings, reviewFindings } from './findings.ts';
import { reviewGraphs } from './graphs.ts';
import type { ReviewInput, ReviewSide } from './input.ts';
import { REPORT_VERSION, type Report, type Side } from './report.ts';
import { verdictOf } from './verdict.ts';

/** What a change means, for those who are to agree to it. */
export function review(input: ReviewInput): Report {
  const { base, head, now, mergeAt, tzdata, domain } = input;
  const diff = diffCommits(base.side, head.side);
  const { own, others } = reviewDomains(input, diff);
  const { schedules, load, plan } = own;
  const diagnostics = newFindings(input);
  const findings = reviewFindings(input, diagnostics, { diff, ...own, others });
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
    others,
  };
}

function sideOf({ title, commit }: ReviewSide): Side {
  return { title, ...(commit !== undefined && { commit }) };
}
