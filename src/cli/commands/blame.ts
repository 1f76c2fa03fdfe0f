import { StalledError, variantName, WaitError } from '../../base/index.ts';
import {
  type Blame,
  blameEntity,
  type CheckoutGit,
  domainIn,
  findCheckout,
  logCommit,
  mergeOf,
  openCheckoutGit,
  type PullRequest,
  pullRequestOf,
  unlessRefused,
} from '../../client/index.ts';
import { type CommitIndex, type IndexEntry, keyOfEntry } from '../../compiler/index.ts';
import { type Oid, shortOid } from '../../git/index.ts';
import { suggest } from '../../language/index.ts';
import { blameByRevision } from '../blame-by-revision.ts';
import { repositoryFor } from '../choose-repository.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from '../errors.ts';
import { factLines } from '../facts.ts';
import { jsonText } from '../object-text.ts';
import { kindOf, namespaceFor } from '../scope.ts';
import { paint, printable, type Terminal } from '../terminal.ts';

/** `pipectl blame [KIND/]NAME`: the commit that made a definition what it is, its author and its pull request. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { stdout, stderr } = context;
  const word = parseWord(input.arguments[0] ?? '');
  const start = await findStart(context, input.text('rev'));
  const blamed = start === undefined ? await blameByRevision(context, word) : await blameByGit(context, start, word);
  if (input.text('output') === 'json') stdout.write(jsonText(blamed));
  else stdout.write(blamed.map((one) => blamedText(one, stdout)).join('\n'));
  if (start === undefined) {
    stderr.write('a push may have brought several commits: run it in a checkout to learn which one it was\n');
  }
  return EXIT.ok;
}

/** An entity by name, of a kind when one is given. */
export interface EntityWord {
  readonly kind?: string;
  readonly name: string;
}

/** What is told of one entity; JSON as it is. */
export interface Blamed {
  readonly kind: string;
  readonly name: string;
  readonly file: string;
  /** Absent when it did not change in the commits that are here. */
  readonly commit?: Oid;
  readonly subject?: string;
  readonly author?: string;
  readonly at?: string;
  /** `added` by the commit, or `changed`. */
  readonly what?: 'added' | 'changed';
  readonly before?: Oid;
  readonly pullRequest?: PullRequest;
}

function parseWord(word: string): EntityWord {
  const slash = word.indexOf('/');
  if (slash < 0) return { name: word };
  const name = word.slice(slash + 1);
  if (name === '') throw new UsageError('blame which definition?', 'for example workflow/etl');
  return { kind: kindOf(word.slice(0, slash)).kind, name };
}

interface Start {
  readonly git: CheckoutGit;
  readonly commit: Oid;
}

/** Where to begin: --rev, else the active commit when this checkout has it, else HEAD when no control plane answers. */
async function findStart(context: CommandContext, rev: string | undefined): Promise<Start | undefined> {
  const checkout = await findCheckout(context.cwd);
  if (checkout === undefined) {
    if (rev === undefined) return undefined;
    throw new UsageError('--rev names a commit of a checkout, and this is none', 'run it in one');
  }
  const git = openCheckoutGit(checkout.root, context.env);
  const wanted = rev ?? (await activeCommit(context)) ?? 'HEAD';
  const commit = await git.commit(wanted);
  if (commit !== undefined) return { git, commit };
  if (rev !== undefined) throw new FailedError(`there is no commit "${printable(rev)}" here`, '`git log` lists them');
  return undefined;
}

async function activeCommit(context: CommandContext): Promise<Oid | undefined> {
  try {
    const session = await context.session();
    const repository = await repositoryFor(context, session, undefined);
    const namespace = (await namespaceFor(context, session, 'Workflow')) ?? '';
    return domainIn(repository, namespace)?.status.lastApplied;
  } catch (error) {
    // Nobody to ask, or nothing registered: history tells by itself.
    if (error instanceof WaitError || error instanceof FailedError) return undefined;
    throw error;
  }
}

async function blameByGit(
  context: CommandContext,
  { git, commit }: Start,
  word: EntityWord,
): Promise<readonly Blamed[]> {
  const readIndex = indexReader(context, git);
  const index = await readIndex(commit);
  if (index === undefined) {
    throw new FailedError(
      `commit ${shortOid(commit)} does not compile`,
      `\`pipectl validate --rev ${shortOid(commit)}\` tells why`,
    );
  }
  const remote = (await unlessRefused(git.run('remote', 'get-url', 'origin')))?.trim();
  const blamed: Blamed[] = [];
  for (const entry of entriesOf(index, word, commit)) {
    const blame = await blameEntity(git, readIndex, commit, keyOfEntry(entry));
    if (blame.kind !== 'absent') blamed.push(await factsOf(git, commit, blame, remote));
  }
  return blamed;
}

function entriesOf({ entries }: CommitIndex, { kind, name }: EntityWord, commit: Oid) {
  const all = [...entries.values()].filter((entry) => entry.kind !== 'Project');
  // One name may be several definitions, each for its domains: `load@production` is one of them.
  const isMeant = (entry: IndexEntry): boolean => entry.name === name || keyOfEntry(entry) === `${entry.kind}/${name}`;
  const found = all.filter((entry) => isMeant(entry) && (kind === undefined || entry.kind === kind));
  if (found.length > 0) return found.sort((a, b) => (a.kind < b.kind ? -1 : 1));
  const meant = suggest(
    name,
    all.map((entry) => entry.name),
  );
  throw new FailedError(
    `commit ${shortOid(commit)} has no ${kind ?? 'definition'} "${printable(name)}"`,
    meant === undefined ? undefined : `did you mean "${meant}"?`,
  );
}

/** Compiles commits, each once. */
function indexReader({ ports, env }: CommandContext, { root }: CheckoutGit) {
  const known = new Map<Oid, Promise<CommitIndex | undefined>>();
  const read = async (rev: Oid): Promise<CommitIndex | undefined> => {
    try {
      const revision = await ports.openRevision({ cwd: root, rev, env });
      try {
        const compiled = await revision.compile();
        return compiled.kind === 'compiled' ? compiled.outcome.index : undefined;
      } finally {
        revision.close();
      }
    } catch (error) {
      // Before there was a project in it.
      if (error instanceof StalledError && error.reason === 'NoProject') return undefined;
      throw error;
    }
  };
  return (commit: Oid): Promise<CommitIndex | undefined> => {
    const index = known.get(commit) ?? read(commit);
    known.set(commit, index);
    return index;
  };
}

async function factsOf(
  git: CheckoutGit,
  start: Oid,
  blame: Exclude<Blame, { kind: 'absent' }>,
  remote?: string,
): Promise<Blamed> {
  const { kind, file } = blame.entry;
  const name = variantName(blame.entry.name, blame.entry.domains);
  if (blame.kind === 'beyond') return { kind, name, file };
  const logged = await logCommit(git, blame.commit);
  const merge = await mergeOf(git, blame.commit, start);
  const request = pullRequestOf(logged.message, remote) ?? (merge && pullRequestOf(merge.message, remote));
  return {
    kind,
    name,
    file,
    commit: blame.commit,
    subject: logged.subject,
    author: logged.author,
    at: logged.authoredAt,
    what: blame.isNew ? 'added' : 'changed',
    ...(blame.before !== undefined && { before: blame.before }),
    ...(request !== undefined && { pullRequest: request }),
  };
}

function blamedText(blamed: Blamed, terminal: Terminal): string {
  const { kind, name, file, commit, subject, author, at, what, before, pullRequest } = blamed;
  const title = ['Definition', paint(terminal, 'bold', `${kind}/${printable(name)}`)] as const;
  if (commit === undefined) {
    return `${factLines(terminal, [title, ['File', printable(file)], ['Changed', 'not in the commits that are here']]).join('\n')}\n`;
  }
  const request = pullRequest && [pullRequest.id, pullRequest.url].filter((part) => part !== undefined).join(' ');
  const compare =
    before === undefined || what === 'added' ? undefined : `pipectl diff ${shortOid(before)}..${shortOid(commit)}`;
  const facts = factLines(terminal, [
    title,
    [what === 'added' ? 'Added by' : 'Changed by', `${shortOid(commit)} ${printable(subject ?? '')}`],
    ['Author', printable(author ?? '')],
    ['Date', at],
    ['Pull request', request === undefined ? undefined : printable(request)],
    ['File', printable(file)],
    ['Compare', compare],
  ]);
  return `${facts.join('\n')}\n`;
}
