import { resolve } from 'node:path';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { runComponent } from '../run-component.ts';

/** `pipectl controller`: runs the loops of a cluster until it is interrupted. */
export function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const localSchemes = (['http', 'file'] as const).filter((scheme) => input.list('allowRemotes').includes(scheme));
  const dataFolder = resolve(context.cwd, context.global.dataFolder);
  const withoutGit = input.flag('withoutGit');
  return runComponent(context, input, (options) =>
    context.ports.startController({ ...options, dataFolder, localSchemes, withoutGit }),
  );
}
