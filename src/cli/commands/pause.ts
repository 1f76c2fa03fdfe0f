import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { setDesired } from '../set-desired.ts';

/** `pipectl pause EXECUTION…`: nothing new of it starts until it is resumed. */
export function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  return setDesired(context, input, 'Paused');
}
