import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { personOf } from '../person.ts';
import { readExecution, runAgain } from '../run-again.ts';

/** `pipectl relaunch EXECUTION`: the same once more, perhaps at another commit or with other inputs. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [name = ''] = input.arguments;
  const session = await context.session();
  const old = await readExecution(context, session, name);
  return runAgain(context, input, session, old, { kind: 'relaunch', of: name, ...personOf(context) });
}
