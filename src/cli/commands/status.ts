import { type Connected, findCheckout, listRepositories, revisionsOf } from '../../client/index.ts';
import type { Repository } from '../../cluster/index.ts';
import { repositoryFor } from '../choose-repository.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { describeRepository, isHealthy, namedCommits } from '../describe-repository.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { jsonText } from '../object-text.ts';
import { suspensionOf } from '../suspension.ts';

/** `pipectl status [REPOSITORY]`: what git says, what is active, and what is between them. Exit 1 when anything is. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { stdout, stderr, clock } = context;
  const session = await context.session();
  const repositories = await meant(context, session, input.arguments[0]);
  if (input.text('output') === 'json') {
    stdout.write(jsonText(repositories.map((repository) => summary(repository))));
  } else if (repositories.length === 0) {
    stderr.write('No repositories found.\n');
  } else {
    const texts: string[] = [];
    for (const repository of repositories) {
      const revisions = await revisionsOf(session.cluster, repository.metadata.name, namedCommits(repository));
      texts.push(describeRepository({ repository, revisions, now: clock.now() }, stdout));
    }
    stdout.write(texts.join('\n'));
  }
  return repositories.every(isHealthy) ? EXIT.ok : EXIT.failed;
}

async function meant(
  context: CommandContext,
  session: Connected,
  word: string | undefined,
): Promise<readonly Repository[]> {
  const isAsked = word !== undefined || context.global.namespace !== undefined;
  if (isAsked || (await findCheckout(context.cwd)) !== undefined) return [await repositoryFor(context, session, word)];
  return listRepositories(session.cluster);
}

function summary(repository: Repository): unknown {
  const { metadata, spec, status } = repository;
  return {
    name: metadata.name,
    healthy: isHealthy(repository),
    suspended: spec.suspended === true,
    suspension: suspensionOf(repository) ?? null,
    project: status?.project ?? null,
    domains: status?.domains ?? {},
    source: status?.source ?? null,
    conditions: status?.conditions ?? [],
  };
}
