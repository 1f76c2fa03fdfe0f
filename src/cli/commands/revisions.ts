import {
  type Connected,
  findCheckout,
  listAll,
  listRepositories,
  trackedDomains,
  type Versions,
  versionsOf,
} from '../../client/index.ts';
import { age, LABEL, type Repository, type Revision, SYSTEM_NAMESPACE } from '../../cluster/index.ts';
import { isRepositoryName, shortOid } from '../../git/index.ts';
import { repositoryFor, repositoryName } from '../choose-repository.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { authorName } from '../describe-repository.ts';
import { EXIT, type ExitCode, FailedError } from '../errors.ts';
import { countWords } from '../kind-words.ts';
import { jsonText } from '../object-text.ts';
import { kindOf, namespaceFor } from '../scope.ts';
import { renderTable, type TableColumn } from '../table.ts';
import { paint, printable } from '../terminal.ts';

const DEFAULT_LIMIT = 20;

/** `pipectl revisions [REPOSITORY]`: commits as they were registered or rejected, newest first. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { stdout, stderr } = context;
  const limit = input.integer('limit', { min: 1, max: 100_000 }) ?? DEFAULT_LIMIT;
  const session = await context.session();
  const { repository, items } = await meant(context, session, input.arguments[0]);
  const wanted = input.flag('rejected') ? items.filter(({ spec }) => spec.rejected === true) : items;
  const sorted = [...wanted].sort(newestFirst);
  const of = input.text('of');
  const { revisions, isCut } =
    of === undefined
      ? { revisions: sorted.slice(0, limit), isCut: sorted.length > limit }
      : await versions(context, session, sorted, of, limit);
  const format = input.text('output') ?? 'table';
  if (format === 'json') stdout.write(jsonText({ apiVersion: 'v1', kind: 'List', items: revisions }));
  else if (format === 'name') for (const { metadata } of revisions) stdout.write(`${metadata.name}\n`);
  else if (revisions.length === 0) stderr.write('No revisions found.\n');
  else stdout.write(`${table(context, revisions, repository, format === 'wide').join('\n')}\n`);
  if (isCut && format !== 'json' && format !== 'name') {
    const count = of === undefined ? `${wanted.length - revisions.length} older ones` : 'older ones, if there are any,';
    stderr.write(`${count} are not shown: --limit\n`);
  }
  return EXIT.ok;
}

/** Of revisions, those that made a definition what it is or was. */
async function versions(
  context: CommandContext,
  session: Connected,
  revisions: readonly Revision[],
  word: string,
  limit: number,
): Promise<Versions> {
  const slash = word.indexOf('/');
  const { kind } = kindOf(slash < 0 ? 'workflow' : word.slice(0, slash));
  const name = word.slice(slash + 1);
  const namespace = (await namespaceFor(context, session, kind)) ?? '';
  const found = await versionsOf(session.cluster, revisions, { kind, name, namespace, limit });
  if (found.revisions.length > 0 || found.isCut) return found;
  throw new FailedError(
    `no revision has a ${kind} "${printable(name)}" for ${namespace}`,
    '`pipectl get` lists what is active',
  );
}

interface Meant {
  readonly repository?: Repository;
  readonly items: readonly Revision[];
}

/** Revisions of the repository that is meant. One whose first push was rejected is not there, but what was wrong is. */
async function meant(context: CommandContext, session: Connected, word: string | undefined): Promise<Meant> {
  const list = async (name: string | undefined): Promise<readonly Revision[]> => {
    const labelSelector = name === undefined ? undefined : `${LABEL.repository}=${name}`;
    const options = { namespace: SYSTEM_NAMESPACE, ...(labelSelector !== undefined && { labelSelector }) };
    return (await listAll<Revision>(session.cluster, 'Revision', options)).items;
  };
  try {
    const repository = await optionalRepository(context, session, word);
    return repository === undefined
      ? { items: await list(undefined) }
      : { repository, items: await list(repository.metadata.name) };
  } catch (error) {
    const name = word === undefined ? undefined : repositoryName(word);
    const isPossible = name === undefined ? context.global.namespace === undefined : isRepositoryName(name);
    if (!(error instanceof FailedError) || !isPossible) throw error;
    const known = new Set((await listRepositories(session.cluster)).map(({ metadata }) => metadata.name));
    const items = (await list(name)).filter(({ spec }) => !known.has(spec.repository));
    if (items.length === 0) throw error;
    return { items };
  }
}

/** Without a name, and outside a checkout, revisions of all. */
async function optionalRepository(
  context: CommandContext,
  session: Connected,
  word: string | undefined,
): Promise<Repository | undefined> {
  const isAsked = word !== undefined || context.global.namespace !== undefined;
  if (!isAsked && (await findCheckout(context.cwd)) === undefined) return undefined;
  return repositoryFor(context, session, word);
}

function newestFirst(a: Revision, b: Revision): number {
  const [left, right] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  // Commits of one push were registered in the same second.
  if (left === right && a.spec.committedAt !== b.spec.committedAt) {
    return a.spec.committedAt < b.spec.committedAt ? 1 : -1;
  }
  // Both times are in seconds. A revision never changes, so its version tells when it came.
  if (left === right) return Number(b.metadata.resourceVersion ?? 0) - Number(a.metadata.resourceVersion ?? 0);
  return left < right ? 1 : -1;
}

const COLUMNS: readonly TableColumn[] = [
  { title: 'COMMIT', priority: 100 },
  { title: 'STATUS', priority: 90, minWidth: 10 },
  { title: 'AGE', priority: 70, minWidth: 3 },
  { title: 'AUTHOR', priority: 60 },
  { title: 'SUBJECT', priority: 80, minWidth: 16 },
];
const WIDE: readonly TableColumn[] = [
  { title: 'REPOSITORY', priority: 50 },
  { title: 'REFS', priority: 40 },
  { title: 'DEFINITIONS', priority: 30 },
];

function table(
  { stdout, clock }: CommandContext,
  revisions: readonly Revision[],
  repository: Repository | undefined,
  isWide: boolean,
): readonly string[] {
  const active = activeIn(repository);
  const rows = revisions.map(({ metadata, spec }) => [
    shortOid(spec.commit),
    spec.rejected === true ? 'rejected' : (active.get(spec.commit) ?? 'registered'),
    age(metadata.creationTimestamp, clock.now()),
    printable(authorName(spec.author)),
    printable(spec.subject === '' ? (spec.diagnostics?.[0]?.message ?? '') : spec.subject),
    ...(isWide
      ? [
          spec.repository,
          printable(spec.refs.join(',').replaceAll('refs/heads/', '')),
          countWords(Object.entries(spec.counts ?? {})),
        ]
      : []),
  ]);
  return renderTable(isWide ? [...COLUMNS, ...WIDE] : COLUMNS, rows, {
    columns: stdout.columns,
    header: true,
    style: (text, column, row) => {
      if (column !== 1) return text;
      const status = rows[row]?.[1] ?? '';
      return status === 'rejected'
        ? paint(stdout, 'red', text)
        : status === 'registered'
          ? text
          : paint(stdout, 'green', text);
    },
  });
}

/** Commit → the domains in which it is active, in words. */
function activeIn(repository: Repository | undefined): ReadonlyMap<string, string> {
  const domains = new Map<string, string[]>();
  for (const { name, status } of repository === undefined ? [] : trackedDomains(repository)) {
    if (status.lastApplied === undefined) continue;
    domains.set(status.lastApplied, [...(domains.get(status.lastApplied) ?? []), name]);
  }
  return new Map([...domains].map(([commit, names]) => [commit, `active in ${names.join(', ')}`]));
}
