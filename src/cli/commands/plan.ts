import { StalledError, WaitError } from '../../base/index.ts';
import {
  type CheckoutGit,
  type Connected,
  type Domain,
  findCheckout,
  openCheckoutGit,
  resolveRevision,
} from '../../client/index.ts';
import { isEmptyPlan, type PlanSummary, planLines, type Repository, readPlanLines } from '../../cluster/index.ts';
import { type Oid, planRef, shortOid } from '../../git/index.ts';
import { domainFor } from '../choose-domain.ts';
import { repositoryFor } from '../choose-repository.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from '../errors.ts';
import { jsonText } from '../object-text.ts';
import { pushTarget, remoteLines } from '../push-target.ts';
import { paint, printable, type Terminal } from '../terminal.ts';

/** `pipectl plan [--rev REV]`: what a commit would change. Exit 0: nothing, 1: something, 2: it cannot be told. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { stdout, stderr } = context;
  try {
    const session = await context.session();
    const repository = await repositoryFor(context, session, undefined);
    const domain = await domainFor(context, session, repository);
    const { commit, git } = await wantedCommit(context, session, repository, domain, input.text('rev'));
    const plan = await planOf(context, input, { session, repository, domain, commit, git });
    if (input.text('output') === 'json')
      stdout.write(jsonText({ commit, active: domain.status.lastApplied ?? null, ...plan }));
    else printPlan(stdout, commit, plan);
    if (git !== undefined && input.text('rev') === undefined) await warnOfChanges(stderr, git);
    return isEmptyPlan(plan) ? EXIT.ok : EXIT.failed;
  } catch (error) {
    if (error instanceof UsageError || error instanceof StalledError || error instanceof WaitError) throw error;
    // As with kubectl diff, 1 says that something differs, and no error may say that.
    const help = error instanceof FailedError ? error.help : undefined;
    throw new UsageError(error instanceof Error ? error.message : String(error), help);
  }
}

interface Wanted {
  readonly commit: Oid;
  /** The checkout that has it; absent: the control plane has it. */
  readonly git?: CheckoutGit;
}

/** A commit of the checkout, else one that is registered; by default HEAD, else what the domain tracks. */
async function wantedCommit(
  { cwd, env }: CommandContext,
  { cluster }: Connected,
  repository: Repository,
  { status }: Domain,
  rev: string | undefined,
): Promise<Wanted> {
  const checkout = await findCheckout(cwd);
  const isOwn =
    checkout !== undefined && (repository.status?.project ?? checkout.project.name) === checkout.project.name;
  if (isOwn) {
    const git = openCheckoutGit(checkout.root, env);
    const commit = await git.commit(rev ?? 'HEAD');
    if (commit !== undefined) return { commit, git };
  }
  if (rev === undefined) {
    if (status.desired !== undefined) return { commit: status.desired };
    throw new FailedError('no commit is registered yet', 'name one with --rev, in a checkout');
  }
  const revision = await resolveRevision(cluster, rev, repository.metadata.name);
  if (revision !== undefined) return { commit: revision.spec.commit };
  throw new FailedError(
    `"${printable(rev)}" is neither a commit here nor registered`,
    '`pipectl revisions` lists those',
  );
}

interface PlanRequest extends Wanted {
  readonly session: Connected;
  readonly repository: Repository;
  readonly domain: Domain;
}

async function planOf(context: CommandContext, input: CommandInput, request: PlanRequest): Promise<PlanSummary> {
  const { session, repository, domain, commit, git } = request;
  const revision = await resolveRevision(session.cluster, commit, repository.metadata.name);
  if (revision?.spec.rejected === true) {
    throw new FailedError(
      `commit ${shortOid(commit)} was rejected`,
      `\`pipectl describe revision ${shortOid(commit)}\` tells why`,
    );
  }
  if (revision !== undefined) {
    const { cluster } = session;
    return context.ports.planRevision({ cluster, repository, namespace: domain.namespace, commit });
  }
  if (git === undefined || repository.spec.source.kind === 'remote') {
    throw new FailedError(
      `commit ${shortOid(commit)} is not registered`,
      'push it to any branch of the repository first',
    );
  }
  return planByPush(context, input, { ...request, git });
}

/** Sends the commit to the control plane, which compiles it, answers with a plan and refuses it. */
async function planByPush(
  context: CommandContext,
  input: CommandInput,
  { session, repository, domain, commit, git }: PlanRequest & { readonly git: CheckoutGit },
): Promise<PlanSummary> {
  const { remote, options } = await pushTarget(context, session, git, repository, input.text('remote'));
  const refspec = `${commit}:${planRef(domain.name)}`;
  const { stderr } = await git.tell(...options, 'push', '--no-verify', '--quiet', remote, refspec);
  const lines = remoteLines(stderr);
  const plan = readPlanLines(lines);
  if (plan !== undefined) return plan;
  for (const line of lines) context.stderr.write(`${printable(line)}\n`);
  const why = lines.length > 0 ? 'it is told above' : printable(stderr.trim().split('\n').at(-1) ?? '');
  throw new FailedError(`there is no plan of commit ${shortOid(commit)}`, why);
}

function printPlan(stdout: Terminal, commit: Oid, plan: PlanSummary): void {
  const [head = '', ...rest] = planLines(plan);
  stdout.write(`${shortOid(commit)} in ${head}\n`);
  for (const line of rest) {
    const word = /^ {2}(\w+)/.exec(line)?.[1];
    const style = word === 'create' ? 'green' : word === 'remove' ? 'red' : 'yellow';
    stdout.write(`${paint(stdout, style, printable(line))}\n`);
  }
}

async function warnOfChanges(stderr: Terminal, git: CheckoutGit): Promise<void> {
  const changed = (await git.run('status', '--porcelain', '--untracked-files=normal')).trim();
  if (changed !== '') stderr.write('changes that are not committed are not in it\n');
}
