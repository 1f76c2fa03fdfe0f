import { type Connected, chooseRepository, findCheckout } from '../client/index.ts';
import type { Repository } from '../cluster/index.ts';
import { suggest } from '../language/index.ts';
import type { CommandContext } from './context.ts';
import { FailedError, UsageError } from './errors.ts';

/** The repository that the command line, -n, the checkout or the control plane means. */
export async function repositoryFor(
  context: CommandContext,
  { cluster }: Connected,
  word: string | undefined,
): Promise<Repository> {
  const name = word === undefined ? undefined : repositoryName(word);
  const { namespace } = context.global;
  const checkout = await findCheckout(context.cwd);
  const choice = await chooseRepository(cluster, {
    ...(name !== undefined && { name }),
    ...(namespace !== undefined && { namespace }),
    ...(checkout !== undefined && { checkout }),
  });
  if (choice.kind === 'found') return choice.repository;
  if (choice.kind === 'ambiguous') throw new UsageError('which repository?', `one of ${choice.names.join(', ')}`);
  throw notThere(name, namespace, checkout?.project.name, choice.names);
}

/** The name of `repository/NAME` or `repo/NAME`, as kubectl and `get -o name` write it, or of NAME. */
export function repositoryName(word: string): string {
  return word.replace(REPOSITORY_PREFIX, '');
}

/** Whether the word says by itself that it names a repository. */
export function isRepositoryWord(word: string): boolean {
  return REPOSITORY_PREFIX.test(word);
}

const REPOSITORY_PREFIX = /^(?:repository|repositories|repos?)(?:\.pipectl\.dev)?\//i;

function notThere(
  name: string | undefined,
  namespace: string | undefined,
  project: string | undefined,
  names: readonly string[],
): FailedError {
  if (name !== undefined) {
    const meant = suggest(name, names);
    const help = meant === undefined ? '`pipectl repo list` shows what there is' : `did you mean "${meant}"?`;
    return new FailedError(`there is no repository "${name}"`, help);
  }
  if (namespace !== undefined) {
    return new FailedError(`no repository is active in ${namespace}`, '`pipectl status` shows what there is');
  }
  if (project === undefined) return new FailedError('there is no repository yet', '`pipectl repo add` adds one');
  return new FailedError(`no repository holds the project ${project}`, 'register it with `git push pipectl main`');
}
