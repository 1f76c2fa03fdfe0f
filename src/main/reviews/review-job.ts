import { MAX_COMMIT_BYTES, StalledError, type UnixMs } from '../../base/index.ts';
import { reportOf } from '../../client/review/index.ts';
import { createParseCache } from '../../compiler/index.ts';
import { type ObjectReader, type Oid, parseCommit } from '../../git/index.ts';
import type { History, Report } from '../../review/index.ts';
import { planReview } from '../plan-review.ts';

/** Two commits to be reviewed. */
export interface ReviewJob {
  readonly base: Oid;
  readonly head: Oid;
  readonly baseTitle: string;
  readonly headTitle: string;
  /** The branch that the change goes to. */
  readonly branch: string;
  readonly now: UnixMs;
}

export interface JobSupplies {
  readonly objects: ObjectReader;
  readonly historyOf: (namespace: string) => Promise<History | undefined>;
}

/** The report on two commits whose projects stand at their roots. Errors: as of `reportOf`, StalledError NoRevision. */
export async function reviewJob(
  { base, head, baseTitle, headTitle, branch, now }: ReviewJob,
  { objects, historyOf }: JobSupplies,
): Promise<Report> {
  return reportOf({
    base: await opened(objects, base),
    head: await opened(objects, head),
    baseTitle,
    headTitle,
    choice: { names: [], branch },
    cache: createParseCache(),
    now,
    mergeAt: now,
    historyOf,
    plan: planReview,
  });
}

async function opened(objects: ObjectReader, commit: Oid) {
  const read = await objects.read(commit, MAX_COMMIT_BYTES);
  const parsed = read.kind === 'found' && read.type === 'commit' ? parseCommit(read.bytes) : undefined;
  if (parsed === undefined) throw new StalledError('NoRevision', `commit ${commit} cannot be read`);
  return { commit, tree: parsed.tree, objects };
}
