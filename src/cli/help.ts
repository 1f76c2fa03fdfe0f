import type { CommandSpec, Example, OptionSpec } from './command.ts';
import { COMMANDS, GLOBAL_OPTIONS } from './commands.ts';

/** What each exit code means, for people and scripts. */
export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'done'],
  ['1', 'it failed: an execution, a validation, a name that does not exist'],
  ['2', 'the command line or the machine is not fit for it'],
  ['3', 'the control plane does not answer'],
  ['130', 'interrupted'],
];

const FIRST_STEPS: readonly Example[] = [
  { command: 'pipectl init my-pipelines', meaning: 'write a small project' },
  { command: 'pipectl up', meaning: 'run the control plane on this machine' },
  { command: 'git push pipectl main', meaning: 'register: the commit is the version' },
  { command: 'pipectl run hello --follow', meaning: 'run it and watch' },
];

/** The text of `pipectl --help`: examples first. */
export function mainHelp(): string {
  const groups = (['Start', 'Run', 'Git', 'Look', 'More'] as const).map((group) => {
    const specs = COMMANDS.filter((spec) => spec.group === group);
    return section(
      `${group}:`,
      specs.map(({ name, summary }) => [name, summary]),
    );
  });
  return [
    'pipectl: pipelines as YAML in git; a push registers, the commit is the version\n',
    section('Examples:', examples(FIRST_STEPS)),
    'Usage: pipectl COMMAND [options]\n',
    ...groups,
    section('Options of every command:', options(GLOBAL_OPTIONS)),
    section('Exit codes:', EXIT_CODES),
    '`pipectl COMMAND --help` tells about one command.\n',
  ].join('\n');
}

/** The text of `pipectl COMMAND --help`: examples first. */
export function commandHelp(spec: CommandSpec): string {
  const parts = [
    `pipectl ${spec.name}: ${spec.summary}\n`,
    section('Examples:', examples(spec.examples)),
    `Usage: ${usage(spec)}\n`,
  ];
  if (spec.description !== undefined) parts.push(`${spec.description}\n`);
  if (spec.arguments.length > 0) {
    parts.push(
      section(
        'Arguments:',
        spec.arguments.map(({ name, description }) => [name, description]),
      ),
    );
  }
  if (spec.options.length > 0) parts.push(section('Options:', options(spec.options)));
  parts.push(section('Options of every command:', options(GLOBAL_OPTIONS)));
  return parts.join('\n');
}

/** `pipectl get KIND [NAME…] [options]`. */
export function usage(spec: CommandSpec): string {
  const names = spec.arguments.map(({ name, required, repeated }) => {
    const shown = repeated === true ? `${name}…` : name;
    return required === true ? shown : `[${shown}]`;
  });
  return ['pipectl', spec.name, ...names, ...(spec.options.length > 0 ? ['[options]'] : [])].join(' ');
}

function examples(list: readonly Example[]): readonly (readonly [string, string])[] {
  return list.map(({ command, meaning }) => [command, meaning]);
}

function options(list: readonly OptionSpec[]): readonly (readonly [string, string])[] {
  // Flags without a short form line up under the long ones of the others.
  return list.map(({ flags, description }) => [flags.startsWith('--') ? `    ${flags}` : flags, description]);
}

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return `${title}\n${rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}\n`).join('')}`;
}
