import { trackedDomains } from '../../client/index.ts';
import type { Repository } from '../../cluster/index.ts';
import { shortOid } from '../../git/index.ts';
import { repositoryFor } from '../choose-repository.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError } from '../errors.ts';
import { awaitSync, requestSync } from '../sync-repository.ts';
import { printable, type Terminal } from '../terminal.ts';
import { wantedTimeout } from '../wanted-timeout.ts';

const DEFAULT_TIMEOUT_MS = 300_000;

/** `pipectl sync [REPOSITORY]`: polls and reconciles now, and with --wait tells when it is done. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const timeoutMs = wantedTimeout(input, DEFAULT_TIMEOUT_MS);
  const session = await context.session();
  const repository = await repositoryFor(context, session, input.arguments[0]);
  const { name } = repository.metadata;
  if (repository.spec.suspended === true) {
    throw new FailedError(`repository ${name} is suspended`, `\`pipectl resume repository/${name}\` lets it go on`);
  }
  const at = await requestSync(context, session, repository);
  if (!input.flag('wait')) {
    context.stdout.write(`repository ${name} is looked at now; \`pipectl status ${name}\` tells the outcome\n`);
    return EXIT.ok;
  }
  const end = await awaitSync(context, session, name, { at, timeoutMs });
  switch (end.kind) {
    case 'done':
      printDomains(context.stdout, end.repository);
      return EXIT.ok;
    case 'interrupted':
      return EXIT.interrupted;
    case 'failed':
      throw new FailedError(`repository ${name} could not be synced: ${end.message}`);
    case 'timedOut':
      throw new FailedError(`repository ${name} was not synced in time: ${end.message}`, 'it is tried on');
  }
}

function printDomains(stdout: Terminal, repository: Repository): void {
  const domains = trackedDomains(repository);
  for (const { name, status } of domains) {
    const where =
      status.lastApplied === undefined ? `waits for ${printable(status.ref)}` : `is at ${shortOid(status.lastApplied)}`;
    stdout.write(`${name} ${where}\n`);
  }
  if (domains.length === 0) stdout.write(`repository ${repository.metadata.name} has no commit yet\n`);
}
