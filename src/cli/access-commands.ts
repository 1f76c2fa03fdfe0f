import type { CommandSpec } from './command.ts';
import { OUTPUT } from './command-options.ts';

/** Who may do what, and who did what. */
export const ACCESS_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'audit',
    group: 'Look',
    summary: 'Show who changed what, and what was refused',
    description: 'Reads the audit log in the data folder, so it needs no control plane that runs.',
    examples: [
      { command: 'pipectl audit', meaning: 'the last 100 entries' },
      { command: 'pipectl audit --user ci --since 24h', meaning: 'what one of them did' },
      { command: 'pipectl audit --verb push --refused', meaning: 'pushes that were turned away' },
      { command: 'pipectl audit -o json | jq .', meaning: 'one JSON object a line' },
    ],
    arguments: [],
    options: [
      { flags: '--user <NAME>', description: 'Of this token; pipectl is the owner' },
      { flags: '--verb <VERB>', description: 'create, update, apply, patch, delete or push' },
      { flags: '--kind <KIND>', description: 'Of this kind, for example Execution' },
      { flags: '--name <NAME>', description: 'Of the object of this name' },
      { flags: '--since <WHEN>', description: 'Not older: a duration or a time' },
      { flags: '--refused', description: 'Only what was not done' },
      { flags: '--limit <N>', description: 'At most so many, the newest; default: 100' },
      OUTPUT('table', 'json'),
    ],
    load: () => import('./commands/audit.ts'),
  },
  {
    name: 'token',
    group: 'More',
    summary: 'Let others in, as far as they need it',
    description:
      'ACTION is create, list or revoke. create prints the token once: what is kept of it opens nothing.\n' +
      'A SCOPE is read, operate[:NAMESPACE,…], push[:REF,…][@REPOSITORY,…] or admin. See docs/access.md.',
    examples: [
      { command: 'pipectl token create dashboard --scope read', meaning: 'sees all but secrets, for 90 days' },
      {
        command: 'pipectl token create ci --scope "push:main,release/*@shop" --expires 30d',
        meaning: 'moves these refs of one repository',
      },
      {
        command: 'pipectl token create oncall --scope operate -o kubeconfig > oncall.kubeconfig',
        meaning: 'for kubectl, k9s and pipectl',
      },
      { command: 'pipectl token list', meaning: 'names, scopes and when they expire' },
      { command: 'pipectl token revoke ci', meaning: 'at once, also what it has open' },
    ],
    arguments: [
      { name: 'ACTION', description: 'create, list or revoke', required: true },
      { name: 'NAME', description: 'Name of the token' },
    ],
    options: [
      { flags: '--scope <SCOPE>', description: 'create: what it allows; may be given again', repeated: true },
      { flags: '--group <NAME>', description: 'create: a name that rules of refs use', repeated: true },
      { flags: '--expires <WHEN>', description: 'create: a duration, a time, or never; default: 90d' },
      OUTPUT('text', 'json', 'kubeconfig'),
    ],
    load: () => import('./commands/token.ts'),
  },
];
