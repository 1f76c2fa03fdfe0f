import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { setDesired } from '../set-desired.ts';

/** `pipectl resume EXECUTION…`: a paused execution goes on. */
export function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  return setDesired(context, input, 'Running');
}
