import { instantText } from '../base/index.ts';
import { ANNOTATION, type Execution, isTerminalPhase, steeringPatch } from '../cluster/index.ts';
import type { CommandInput } from './command.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './errors.ts';
import { notFoundHint } from './not-found.ts';
import { personOf } from './person.ts';
import { namespaceFor } from './scope.ts';

const WORDS = {
  Paused: { done: 'is paused: what runs goes on, nothing new starts', already: 'is paused already' },
  Running: { done: 'goes on', already: 'is not paused' },
} as const;

/** Pauses or resumes all executions that the command line names; those that cannot be are told, and make exit 1. */
export async function setDesired(
  context: CommandContext,
  input: CommandInput,
  desired: keyof typeof WORDS,
): Promise<ExitCode> {
  const session = await context.session();
  const { cluster } = session;
  const namespace = await namespaceFor(context, session, 'Execution');
  let exit: ExitCode = EXIT.ok;
  for (const name of input.arguments) {
    const key = { kind: 'Execution', name, ...(namespace !== undefined && { namespace }) };
    const execution = await cluster.get<Execution>(key).catch((error: unknown) => notFoundHint(cluster, key, error));
    const refused = refusal(execution);
    if (refused !== undefined) {
      context.stderr.write(`${name} ${refused}\n`);
      exit = EXIT.failed;
    } else if ((execution.spec.desired ?? 'Running') === desired) {
      context.stderr.write(`${name} ${WORDS[desired].already}\n`);
    } else {
      const steering = { desired, at: instantText(context.clock.now()), ...personOf(context) };
      // What a person says of a child execution holds, whatever its parent does.
      const patch = steeringPatch(execution, steering, { [ANNOTATION.pausedWith]: null });
      await cluster.write([{ op: 'patch', key, patch }]);
      context.stdout.write(`${name} ${WORDS[desired].done}\n`);
    }
  }
  return exit;
}

function refusal({ spec, status }: Execution): string | undefined {
  if (status !== undefined && isTerminalPhase(status.phase)) return `has ended already: ${status.phase}`;
  return spec.desired === 'Aborted' ? 'is being aborted, which nothing calls back' : undefined;
}
