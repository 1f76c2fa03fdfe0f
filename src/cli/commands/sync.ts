import { type Connected, domainIn, trackedDomains } from '../../client/index.ts';
import { ANNOTATION, patchObject, type Repository, SYSTEM_NAMESPACE } from '../../cluster/index.ts';
import { shortOid } from '../../git/index.ts';
import { repositoryFor } from '../choose-repository.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from '../errors.ts';
import { jsonText } from '../object-text.ts';
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
  if (input.flag('confirmRemovals')) await confirmRemovals(context, session, repository);
  const isJson = input.text('output') === 'json';
  const at = await requestSync(context, session, repository);
  if (!input.flag('wait')) {
    const text = `repository ${name} is looked at now; \`pipectl status ${name}\` tells the outcome\n`;
    context.stdout.write(isJson ? jsonText({ name, requestedAt: at }) : text);
    return EXIT.ok;
  }
  const end = await awaitSync(context, session, name, { at, timeoutMs });
  switch (end.kind) {
    case 'done':
      if (isJson)
        context.stdout.write(jsonText({ name, requestedAt: at, domains: end.repository.status?.domains ?? {} }));
      else printDomains(context.stdout, end.repository);
      return EXIT.ok;
    case 'interrupted':
      return EXIT.interrupted;
    case 'failed':
      throw new FailedError(`repository ${name} could not be synced: ${end.message}`);
    case 'timedOut':
      throw new FailedError(`repository ${name} was not synced in time: ${end.message}`, 'it is tried on');
  }
}

/** Lets the removals go on that wait for a person in one domain: those of its commit, and of no later one. */
async function confirmRemovals(
  { global, stderr }: CommandContext,
  { cluster }: Connected,
  repository: Repository,
): Promise<void> {
  const { name } = repository.metadata;
  const named = global.namespace === undefined ? undefined : domainIn(repository, global.namespace)?.name;
  const waiting = trackedDomains(repository).filter(
    ({ name: domain, status }) =>
      (named === undefined || domain === named) &&
      (status.pruneHeld !== undefined || (status.waiting ?? []).length > 0),
  );
  const [domain, ...others] = waiting;
  if (domain?.status.desired === undefined) throw new FailedError(`nothing of repository ${name} waits to be removed`);
  if (others.length > 0) {
    const names = waiting.map(({ namespace }) => namespace).join(', ');
    throw new UsageError('removals wait in several domains', `choose one with -n: ${names}`);
  }
  const { desired } = domain.status;
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
  await patchObject(cluster, key, { metadata: { annotations: { [ANNOTATION.pruneConfirmed]: desired } } });
  stderr.write(`what ${shortOid(desired)} removes from ${domain.name} is confirmed\n`);
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
