import type { Connected } from '../client/index.ts';
import { patchObject, SYSTEM_NAMESPACE } from '../cluster/index.ts';
import { repositoryFor } from './choose-repository.ts';
import type { CommandContext } from './context.ts';
import { suspensionPatch } from './suspension.ts';

/** Lets a suspended repository be polled and reconciled again; without a name that of the checkout. */
export async function resumeRepository(
  context: CommandContext,
  session: Connected,
  word: string | undefined,
): Promise<void> {
  const { metadata, spec } = await repositoryFor(context, session, word);
  const { name } = metadata;
  if (spec.suspended !== true) {
    context.stderr.write(`repository ${name} is not suspended\n`);
    return;
  }
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
  await patchObject(session.cluster, key, suspensionPatch(undefined));
  context.stdout.write(`repository ${name} goes on: what git says is applied\n`);
}
