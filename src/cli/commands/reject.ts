import { answerNode, openAnswer } from '../answer-node.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import type { ExitCode } from '../errors.ts';

/** `pipectl reject EXECUTION [NODE]`: decides what an `approve` node asks for. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const answer = await openAnswer(context, input, 'approval');
  return answerNode(context, input, answer, { decision: 'reject' });
}
