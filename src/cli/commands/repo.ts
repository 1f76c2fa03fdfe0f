import { type Connected, listRepositories } from '../../client/index.ts';
import { AlreadyExistsError, columnsOf, createObject, type Repository, rowOf } from '../../cluster/index.ts';
import { repositoryFor, repositoryName } from '../choose-repository.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from '../errors.ts';
import { jsonText } from '../object-text.ts';
import { gitHost } from '../push-target.ts';
import { removeRepository } from '../remove-repository.ts';
import { repositoryFrom } from '../repository-from.ts';
import { renderTable } from '../table.ts';
import { printable } from '../terminal.ts';

/** `pipectl repo add|list|remove`: which repositories this control plane makes active. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [action = '', name, url] = input.arguments;
  switch (action) {
    case 'add':
      return add(context, input, name, url);
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

async function add(
  context: CommandContext,
  input: CommandInput,
  word: string | undefined,
  url: string | undefined,
): Promise<ExitCode> {
  const { stdout, stderr } = context;
  const repository = repositoryFrom(context, input, word, url);
  const { name } = repository.metadata;
  const { source, webhook } = repository.spec;
  const { cluster, server } = await context.session();
  try {
    await createObject<Repository>(cluster, repository);
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
