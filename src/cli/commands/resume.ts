import { type Connected, findRepository } from '../../client/index.ts';
import { findObject } from '../../cluster/index.ts';
import { isRepositoryWord } from '../choose-repository.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { resumeRepository } from '../resume-repository.ts';
import { resumeScheduled, scheduledWord } from '../scheduled.ts';
import { namespaceFor } from '../scope.ts';
import { setDesired } from '../set-desired.ts';

/** `pipectl resume NAME…`: a paused execution goes on, or a suspended repository, schedule or backfill, by what the name is of. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const session = await context.session();
  if (input.arguments.length === 0) {
    await resumeRepository(context, session, undefined);
    return EXIT.ok;
  }
  const executions: string[] = [];
  for (const word of input.arguments) {
    const scheduled = scheduledWord(word);
    if (scheduled !== undefined) await resumeScheduled(context, session, scheduled);
    else if (await namesRepository(context, session, word)) await resumeRepository(context, session, word);
    else executions.push(word);
  }
  return executions.length === 0 ? EXIT.ok : setDesired(context, { ...input, arguments: executions }, 'Running');
}

/** An execution comes first: a repository of the same name can always be written `repository/NAME`. */
async function namesRepository(context: CommandContext, session: Connected, word: string): Promise<boolean> {
  if (isRepositoryWord(word)) return true;
  const { cluster } = session;
  if ((await findRepository(cluster, word)) === undefined) return false;
  const namespace = await namespaceFor(context, session, 'Execution');
  const key = { kind: 'Execution', name: word, ...(namespace !== undefined && { namespace }) };
  return (await findObject(cluster, key)) === undefined;
}
