import type { CommandSpec, OptionSpec } from './command.ts';

const LISTEN: OptionSpec = {
  flags: '--listen <HOST:PORT>',
  description: 'Where /healthz, /readyz and /metrics are served; default: 127.0.0.1:8080',
};

/** Commands that run inside of a cluster, or beside one. */
export const CLUSTER_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'controller',
    group: 'More',
    summary: 'Run the controller of a Kubernetes cluster',
    description:
      'Registers what is pushed or polled, keeps definitions equal to git, starts ticks, lets go of what is old. Of several\n' +
      'one works, by a lease; the others wait. The data folder holds what was fetched of remotes, which can be fetched again;\n' +
      'what is pushed here is nowhere else, so it needs a volume that stays.',
    examples: [
      { command: 'pipectl controller --listen 0.0.0.0:8080', meaning: 'in a pod, by its service account' },
      { command: 'pipectl controller --context staging', meaning: 'from here, for a cluster of the kubeconfig' },
    ],
    arguments: [],
    options: [
      LISTEN,
      {
        flags: '--allow-remotes <SCHEME>',
        description: 'Follow remotes of http or file URLs too, which nothing protects',
        repeated: true,
        choices: ['http', 'file'],
      },
      { flags: '--without-git', description: 'Follow remotes over HTTPS as where there is no git' },
    ],
    endsItself: true,
    load: () => import('./commands/controller.ts'),
  },
  {
    name: 'propeller',
    group: 'More',
    summary: 'Run a propeller shard of a Kubernetes cluster',
    description:
      'Runs executions of a cluster as pods. Which executions, a lease says: without --shard it becomes the shard that has\n' +
      'no process, and waits where each has one. Ctrl-C lets it hand over first.',
    examples: [
      { command: 'pipectl propeller --listen 0.0.0.0:8080', meaning: 'in a pod, by its service account' },
      { command: 'pipectl propeller --shard 0 --context staging', meaning: 'this one, from here' },
    ],
    arguments: [],
    options: [LISTEN, { flags: '--shard <N>', description: 'Which shard to be, counted from 0' }],
    endsItself: true,
    load: () => import('./commands/propeller.ts'),
  },
];
