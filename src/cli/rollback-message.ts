import { type CheckoutGit, isAncestor, logCommit } from '../client/index.ts';
import { type Oid, shortOid } from '../git/index.ts';

/** Commits that a message names; of more it tells the number. */
const MAX_NAMED = 20;

/** The message of the commit that brings the files of `to` back upon `head`. */
export async function rollbackMessage(
  git: CheckoutGit,
  { to, head }: { readonly to: Oid; readonly head: Oid },
  why: string | undefined,
): Promise<string> {
  const { subject } = await logCommit(git, to);
  const parts = [`Roll back to ${shortOid(to)}: ${subject}`];
  if (why !== undefined) parts.push(why);
  parts.push((await isAncestor(git, to, head)) ? await revertedText(git, to, head) : notBeforeText(to, head));
  return `${parts.join('\n\n')}\n`;
}

/** In git's own words, so that tools which look for reverted commits find them. */
async function revertedText(git: CheckoutGit, to: Oid, head: Oid): Promise<string> {
  const listed = await git.run('rev-list', '--topo-order', '--no-merges', `${to}..${head}`);
  const commits = listed.split('\n').filter((line) => line !== '');
  const named = commits.slice(0, MAX_NAMED).map((commit) => `This reverts commit ${commit}.`);
  const more = commits.length - named.length;
  return [...named, ...(more > 0 ? [`It reverts ${more} older commits as well.`] : [])].join('\n');
}

function notBeforeText(to: Oid, head: Oid): string {
  return `Takes the files of ${to} in place of those of ${head}, which is not built upon it.`;
}
