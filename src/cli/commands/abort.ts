import { instantText } from '../../base/index.ts';
import { ANNOTATION, type Execution, isTerminalPhase, steeringPatch } from '../../cluster/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { notFoundHint } from '../not-found.ts';
import { personOf } from '../person.ts';
import { abortBackfill, scheduledWord } from '../scheduled.ts';
import { namespaceFor } from '../scope.ts';

/** `pipectl abort EXECUTION…`: asks for it; the engine ends running tasks and then the execution. Of a backfill all of its. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { cluster, ...session } = await context.session();
  const namespace = await namespaceFor(context, { cluster, ...session }, 'Execution');
  const reason = input.text('reason');
  const annotations: Record<string, string> = reason === undefined ? {} : { [ANNOTATION.abort]: reason };
  for (const name of input.arguments) {
    const scheduled = scheduledWord(name);
    if (scheduled !== undefined) {
      await abortBackfill(context, { cluster, ...session }, scheduled);
      continue;
    }
    const key = { kind: 'Execution', name, ...(namespace !== undefined && { namespace }) };
    const execution = await cluster.get<Execution>(key).catch((error: unknown) => notFoundHint(cluster, key, error));
    const phase = execution.status?.phase;
    if (phase !== undefined && isTerminalPhase(phase)) {
      context.stderr.write(`${name} has ended already: ${phase}\n`);
      continue;
    }
    const steering = {
      at: instantText(context.clock.now()),
      ...personOf(context),
      ...(reason !== undefined && { reason }),
    };
    const patch = steeringPatch(execution, { desired: 'Aborted', ...steering }, annotations);
    await cluster.write([{ op: 'patch', key, patch }]);
    context.stdout.write(`${name} is being aborted\n`);
  }
  return EXIT.ok;
}
