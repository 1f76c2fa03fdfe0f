import { signalFields } from '../../cluster/index.ts';
import { parseInputText } from '../../compiler/index.ts';
import { answerNode, openAnswer } from '../answer-node.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { type ExitCode, UsageError } from '../errors.ts';

/** `pipectl signal EXECUTION [NODE] --value VALUE`: sends a `signal` node its value, of the type that it declares. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const text = input.text('value');
  if (text === undefined) throw new UsageError('which value?', 'give it with --value');
  const answer = await openAnswer(context, input, 'signal');
  const [type, ...others] = answer.types;
  if (type === undefined || others.length > 0) {
    const help = `\`pipectl describe execution ${answer.execution.metadata.name}\` shows when it waits`;
    throw new UsageError(`the type of ${answer.path} is not known before its turn`, help);
  }
  const parsed = parseInputText(text, type);
  if (parsed.kind === 'error') throw new UsageError(`--value (${type}): ${parsed.message}`);
  return answerNode(context, input, answer, signalFields(parsed.value));
}
