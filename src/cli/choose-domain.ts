import { type Connected, type Domain, domainIn, trackedDomains } from '../client/index.ts';
import type { Repository } from '../cluster/index.ts';
import type { CommandContext } from './context.ts';
import { FailedError } from './errors.ts';
import { namespaceFor } from './scope.ts';

/** The domain of `repository` that a command means: that of the namespace asked for, or of the checkout. It tracks a branch. */
export async function domainFor(context: CommandContext, session: Connected, repository: Repository): Promise<Domain> {
  const namespace = (await namespaceFor(context, session, 'Workflow')) ?? '';
  const named = domainIn(repository, namespace)?.name;
  const domain = trackedDomains(repository).find(({ name }) => name === named);
  if (domain !== undefined) return domain;
  throw new FailedError(
    `no domain of ${repository.metadata.name} tracks a branch in ${namespace}`,
    'choose one with -n',
  );
}
