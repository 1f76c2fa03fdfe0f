import type { CommandContext } from './context.ts';
import type { ExitCode } from './errors.ts';

/** One command as data: help, parsing, completion and the docs are made of it; its body is loaded when it runs. */
export interface CommandSpec {
  readonly name: string;
  readonly group: 'Start' | 'Run' | 'Git' | 'Look' | 'More';
  /** One line for the list of commands. */
  readonly summary: string;
  /** Paragraphs after the usage line. */
  readonly description?: string;
  readonly examples: readonly Example[];
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** Takes its time to end after an interruption, which only a second one cuts short. */
  readonly endsItself?: boolean | ((input: CommandInput) => boolean);
  readonly load: () => Promise<CommandBody>;
}

export interface Example {
  readonly command: string;
  readonly meaning: string;
}

export interface ArgumentSpec {
  /** In capitals, as usage lines show it. */
  readonly name: string;
  readonly description: string;
  readonly required?: boolean;
  /** Takes all that follow. */
  readonly repeated?: boolean;
  /** What completion offers. */
  readonly completes?: 'kind' | 'execution' | 'launchPlan' | 'repository' | 'code' | 'shell' | 'file';
}

export interface OptionSpec {
  /** commander's syntax: `-f, --follow` or `--tail <N>`. */
  readonly flags: string;
  readonly description: string;
  /** May be given more than once; the values are a list. */
  readonly repeated?: boolean;
  readonly choices?: readonly string[];
}

export interface CommandBody {
  run(context: CommandContext, input: CommandInput): Promise<ExitCode>;
}

/** A parsed command line. Names of options are their long forms in camelCase. */
export interface CommandInput {
  readonly arguments: readonly string[];
  /** The value of an option that takes one. */
  text(option: string): string | undefined;
  flag(option: string): boolean;
  list(option: string): readonly string[];
  /** An integer within bounds, or UsageError. */
  integer(option: string, bounds: { readonly min: number; readonly max: number }): number | undefined;
}
