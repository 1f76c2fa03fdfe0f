import type { Log } from '../base/index.ts';
import { createLog } from '../observe/index.ts';
import type { CommandInput } from './command.ts';
import type { CommandContext, ComponentHandle, ComponentOptions } from './context.ts';
import { EXIT, type ExitCode } from './errors.ts';

/** Runs a component of a cluster in the foreground until it is interrupted. */
export async function runComponent(
  context: CommandContext,
  input: CommandInput,
  start: (options: ComponentOptions) => Promise<ComponentHandle>,
): Promise<ExitCode> {
  const { stderr, signal, global } = context;
  const { kubeconfig, context: contextName } = global;
  const component = await start({
    listen: input.text('listen') ?? '127.0.0.1:8080',
    connection: {
      ...(kubeconfig !== undefined && { kubeconfigPath: kubeconfig }),
      ...(contextName !== undefined && { context: contextName }),
    },
    log: componentLog(context),
  });
  stderr.write(`serving health and metrics on port ${component.port}\n`);
  const interrupted = new Promise<void>((done) => {
    if (signal.aborted) done();
    signal.addEventListener('abort', () => done(), { once: true });
  });
  await Promise.race([interrupted, component.ended]);
  stderr.write('ending: running writes finish first\n');
  await component.stop();
  return EXIT.ok;
}

function componentLog({ stderr, clock, global }: CommandContext): Log {
  return createLog({
    level: global.verbose ? 'debug' : 'info',
    format: stderr.isTerminal ? 'human' : 'json',
    write: (line) => stderr.write(line),
    clock,
    color: stderr.color,
  });
}
