import {
  type BisectVerdict,
  bisectCommits,
  type CheckoutGit,
  findCheckout,
  logCommit,
  mergeOf,
  openCheckoutGit,
  type PullRequest,
  pullRequestOf,
} from '../../client/index.ts';
import { type Oid, shortOid } from '../../git/index.ts';
import { openTrials } from '../bisect-trials.ts';
import { repositoryFor } from '../choose-repository.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from '../errors.ts';
import { factLines } from '../facts.ts';
import { jsonText } from '../object-text.ts';
import { paint, printable } from '../terminal.ts';

/** `pipectl bisect LAUNCHPLAN --good A --bad B`: the first commit at which it fails, found by running it. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [name = ''] = input.arguments;
  const checkout = await findCheckout(context.cwd);
  if (checkout === undefined) throw new UsageError('bisecting walks the commits of a checkout', 'run it in one');
  const git = openCheckoutGit(checkout.root, context.env);
  const good = await commitOf(git, 'good', input.text('good'));
  const bad = await commitOf(git, 'bad', input.text('bad'));
  const session = await context.session();
  const repository = await repositoryFor(context, session, undefined);
  const trials = await openTrials(context, input, { session, repository, git, name });
  try {
    await trials.assume(good, 'good');
    await trials.assume(bad, 'bad');
    if (trials.areSame(good, bad)) {
      throw new FailedError(
        `${name} runs the same at ${shortOid(good)} and ${shortOid(bad)}`,
        'what it runs did not change, so no commit broke it: look at its inputs and at what it calls',
      );
    }
    const end = await bisectCommits(git, { good, bad }, (commit, left) => tell(context, commit, left, trials.run));
    if (end.kind === 'found') {
      const found = await foundFacts(git, end.commit, bad);
      context.stdout.write(input.text('output') === 'json' ? jsonText(found) : foundText(found, context));
      return EXIT.ok;
    }
    const commits = end.commits.map(shortOid).join(', ');
    throw new FailedError(`one of these is the first bad commit: ${commits}`, 'the others could not be tried');
  } finally {
    await trials.close();
  }
}

async function commitOf(git: CheckoutGit, which: 'good' | 'bad', rev: string | undefined): Promise<Oid> {
  if (rev === undefined) {
    throw new UsageError(`which commit is ${which}?`, 'pipectl bisect LAUNCHPLAN --good REV --bad REV');
  }
  const commit = await git.commit(rev);
  if (commit !== undefined) return commit;
  throw new UsageError(`--${which} ${printable(rev)}: there is no such commit here`, '`git log` lists them');
}

/** Tries a commit, and tells how it went on stderr. */
async function tell(
  { stderr }: CommandContext,
  commit: Oid,
  left: number,
  run: (commit: Oid) => Promise<{ readonly verdict: BisectVerdict; readonly why: string }>,
): Promise<BisectVerdict> {
  const { verdict, why } = await run(commit);
  const style = verdict === 'good' ? 'green' : verdict === 'bad' ? 'red' : 'yellow';
  stderr.write(`${shortOid(commit)} ${paint(stderr, style, verdict)}: ${printable(why)} (of ${left} left)\n`);
  return verdict;
}

/** What `-o json` prints. */
interface FoundFacts {
  readonly commit: Oid;
  readonly subject: string;
  readonly author: string;
  /** RFC 3339. */
  readonly at: string;
  readonly before?: Oid;
  readonly pullRequest?: PullRequest;
}

async function foundFacts(git: CheckoutGit, commit: Oid, bad: Oid): Promise<FoundFacts> {
  const { subject, author, authoredAt, message, parents } = await logCommit(git, commit);
  const merge = await mergeOf(git, commit, bad);
  const pullRequest = pullRequestOf(message) ?? (merge && pullRequestOf(merge.message));
  const [before] = parents;
  return {
    commit,
    subject,
    author,
    at: authoredAt,
    ...(before !== undefined && { before }),
    ...(pullRequest !== undefined && { pullRequest }),
  };
}

function foundText(found: FoundFacts, { stdout }: CommandContext): string {
  const { commit, subject, author, at, before, pullRequest } = found;
  const facts = factLines(stdout, [
    ['First bad commit', paint(stdout, 'bold', commit)],
    ['Subject', printable(subject)],
    ['Author', printable(author)],
    ['Date', at],
    ['Pull request', pullRequest?.id],
    ['Compare', before === undefined ? undefined : `pipectl diff ${shortOid(before)}..${shortOid(commit)}`],
  ]);
  return `${facts.join('\n')}\n`;
}
