import { MAX_BISECTED_COMMITS, StalledError } from '../../base/index.ts';
import { isOid, type Oid } from '../../git/index.ts';
import { type CheckoutGit, isAncestor } from './checkout-git.ts';

/** How a commit does: `skip` when that cannot be told of it. */
export type BisectVerdict = 'good' | 'bad' | 'skip';

export type Bisection =
  | { readonly kind: 'found'; readonly commit: Oid }
  /** One of these, which could not be tried, is the first bad one. */
  | { readonly kind: 'undecided'; readonly commits: readonly Oid[] };

/** Tries one commit; `left` is how many may still be the first bad one. */
export type BisectTrial = (commit: Oid, left: number) => Promise<BisectVerdict>;

/**
 * Finds the first bad commit by halving, as git-bisect(1) does, over merges too: git names the commit that divides what
 * is left best. Nothing is checked out. Errors: StalledError `NotBetween` when `good` is no ancestor of `bad`.
 */
export async function bisectCommits(
  git: CheckoutGit,
  { good, bad }: { readonly good: Oid; readonly bad: Oid },
  tryCommit: BisectTrial,
): Promise<Bisection> {
  if (good === bad || !(await isAncestor(git, good, bad))) {
    throw new StalledError('NotBetween', 'the good commit must be an ancestor of the bad one');
  }
  const goods = [good];
  const skipped = new Set<Oid>();
  let first = bad;
  for (;;) {
    const candidates = await dividers(git, first, goods);
    const untried = candidates.filter((commit) => commit !== first && !skipped.has(commit));
    const [next] = untried;
    if (next === undefined) {
      const undecided = candidates.filter((commit) => skipped.has(commit));
      return undecided.length === 0
        ? { kind: 'found', commit: first }
        : { kind: 'undecided', commits: [first, ...undecided] };
    }
    const verdict = await tryCommit(next, candidates.length);
    if (verdict === 'good') goods.push(next);
    else if (verdict === 'bad') first = next;
    else skipped.add(next);
  }
}

/** What may be the first bad commit, `bad` among them; the one that divides them best first. */
async function dividers(git: CheckoutGit, bad: Oid, goods: readonly Oid[]): Promise<readonly Oid[]> {
  const listed = await git.run('rev-list', '--bisect-all', bad, '--not', ...goods);
  const commits = listed.split('\n').flatMap((line) => (isOid(line.slice(0, 40)) ? [line.slice(0, 40)] : []));
  if (commits.length <= MAX_BISECTED_COMMITS) return commits;
  throw new StalledError('TooManyCommits', `there are ${commits.length} commits between: name a nearer good one`);
}
