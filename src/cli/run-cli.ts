import { existsSync } from 'node:fs';
import { type Connected, defaultDataFolder, openSession } from '../client/index.ts';
import type { CommandInput, CommandSpec } from './command.ts';
import type { CliPorts, CliWorld, CommandContext, GlobalOptions } from './context.ts';
import { EXIT, type ExitCode } from './errors.ts';
import { quickAnswer } from './quick-answer.ts';
import type { Terminal } from './terminal.ts';

/** Runs one command line to its end. Never throws; what went wrong is told on stderr, the important line last. */
export async function runCli(world: CliWorld, ports: CliPorts): Promise<ExitCode> {
  const answer = quickAnswer(world.argv, world.stdout.columns);
  if (answer !== undefined) {
    world.stdout.write(answer);
    return EXIT.ok;
  }
  try {
    const { parseCommand } = await import('./parse.ts');
    const { spec, input } = parseCommand(world.argv);
    return await runCommand(world, ports, spec, input);
  } catch (error) {
    const { report } = await import('./report.ts');
    return report(error, world);
  }
}

async function runCommand(world: CliWorld, ports: CliPorts, spec: CommandSpec, input: CommandInput): Promise<ExitCode> {
  const global = globalOptions(world, input);
  let session: Promise<Connected> | undefined;
  const context: CommandContext = {
    ...world,
    ...(!input.flag('color') && { stdout: withoutColor(world.stdout), stderr: withoutColor(world.stderr) }),
    ports,
    global,
    session() {
      session ??= openSession({ ...global, env: world.env, exists: existsSync, connect: ports.connect });
      return session;
    },
  };
  try {
    const body = await spec.load();
    const done = body.run(context, input);
    const { endsItself = false } = spec;
    const takesItsTime = typeof endsItself === 'function' ? endsItself(input) : endsItself;
    return await (takesItsTime ? done : Promise.race([done, overdue(world)]));
  } finally {
    // A session that failed to open has told so already.
    await session?.then(
      (opened) => opened.close(),
      () => {},
    );
  }
}

/**
 * Resolves some time after an interruption: a command that waits for an answer which does not come is left there.
 * Commands that follow something end by themselves before.
 */
function overdue({ signal, clock }: CliWorld): Promise<ExitCode> {
  return new Promise((resolve) => {
    const start = () => clock.at(clock.now() + INTERRUPT_GRACE_MS, () => resolve(EXIT.interrupted));
    if (signal.aborted) start();
    else signal.addEventListener('abort', start, { once: true });
  });
}

const INTERRUPT_GRACE_MS = 500;

function globalOptions({ env }: CliWorld, input: CommandInput): GlobalOptions {
  const kubeconfig = input.text('kubeconfig');
  const context = input.text('context');
  const namespace = input.text('namespace');
  return {
    dataFolder: input.text('data') ?? defaultDataFolder(env),
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    ...(namespace !== undefined && { namespace }),
    verbose: input.flag('verbose'),
  };
}

function withoutColor(terminal: Terminal): Terminal {
  return {
    write: (text) => terminal.write(text),
    isTerminal: terminal.isTerminal,
    get columns() {
      return terminal.columns;
    },
    color: false,
  };
}
