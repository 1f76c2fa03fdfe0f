import {
  type CheckoutGit,
  type Connected,
  type Domain,
  findCheckout,
  openCheckoutGit,
  resolveRevision,
} from '../../client/index.ts';
import { type Repository, SYSTEM_NAMESPACE } from '../../cluster/index.ts';
import { type Oid, shortOid } from '../../git/index.ts';
import { domainFor } from '../choose-domain.ts';
import { repositoryFor } from '../choose-repository.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from '../errors.ts';
import { jsonText } from '../object-text.ts';
import { type PushTarget, pushTarget, pushTo, remoteLines } from '../push-target.ts';
import { rollbackMessage } from '../rollback-message.ts';
import { awaitSync, requestSync } from '../sync-repository.ts';
import { printable } from '../terminal.ts';

/** `pipectl rollback [--to REV]`: a commit with the files of an old one, upon the head of the tracked branch, pushed. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { stdout, stderr } = context;
  const checkout = await findCheckout(context.cwd);
  if (checkout === undefined) throw new UsageError('a rollback makes a commit', 'run it in a checkout of the project');
  const session = await context.session();
  const repository = await repositoryFor(context, session, undefined);
  const domain = await domainFor(context, session, repository);
  if (domain.status.desired === undefined) {
    throw new FailedError(`no commit is active in ${domain.name}`, 'choose another domain with -n');
  }
  const git = openCheckoutGit(checkout.root, context.env);
  const target = await pushTarget(context, session, git, repository, input.text('remote'));
  const branch = domain.status.ref;
  const head = await fetchHead(git, target, branch);
  const to = await wantedCommit(session, git, target, repository, input.text('to') ?? lastGood(domain, head));
  const tell = (rest: object, text: string): void => {
    const facts = { domain: domain.name, branch, to, upon: head, ...rest };
    stdout.write(input.text('output') === 'json' ? jsonText(facts) : text);
  };
  if ((await treeOf(git, to)) === (await treeOf(git, head))) {
    tell({ commit: null }, '');
    stderr.write(`${printable(branch)} has the files of ${shortOid(to)} already: nothing to roll back\n`);
    return EXIT.ok;
  }
  const message = await rollbackMessage(git, { to, head }, input.text('message'));
  if (input.flag('dryRun')) {
    const text = `would be pushed to ${printable(branch)} upon ${shortOid(head)}:\n\n${indented(message)}\n`;
    tell({ commit: null, message }, text);
    stderr.write(`\`pipectl plan --rev ${shortOid(to)}\` tells what that changes\n`);
    return EXIT.ok;
  }
  const commit = await makeCommit(git, { to, head, isSigned: repository.spec.verify !== undefined }, message);
  const answer = await pushTo(git, target, `${commit}:refs/heads/${branch}`);
  for (const line of remoteLines(answer)) stderr.write(`${printable(line)}\n`);
  const end = await awaitActive(context, session, repository, { domain, commit });
  if (end === 'interrupted') return EXIT.interrupted;
  const moved = end === 'active' ? domain.name : printable(branch);
  const text = `${moved} is rolled back to ${shortOid(to)} by commit ${shortOid(commit)}\n`;
  tell({ commit, message, active: end === 'active' }, text);
  if (end === 'suspended') stderr.write(`${suspendedText(repository, domain)}\n`);
  stderr.write(`this checkout is as it was: \`git pull\` brings the commit\n`);
  return EXIT.ok;
}

/** The head of the branch where it is pushed to, with its commits fetched; no ref of the checkout is touched. */
async function fetchHead(git: CheckoutGit, { remote, options }: PushTarget, branch: string): Promise<Oid> {
  const ref = `refs/heads/${branch}`;
  const listed = await git.run(...options, 'ls-remote', remote, ref);
  const head = listed
    .split('\n')
    .find((line) => line.endsWith(`\t${ref}`))
    ?.slice(0, 40);
  if (head === undefined) throw new FailedError(`there is no branch ${printable(branch)} to roll back`);
  await git.run(...options, 'fetch', '--quiet', '--no-tags', '--no-write-fetch-head', remote, ref);
  return head;
}

/** What was active before the head of the branch; what is active, where that head is not. */
function lastGood({ name, status: { lastApplied, history = [] } }: Domain, head: Oid): Oid {
  const commit = lastApplied === head ? history.find((entry) => entry.commit !== head)?.commit : lastApplied;
  if (commit === undefined) throw new UsageError(`nothing was active in ${name} before`, 'name a commit with --to');
  return commit;
}

async function wantedCommit(
  { cluster }: Connected,
  git: CheckoutGit,
  { remote, options }: PushTarget,
  repository: Repository,
  wanted: string,
): Promise<Oid> {
  const revision = await resolveRevision(cluster, wanted, repository.metadata.name);
  const commit = revision?.spec.commit ?? (await git.commit(wanted));
  if (commit === undefined || revision?.spec.rejected === true) {
    const why = commit === undefined ? 'is not known here' : 'was rejected';
    throw new FailedError(`"${printable(wanted)}" ${why}`, '`pipectl revisions` lists what was registered');
  }
  // A branch that was moved by force no longer leads there.
  if ((await git.commit(commit)) === undefined) {
    await git.run(...options, 'fetch', '--quiet', '--no-tags', '--no-write-fetch-head', remote, commit);
  }
  return commit;
}

async function treeOf(git: CheckoutGit, commit: Oid): Promise<Oid> {
  return (await git.run('rev-parse', '--verify', `${commit}^{tree}`)).trim();
}

/** Signed where the repository asks for signatures, and where the user's git signs commits. */
async function makeCommit(
  git: CheckoutGit,
  { to, head, isSigned }: { readonly to: Oid; readonly head: Oid; readonly isSigned: boolean },
  message: string,
): Promise<Oid> {
  // commit-tree takes no notice of the setting by which `git commit` signs.
  const signs = isSigned || (await git.tell('config', '--bool', 'commit.gpgsign')).stdout.trim() === 'true';
  const args = ['-p', head, '-m', message, `${to}^{tree}`];
  return (await git.run('commit-tree', ...(signs ? ['-S'] : []), ...args)).trim();
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${printable(line)}`))
    .join('\n');
}

const SHOWN_TIMEOUT_MS = 60_000;

interface Pushed {
  readonly domain: Domain;
  readonly commit: Oid;
}

/**
 * Until the domain shows the pushed commit. Where the push went elsewhere, the control plane hears of it now instead of
 * at the next poll. Errors: FailedError when it is not shown: the commit is pushed all the same.
 */
async function awaitActive(
  context: CommandContext,
  session: Connected,
  { metadata: { name } }: Repository,
  { domain, commit }: Pushed,
): Promise<'active' | 'suspended' | 'interrupted'> {
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
  const repository = await session.cluster.get<Repository>(key);
  if (repository.spec.suspended === true) return 'suspended';
  if (repository.status?.domains?.[domain.name]?.lastApplied === commit) return 'active';
  const at = await requestSync(context, session, repository);
  const end = await awaitSync(context, session, name, { at, timeoutMs: SHOWN_TIMEOUT_MS });
  if (end.kind === 'done') return 'active';
  if (end.kind === 'interrupted') return 'interrupted';
  throw new FailedError(
    `commit ${shortOid(commit)} is pushed, but ${name} does not show it: ${end.message}`,
    `\`pipectl status ${name}\``,
  );
}

function suspendedText({ metadata: { name } }: Repository, { name: domain, status }: Domain): string {
  const stays = status.lastApplied === undefined ? 'shows nothing' : `stays at ${shortOid(status.lastApplied)}`;
  return `${domain} ${stays}: repository ${name} is suspended; \`pipectl resume repository/${name}\` applies it`;
}
