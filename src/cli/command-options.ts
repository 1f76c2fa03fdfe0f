import type { OptionSpec } from './command.ts';

export const OUTPUT = (...choices: string[]): OptionSpec => ({
  flags: '-o, --output <FORMAT>',
  description: `Output format: ${choices.join(', ')}`,
  choices,
});

export const INPUT: OptionSpec = {
  flags: '-i, --input <NAME=VALUE>',
  description: 'An input: a scalar as it is, else JSON',
  repeated: true,
};
export const INPUTS_FILE: OptionSpec = {
  flags: '--inputs-file <FILE>',
  description: 'Inputs from a YAML or JSON file; - is stdin',
};
export const NAME: OptionSpec = {
  flags: '--name <NAME>',
  description: 'Name of the execution; a second run of it is refused',
};
export const CACHE: OptionSpec = {
  flags: '--cache <MODE>',
  description: 'overwrite: run all and fill the cache anew; off: leave it alone',
  choices: ['overwrite', 'off'],
};
/** Of commands that start an execution once more. */
export const AGAIN: readonly OptionSpec[] = [
  { flags: '--rev <REV>', description: 'Commit, its beginning, branch or tag; default: the same commit' },
  { ...INPUT, description: 'An input in place of the old one' },
  INPUTS_FILE,
  { flags: '-f, --follow', description: 'Print each node as it changes, then the outputs' },
  NAME,
  CACHE,
  OUTPUT('name', 'json', 'yaml'),
];
