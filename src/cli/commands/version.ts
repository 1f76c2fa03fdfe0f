import { WaitError } from '../../base/index.ts';
import { VERSION } from '../../main/version.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { jsonText } from '../object-text.ts';

/** `pipectl version`: of this program, of Node and its time zones, and whether a control plane answers. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const server = input.flag('client') ? undefined : await askServer(context);
  const { node, tz: tzdata = 'none' } = process.versions;
  const found = { client: VERSION, node, tzdata, ...(server !== undefined && { server }) };
  if (input.text('output') === 'json') {
    context.stdout.write(jsonText(found));
  } else {
    context.stdout.write(`pipectl ${found.client} (Node ${node}, time zones of ${tzdata})\n`);
    if (server !== undefined) {
      const state = server.answers ? 'answers' : 'does not answer: is `pipectl up` running?';
      context.stdout.write(`control plane ${server.url}: ${state}\n`);
    }
  }
  return EXIT.ok;
}

async function askServer(context: CommandContext): Promise<{ url: string; answers: boolean } | undefined> {
  try {
    const { cluster, server } = await context.session();
    const answers = await cluster.list('Namespace', { limit: 1 }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof WaitError) return false;
        throw error;
      },
    );
    return { url: server, answers };
  } catch (error) {
    // The version of this program is worth telling without any control plane.
    if (context.global.verbose) context.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
}
