import { MAX_CAUGHT_TEXT } from '../base/index.ts';
import type { Connected } from '../client/index.ts';
import type { CommandRunner } from '../tui/index.ts';
import type { CommandContext } from './context.ts';
import { runCli } from './run-cli.ts';
import type { Terminal } from './terminal.ts';

/**
 * Runs commands in this process over a session that is open, and catches what they print. So what a full-screen view shows
 * and does is what the command line shows and does.
 */
export function caughtCommands(context: CommandContext, session: Connected): CommandRunner {
  const { ports, global } = context;
  const connect = async () => ({ ...session, close: () => {} });
  const where = [
    ['--data', global.dataFolder],
    ...(global.kubeconfig === undefined ? [] : [['--kubeconfig', global.kubeconfig]]),
    ...(global.context === undefined ? [] : [['--context', global.context]]),
  ].flat();
  return async (argv, columns) => {
    const stdout = caughtTerminal(columns, context.stdout.color);
    const stderr = caughtTerminal(columns, context.stdout.color);
    const world = { ...context, argv: [...argv, ...where], stdout, stderr };
    const code = await runCli(world, { ...ports, connect });
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  };
}

function caughtTerminal(columns: number, color: boolean): Terminal & { text(): string } {
  const parts: string[] = [];
  let length = 0;
  return {
    write(text) {
      if (length < MAX_CAUGHT_TEXT) parts.push(text);
      length += text.length;
    },
    // Lines are fitted into the columns, but nothing is redrawn in place.
    isTerminal: false,
    columns,
    color,
    text: () => parts.join(''),
  };
}
