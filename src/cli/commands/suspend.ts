import { instantText } from '../../base/index.ts';
import { patchObject, SYSTEM_NAMESPACE } from '../../cluster/index.ts';
import { repositoryFor } from '../choose-repository.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { personOf } from '../person.ts';
import { scheduledWord, suspendScheduled } from '../scheduled.ts';
import { suspensionPatch } from '../suspension.ts';

/** `pipectl suspend [NAME]`: nothing of a repository is polled, applied or healed, or a schedule does not tick, until it is resumed. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const session = await context.session();
  const reason = input.text('reason');
  const scheduled = scheduledWord(input.arguments[0] ?? '');
  if (scheduled !== undefined) {
    await suspendScheduled(context, session, scheduled, reason);
    return EXIT.ok;
  }
  const { metadata, spec } = await repositoryFor(context, session, input.arguments[0]);
  const { name } = metadata;
  if (spec.suspended === true) {
    context.stderr.write(`repository ${name} is suspended already\n`);
    return EXIT.ok;
  }
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
