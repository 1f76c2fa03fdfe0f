import type { CommandSpec } from './command.ts';
import { OUTPUT } from './command-options.ts';

/** The command for secrets, of the help's part "Run". */
export const SECRET_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'secret',
    group: 'Run',
    summary: 'Keep values that tasks name and git must not hold',
    description:
      'ACTION is set, list or delete. set takes the value from stdin, or asks for it, or reads a file; none prints one.\n' +
      'A secret is of one project and domain. See docs/secrets.md.',
    examples: [
      { command: 'pipectl secret set warehouse password', meaning: 'asks for the value' },
      { command: 'pass show warehouse | pipectl secret set warehouse password', meaning: 'takes it from stdin' },
      { command: 'pipectl secret set gcp key.json --from-file key.json', meaning: 'a file as it is' },
      { command: 'pipectl secret list', meaning: 'names and keys' },
      { command: 'pipectl secret delete warehouse', meaning: 'all its keys' },
    ],
    arguments: [
      { name: 'ACTION', description: 'set, list or delete', required: true },
      { name: 'NAME', description: 'Name of the secret' },
      { name: 'KEY', description: 'Which value of it' },
    ],
    options: [
      { flags: '--from-file <FILE>', description: 'set: the value, byte by byte' },
      OUTPUT('table', 'json', 'name'),
    ],
    load: () => import('./commands/secret.ts'),
  },
];
