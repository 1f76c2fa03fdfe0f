import { type Connected, listRepositories } from '../../client/index.ts';
import {
  AlreadyExistsError,
  API_VERSION,
  columnsOf,
  createObject,
  type Repository,
  type RepositorySource,
  rowOf,
  SYSTEM_NAMESPACE,
} from '../../cluster/index.ts';
import { parseDuration } from '../../language/index.ts';
import { repositoryFor, repositoryName } from '../choose-repository.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { withoutCredentials } from '../describe-repository.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from '../errors.ts';
import { jsonText } from '../object-text.ts';
import { gitHost } from '../push-target.ts';
import { removeRepository } from '../remove-repository.ts';
import { renderTable } from '../table.ts';
import { printable } from '../terminal.ts';

/** `pipectl repo add|list|remove`: which repositories this control plane makes active. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [action = '', name, url] = input.arguments;
  switch (action) {
    case 'add':
      if (name !== undefined) return add(context, input, name, url);
      throw new UsageError('add which repository?', 'pipectl repo add NAME [URL]');
    case 'list':
      if (name === undefined) return list(context, input);
      throw new UsageError('list takes no name', '`pipectl status NAME` tells about one');
    case 'remove':
      if (name === undefined || url !== undefined)
        throw new UsageError('remove which repository?', 'pipectl repo remove NAME');
      return remove(context, input, name);
    default:
      throw new UsageError(`there is no "${printable(action)}" of repositories`, 'add, list or remove');
  }
}

/** As git URLs name a repository: an RFC 1123 label. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

async function add(
  context: CommandContext,
  input: CommandInput,
  name: string,
  url: string | undefined,
): Promise<ExitCode> {
  const { stdout, stderr } = context;
  if (!NAME.test(name)) {
    throw new UsageError(
      `"${printable(name)}" cannot name a repository`,
      'at most 63 lower-case letters, digits and "-"',
    );
  }
  const source = sourceOf(input, url);
  const webhook = webhookOf(input);
  if (webhook !== undefined && source.kind === 'push') {
    throw new UsageError('a webhook is for a repository that is polled', 'give its URL after the name');
  }
  const { cluster, server } = await context.session();
  try {
    await createObject<Repository>(cluster, {
      apiVersion: API_VERSION,
      kind: 'Repository',
      metadata: { namespace: SYSTEM_NAMESPACE, name },
      spec: { source, ...(webhook !== undefined && { webhook }) },
    });
  } catch (error) {
    if (!(error instanceof AlreadyExistsError)) throw error;
    throw new FailedError(`there is a repository ${name} already`, `\`pipectl status ${name}\` tells about it`);
  }
  stdout.write(`repository ${name} is added\n`);
  if (source.kind === 'push') stderr.write(`push to ${gitHost(server)}/git/${name}.git\n`);
  else stderr.write(`it is polled now; \`pipectl sync ${name} --wait\` waits for its first commit\n`);
  if (webhook !== undefined) stderr.write(`its webhook is POST ${gitHost(server)}/webhooks/${name}\n`);
  return EXIT.ok;
}

function sourceOf(input: CommandInput, url: string | undefined): RepositorySource {
  const secret = input.text('secret');
  const refs = input.list('ref');
  const interval = durationOf(input, 'interval', 'interval');
  const timeout = durationOf(input, 'fetchTimeout', 'fetch-timeout');
  const depth = input.integer('depth', { min: 1, max: 1_000_000 });
  if (url === undefined) {
    const isRemote = [secret, interval, timeout, depth].some((value) => value !== undefined) || refs.length > 0;
    if (isRemote)
      throw new UsageError('these options are for a repository that is polled', 'give its URL after the name');
    return { kind: 'push' };
  }
  if (withoutCredentials(url) !== url && !/^ssh:/i.test(url)) {
    throw new UsageError(
      `${withoutCredentials(url)}: the URL holds credentials`,
      'put them into a secret, and name it with --secret',
    );
  }
  return {
    kind: 'remote',
    url,
    ...(interval !== undefined && { interval }),
    ...(timeout !== undefined && { timeout }),
    ...(secret !== undefined && { credentials: { secret } }),
    ...(refs.length > 0 && { refs }),
    ...(depth !== undefined && { depth }),
  };
}

function durationOf(input: CommandInput, option: string, flag: string): string | undefined {
  const text = input.text(option);
  if (text === undefined || parseDuration(text).kind === 'ok') return text;
  throw new UsageError(`--${flag} ${text}: not a duration`, 'for example 30s or 5m');
}

function webhookOf(input: CommandInput): Repository['spec']['webhook'] {
  const [provider, secret] = [input.text('webhook'), input.text('webhookSecret')];
  if (provider === undefined && secret === undefined) return undefined;
  const [name = '', key = '', ...rest] = (secret ?? '').split('/');
  if (provider === undefined || name === '' || key === '' || rest.length > 0) {
    throw new UsageError('a webhook wants both --webhook HOST and --webhook-secret NAME/KEY');
  }
  return { provider: provider as 'github' | 'gitlab' | 'gitea', secret: { name, key } };
}

async function list(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { stdout, stderr, clock } = context;
  const { cluster } = await context.session();
  const repositories = await listRepositories(cluster);
  const format = input.text('output') ?? 'table';
  if (format === 'json') stdout.write(jsonText({ apiVersion: 'v1', kind: 'List', items: repositories }));
  else if (format === 'name') for (const { metadata } of repositories) stdout.write(`${metadata.name}\n`);
  else if (repositories.length === 0) stderr.write('No repositories found.\n');
  else {
    const columns = columnsOf('Repository').filter(({ wide }) => wide !== true);
    const titles = columns.map(({ name }, at) => ({ title: name.toUpperCase(), priority: 100 - at }));
    const rows = repositories.map((repository) =>
      rowOf(columns, repository, clock.now()).map((cell) => printable(String(cell))),
    );
    stdout.write(`${renderTable(titles, rows, { columns: stdout.columns, header: true }).join('\n')}\n`);
  }
  return EXIT.ok;
}

async function remove(context: CommandContext, input: CommandInput, word: string): Promise<ExitCode> {
  const session: Connected = await context.session();
  const repository = await repositoryFor(context, session, repositoryName(word));
  return removeRepository(context, session, repository, input.flag('prune'));
}
