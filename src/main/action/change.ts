import { StalledError } from '../../base/index.ts';
import { type CheckoutGit, commitParents } from '../../client/index.ts';
import type { ChangeEvent } from './event.ts';
import type { ChangeRepository } from './repository.ts';

/** Two commits that a review compares: what a merge would change, exactly. */
export interface Change {
  readonly base: string;
  readonly head: string;
  readonly baseTitle: string;
  readonly headTitle: string;
  readonly branch: string;
}

type PullRequestEvent = Extract<ChangeEvent, { kind: 'pull-request' }>;

/**
 * The commits of an event, fetched where they are missing. Of a pull request it is the merge that GitHub has made of it and
 * what it was merged into. Errors: StalledError NotMergeable, FetchFailed.
 */
export async function changeOf(repository: ChangeRepository, event: ChangeEvent): Promise<Change> {
  if (event.kind === 'pull-request') return mergeOf(repository, event);
  const { base, head, branch } = event;
  for (const commit of [base, head]) if (!(await has(repository.git, commit))) await repository.fetch(commit);
  return { base, head, baseTitle: branch, headTitle: head.slice(0, 7), branch };
}

async function mergeOf(repository: ChangeRepository, event: PullRequestEvent): Promise<Change> {
  const { number, head, commit, baseBranch, headBranch } = event;
  const titles = { baseTitle: baseBranch, headTitle: headBranch, branch: baseBranch };
  const given = commit === undefined ? [] : await commitParents(repository.git, commit);
  const isGiven = commit !== undefined && given.length === 2 && given[1] === head;
  const merge = isGiven ? commit : await fetchMerge(repository, number);
  const [base, merged] = isGiven ? given : await commitParents(repository.git, merge);
  if (base === undefined || merged !== head) {
    const why = `GitHub has no merge of ${head.slice(0, 7)} with ${baseBranch}`;
    throw new StalledError('NotMergeable', `pull request ${number} cannot be reviewed: ${why}; are there conflicts?`);
  }
  // A checkout of one commit has not what that was merged into.
  if (!(await has(repository.git, base))) await repository.fetch(merge);
  return { base, head: merge, ...titles };
}

async function fetchMerge(repository: ChangeRepository, number: number): Promise<string> {
  try {
    return await repository.fetch(`refs/pull/${number}/merge`);
  } catch (error) {
    if (!(error instanceof StalledError) || !/couldn't find remote ref/.test(error.message)) throw error;
    const why = 'GitHub has no merge of it; are there conflicts?';
    throw new StalledError('NotMergeable', `pull request ${number} cannot be reviewed: ${why}`, { cause: error });
  }
}

/** As the commit itself says, also where the history is cut off after it; undefined when it is not there. */
async function has(git: CheckoutGit, commit: string): Promise<boolean> {
  const { code } = await git.tell('cat-file', '-e', `${commit}^{tree}`);
  return code === 0;
}
