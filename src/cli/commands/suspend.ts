import { instantText } from '../../base/index.ts';
import { patchObject, SYSTEM_NAMESPACE } from '../../cluster/index.ts';
import { repositoryFor } from '../choose-repository.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { personOf } from '../person.ts';
import { suspensionPatch } from '../suspension.ts';

/** `pipectl suspend [REPOSITORY]`: nothing of it is polled, applied or healed until it is resumed. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const session = await context.session();
  const { metadata, spec } = await repositoryFor(context, session, input.arguments[0]);
  const { name } = metadata;
  if (spec.suspended === true) {
    context.stderr.write(`repository ${name} is suspended already\n`);
    return EXIT.ok;
  }
  const reason = input.text('reason');
  const suspension = {
    at: instantText(context.clock.now()),
    ...personOf(context),
    ...(reason !== undefined && { reason }),
  };
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
  await patchObject(session.cluster, key, suspensionPatch(suspension));
  context.stdout.write(`repository ${name} is suspended: what is active stays as it is, pushes only register\n`);
  return EXIT.ok;
}
