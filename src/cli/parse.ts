import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { suggest } from '../language/index.ts';
import type { CommandInput, CommandSpec, OptionSpec } from './command.ts';
import { COMMANDS, GLOBAL_OPTIONS } from './commands.ts';
import { UsageError } from './errors.ts';

export interface ParsedCommand {
  readonly spec: CommandSpec;
  readonly input: CommandInput;
}

/** The command line as data. Throws UsageError with what is wrong and what was probably meant. */
export function parseCommand(argv: readonly string[]): ParsedCommand {
  let parsed: ParsedCommand | undefined;
  const program = quiet(new Command('pipectl')).helpOption(false).helpCommand(false);
  for (const option of GLOBAL_OPTIONS) program.addOption(optionOf(option));
  for (const spec of COMMANDS) {
    const command = quiet(program.command(spec.name)).helpOption(false);
    for (const { name, required, repeated } of spec.arguments) {
      const shown = repeated === true ? `${name}...` : name;
      command.argument(required === true ? `<${shown}>` : `[${shown}]`);
    }
    for (const option of spec.options) command.addOption(optionOf(option));
    command.action(() => {
      parsed = { spec, input: inputOf(namesOf(spec, command.args), command.optsWithGlobals()) };
    });
  }
  program.argument('[COMMAND]').action((name: string | undefined) => {
    throw unknownCommand(name);
  });
  program.allowExcessArguments();
  try {
    program.parse(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw usageError(error, argv);
    throw error;
  }
  if (parsed === undefined) throw new UsageError('which command?', 'try `pipectl --help`');
  return parsed;
}

/** The arguments; an execution may be named as `get -o name` names it. No name of an execution can look so. */
function namesOf({ arguments: specs }: CommandSpec, args: readonly string[]): readonly string[] {
  return args.map((arg, index) => {
    const spec = specs[Math.min(index, specs.length - 1)];
    return spec?.completes === 'execution' ? arg.replace(/^execution\.pipectl\.dev\//, '') : arg;
  });
}

function unknownCommand(name: string | undefined): UsageError {
  if (name === undefined) return new UsageError('which command?', 'try `pipectl --help`');
  const sameNamed = ELSEWHERE.get(name);
  const meant =
    sameNamed ??
    suggest(
      name,
      COMMANDS.map((spec) => spec.name),
    );
  const help = meant === undefined ? 'try `pipectl --help`' : `did you mean "pipectl ${meant}"?`;
  return new UsageError(`there is no command "${name}"`, help);
}

/** What other tools of the field call it, and what it is called here. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['repeat', 'relaunch'],
  ['rerun', 'relaunch'],
  ['resubmit', 'relaunch'],
  ['retry', 'recover'],
  ['submit', 'run'],
  ['trigger', 'run'],
  ['cancel', 'abort'],
  ['stop', 'abort'],
  ['terminate', 'abort'],
  ['list', 'get'],
  ['history', 'get'],
  ['show', 'describe'],
  ['lint', 'validate'],
]);

/** Neither prints nor exits: what is wrong comes as CommanderError. */
function quiet(command: Command): Command {
  return command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
}

function optionOf({ flags, description, repeated, choices }: OptionSpec): Option {
  const option = new Option(flags, description);
  if (repeated !== true && choices === undefined) return option;
  return option.argParser<string | readonly string[] | undefined>((value, before) => {
    const chosen = choices === undefined ? value : choiceOf(value, choices);
    return repeated === true ? [...(Array.isArray(before) ? before : []), chosen] : chosen;
  });
}

function choiceOf(value: string, choices: readonly string[]): string {
  if (choices.includes(value)) return value;
  const meant = suggest(value, choices);
  const help = meant === undefined ? `one of ${choices.join(', ')}` : `did you mean "${meant}"?`;
  throw new InvalidArgumentError(`there is no "${value}": ${help}`);
}

/** commander's words in our form: `error: unknown option '--folow'\n(Did you mean --follow?)`. */
function usageError(error: CommanderError, argv: readonly string[]): UsageError {
  const text = error.message.replace(/^error: /, '').split('\n')[0]!;
  const command = COMMANDS.find(({ name }) => argv.includes(name));
  const flags = [...(command?.options ?? []), ...GLOBAL_OPTIONS].flatMap(
    (option) => option.flags.match(/--[\w-]+/g) ?? [],
  );
  const unknown = /^unknown option '(--?[\w-]+)/.exec(text)?.[1];
  // Help is answered before parsing, so who asks for it here asks for that of a command which is not there.
  if (unknown === '--help' || unknown === '-h') return unknownCommand(argv.find((word) => !word.startsWith('-')));
  const meant = unknown === undefined ? undefined : suggest(unknown, flags);
  const seeHelp = `try \`pipectl ${command === undefined ? '' : `${command.name} `}--help\``;
  // `option '-o, --output <FORMAT>' argument 'yml' is invalid. <why>`: the why is ours.
  const [, option, why] = /^option '(?:-\w, )?(--[\w-]+)[^']*' argument '.*' is invalid\. (.*)$/.exec(text) ?? [];
  if (option !== undefined) return new UsageError(`${option}: ${why}`);
  const excess = /^too many arguments for '[\w-]+'\. Expected (\d+) argument/.exec(text)?.[1];
  if (excess !== undefined) return new UsageError(`${command?.name} takes no more than ${excess} arguments`, seeHelp);
  return new UsageError(text, meant === undefined ? seeHelp : `did you mean "${meant}"?`);
}

function inputOf(args: readonly string[], options: Readonly<Record<string, unknown>>): CommandInput {
  const text = (option: string) => {
    const value = options[option];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    arguments: args,
    text,
    flag: (option) => options[option] === true,
    list: (option) => (Array.isArray(options[option]) ? (options[option] as string[]) : []),
    integer(option, { min, max }) {
      const value = text(option);
      if (value === undefined) return undefined;
      const number = /^-?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
      if (number >= min && number <= max) return number;
      const flag = option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      throw new UsageError(`--${flag} ${value}: not a whole number from ${min} to ${max}`);
    },
  };
}
