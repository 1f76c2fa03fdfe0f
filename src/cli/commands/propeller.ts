import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { runComponent } from '../run-component.ts';

/** `pipectl propeller`: runs one shard of a cluster until it is interrupted. */
export function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const index = input.integer('shard', { min: 0, max: 1_023 });
  return runComponent(context, input, (options) =>
    context.ports.startPropeller({ ...options, ...(index !== undefined && { shard: `shard-${index}` }) }),
  );
}
