import { hostClock, hostRandom } from '../main/host.ts';
import type { FirstVerdict } from './answer-shortly.ts';
import { EXIT } from './errors.ts';
import { runCli } from './run-cli.ts';
import { openTerminal } from './terminal.ts';

/**
 * Runs this process's command line: its streams and signals, and the adapters, each loaded when first needed. `checked`: the
 * project, when it was validated already.
 */
export async function runProcess(checked?: FirstVerdict): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // The reader went away (`pipectl get … | head`), or the terminal did: nobody is left to tell.
      if (error.code === 'EPIPE' || error.code === 'EIO') process.exit(EXIT.ok);
      throw error;
    });
  }
  const code = await runCli(
    {
      argv: process.argv.slice(2),
      env: process.env,
      cwd: process.cwd(),
      stdout: openTerminal(process.stdout, process.env),
      stderr: openTerminal(process.stderr, process.env),
      clock: hostClock,
      random: hostRandom,
      signal: interruption(),
      ...(checked !== undefined && { checked }),
    },
    {
      connect: async (options) => (await import('../main/client.ts')).connect(options),
      openRevision: async (options) => (await import('../main/revision.ts')).openRevision(options),
      planRevision: async (options) => (await import('../main/plan.ts')).planRevision(options),
      startDaemon: async (options) => (await import('../main/daemon.ts')).startDaemon(options),
      startController: async (options) => (await import('../main/controller.ts')).startController(options),
      startPropeller: async (options) => (await import('../main/propeller-pod.ts')).startPropellerPod(options),
    },
  );
  process.exitCode = code;
  // A command that was interrupted may have left a request open; nothing waits for its answer any more.
  if (code === EXIT.interrupted) process.exit();
}

/** Aborts at the first signal that asks to end; the second insists. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(EXIT.interrupted);
      controller.abort();
    });
  }
  return controller.signal;
}
