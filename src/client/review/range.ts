import { StalledError } from '../../base/index.ts';
import type { Oid } from '../../git/index.ts';
import { type CheckoutGit, unlessRefused } from '../history/checkout-git.ts';

/** The commits of a review. */
export interface RevisionRange {
  readonly base: Oid;
  readonly head: Oid;
  /** As people name them. */
  readonly baseTitle: string;
  readonly headTitle: string;
  /** The branch that the change goes to, without its remote. */
  readonly branch: string;
  /** No commit that both have is here, so BASE itself is compared with: others' changes look like undone. */
  readonly isApart: boolean;
}

/**
 * The commits that `git diff BASE...HEAD` compares: where the histories part, and the head. Without BASE the default branch
 * of the remote, or `main`, or `master`. Errors: StalledError NoRevision, GitMissing, GitFailed.
 */
export async function reviewRange(
  git: CheckoutGit,
  { base, head = 'HEAD' }: { readonly base?: string | undefined; readonly head?: string | undefined },
): Promise<RevisionRange> {
  const target = base ?? (await defaultBase(git));
  const [tip, top] = [await commitOf(git, target), await commitOf(git, head)];
  const parting = (await unlessRefused(git.run('merge-base', tip, top)))?.trim();
  const isApart = parting === undefined || parting === '';
  return {
    base: isApart ? tip : parting,
    head: top,
    baseTitle: target,
    headTitle: head,
    branch: await branchOf(git, target),
    isApart,
  };
}

async function commitOf(git: CheckoutGit, rev: string): Promise<Oid> {
  const commit = await git.commit(rev);
  if (commit !== undefined) return commit;
  throw new StalledError('NoRevision', `there is no commit "${rev}" here: \`git log --oneline --all\` lists them`);
}

async function defaultBase(git: CheckoutGit): Promise<string> {
  const remote = (
    await unlessRefused(git.run('symbolic-ref', '--quiet', '--short', 'refs/remotes/origin/HEAD'))
  )?.trim();
  for (const name of [remote, 'origin/main', 'origin/master', 'main', 'master']) {
    if (name !== undefined && name !== '' && (await git.commit(name)) !== undefined) return name;
  }
  throw new StalledError('NoBase', 'no default branch was found to compare with: name one, `pipectl review BASE`');
}

/** `main` of `origin/main`, of `refs/heads/main` and of itself. */
async function branchOf(git: CheckoutGit, rev: string): Promise<string> {
  const full =
    (
      await unlessRefused(git.run('rev-parse', '--verify', '--quiet', '--symbolic-full-name', '--end-of-options', rev))
    )?.trim() ?? '';
  return full.replace(/^refs\/heads\//, '').replace(/^refs\/remotes\/[^/]+\//, '') || rev;
}
