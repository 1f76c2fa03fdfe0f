import type { ArgumentSpec, CommandSpec } from './command.ts';

const EXECUTION: ArgumentSpec = { name: 'EXECUTION', description: 'Its name', required: true, completes: 'execution' };
const EXECUTIONS: ArgumentSpec = { ...EXECUTION, repeated: true };
const NODE: ArgumentSpec = { name: 'NODE', description: 'Id, or parent/child; default: the only one that waits' };
const KEPT =
  'The first answer counts, and who gave it when and why is kept with the node.\n' +
  'A node that has not come to its turn keeps it.';

/** Commands that tell a running execution how to go on. */
export const STEERING_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'approve',
    group: 'Run',
    summary: 'Approve what a node asks for',
    description: KEPT,
    examples: [
      { command: 'pipectl approve release-x7k2pq', meaning: 'the only node that waits' },
      { command: 'pipectl approve release-x7k2pq sign-off --reason "looks good"', meaning: 'and say why' },
    ],
    arguments: [EXECUTION, NODE],
    options: [{ flags: '--reason <TEXT>', description: 'Kept with the node; its output `comment`' }],
    load: () => import('./commands/approve.ts'),
  },
  {
    name: 'reject',
    group: 'Run',
    summary: 'Reject what a node asks for; the node fails',
    description: KEPT,
    examples: [{ command: 'pipectl reject release-x7k2pq sign-off --reason "wrong figures"', meaning: 'and say why' }],
    arguments: [EXECUTION, NODE],
    options: [{ flags: '--reason <TEXT>', description: 'Kept with the node' }],
    load: () => import('./commands/reject.ts'),
  },
  {
    name: 'signal',
    group: 'Run',
    summary: 'Send a node the value that it waits for',
    description: KEPT,
    examples: [
      { command: 'pipectl signal release-x7k2pq threshold --value 0.9', meaning: 'checked against its type' },
      { command: `pipectl signal release-x7k2pq --value '["a", "b"]'`, meaning: 'the only node that waits' },
    ],
    arguments: [EXECUTION, NODE],
    options: [
      { flags: '--value <VALUE>', description: 'A scalar as it is, else JSON' },
      { flags: '--reason <TEXT>', description: 'Kept with the node' },
    ],
    load: () => import('./commands/signal.ts'),
  },
  {
    name: 'pause',
    group: 'Run',
    summary: 'Start nothing new of an execution',
    description:
      'What runs goes on to its end, and so does the time of sleeping and waiting nodes. Child executions pause as well.',
    examples: [{ command: 'pipectl pause nightly-x7k2pq', meaning: 'until it is resumed' }],
    arguments: [EXECUTIONS],
    options: [],
    load: () => import('./commands/pause.ts'),
  },
  {
    name: 'resume',
    group: 'Run',
    summary: 'Let what is paused or suspended go on',
    description:
      'NAME is an execution, or else a repository; repository/NAME is always one. Without a name: that of this checkout.\n' +
      'schedule/NAME and backfill/NAME are what they say.',
    examples: [
      { command: 'pipectl resume nightly-x7k2pq', meaning: 'from where it stands' },
      { command: 'pipectl resume repository/ticketing', meaning: 'and bring back what git says' },
      { command: 'pipectl resume schedule/nightly', meaning: 'with what it missed, by its catch-up policy' },
    ],
    arguments: [
      {
        ...EXECUTIONS,
        name: 'NAME',
        description: 'Execution, repository, schedule/NAME or backfill/NAME',
        required: false,
      },
    ],
    options: [],
    load: () => import('./commands/resume.ts'),
  },
];
