import { isTerminalPhase } from '../../cluster/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { type ExitCode, FailedError } from '../errors.ts';
import { personOf } from '../person.ts';
import { readExecution, runAgain } from '../run-again.ts';

/** `pipectl recover EXECUTION`: once more, with what is done already taken from it. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [name = ''] = input.arguments;
  const session = await context.session();
  const old = await readExecution(context, session, name, GONE);
  const phase = old.status?.phase ?? 'Pending';
  if (!isTerminalPhase(phase)) {
    throw new FailedError(`${name} has not ended: ${phase}`, 'wait for it, or end it with `pipectl abort`');
  }
  const { uid = '' } = old.metadata;
  return runAgain(context, input, session, old, { kind: 'recover', of: name, uid, ...personOf(context) });
}

const GONE = 'executions that ended long ago are deleted, and what they did with them: start anew with `pipectl run`';
