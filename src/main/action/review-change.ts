import { resolve } from 'node:path';
import { readHistory, reportOf, withRevisions } from '../../client/review/index.ts';
import { createParseCache, type ParseCache } from '../../compiler/index.ts';
import { shortOid } from '../../git/index.ts';
import { historyIn, type Report } from '../../review/index.ts';
import { planReview } from '../plan-review.ts';
import { openRevision } from '../revision.ts';
import { changeOf } from './change.ts';
import type { ChangeEvent } from './event.ts';
import type { ActionInputs } from './inputs.ts';
import type { ChangeRepository } from './repository.ts';
import type { ActionWorld } from './world.ts';

export interface ReviewedChange {
  readonly report: Report;
  /** The commit that annotations, checks and SARIF belong to. */
  readonly commit: string;
}

/** Reviews the commits of an event; can be asked again when there is a newer head. */
export function reviewerOf(
  world: ActionWorld,
  inputs: ActionInputs,
  repository: ChangeRepository,
): (event: ChangeEvent) => Promise<ReviewedChange> {
  const cache: ParseCache = createParseCache();
  const { GITHUB_WORKSPACE: workspace = '.' } = world.env;
  const histories = inputs.history === undefined ? undefined : readHistory(resolve(workspace, inputs.history));
  return async (event) => {
    const { base: from, head: to, baseTitle, headTitle, branch } = await changeOf(repository, event);
    const { cwd, env } = repository;
    const now = world.now();
    const open = (rev: string) => openRevision({ cwd, rev, env });
    const report = await withRevisions(open, [from, to], (base, head) =>
      reportOf({
        base,
        head,
        baseTitle,
        headTitle,
        choice: { names: inputs.domains, branch },
        cache,
        now,
        mergeAt: now,
        historyOf: async (namespace) => (histories === undefined ? undefined : historyIn(histories, namespace)),
        plan: planReview,
      }),
    );
    const told = inFolder(report, inputs.path);
    if (event.kind !== 'pull-request') return { report: told, commit: to };
    // People know the head that they pushed, not the merge that the host made of it.
    const title = `${event.headBranch} (${shortOid(event.head)})`;
    return { report: { ...told, head: { ...told.head, title } }, commit: event.head };
  };
}

/** Findings with files as the repository names them; those of a project in a folder are named from there. */
function inFolder(report: Report, path: string): Report {
  if (path === '') return report;
  const findings = report.findings.map((finding) => {
    return finding.file === undefined ? finding : { ...finding, file: `${path}/${finding.file}` };
  });
  return { ...report, findings };
}
