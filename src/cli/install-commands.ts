import type { CommandSpec, OptionSpec } from './command.ts';
import { OUTPUT } from './command-options.ts';

const SHAPE: readonly OptionSpec[] = [
  { flags: '--image <IMAGE>', description: 'Image of pipectl that the cluster can pull' },
  { flags: '--replicas <N>', description: 'Of the controller; default: 2' },
  { flags: '--data-claim <NAME>', description: 'PersistentVolumeClaim for repositories that are pushed to it' },
  { flags: '--service-monitor', description: 'For the Prometheus operator' },
  { flags: '--no-dashboard', description: 'Without the ConfigMap for Grafana' },
];
const APPLYING: readonly OptionSpec[] = [
  { flags: '--dry-run', description: 'Let the server check everything and change nothing' },
  { flags: '--force', description: 'Take over fields that somebody else has changed' },
  { flags: '--timeout <DURATION>', description: 'How long to wait until it is healthy; default: 5m' },
];
const CLUSTER = 'Goes to the cluster that kubectl would, or --kubeconfig and --context name.';

/** Bringing pipectl onto a Kubernetes cluster, and away from it. */
export const INSTALL_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'install',
    group: 'More',
    summary: 'Print what a Kubernetes cluster needs, or apply it',
    description: `Prints manifests: kinds, namespace, roles, workloads, network, monitoring. With --apply they are applied by
server-side apply, and it waits until all is healthy.\n${CLUSTER}`,
    examples: [
      {
        command: 'pipectl install --image registry.example.com/pipectl:0.1.0 > pipectl.yaml',
        meaning: 'to be read first',
      },
      { command: 'pipectl install --image registry.example.com/pipectl:0.1.0 --apply', meaning: 'and waits for it' },
      {
        command: 'pipectl install --image registry.example.com/pipectl:0.1.0 --apply --dry-run',
        meaning: 'the server checks, nothing changes',
      },
    ],
    arguments: [],
    options: [
      ...SHAPE,
      { flags: '--apply', description: 'Apply them instead of printing' },
      ...APPLYING,
      OUTPUT('yaml', 'json'),
    ],
    load: () => import('./commands/install.ts'),
  },
  {
    name: 'upgrade',
    group: 'More',
    summary: 'Bring the installation of a cluster to this version',
    description: `Applies the manifests of this version and removes what they have no more. Refuses to go back to an older version
unless --force.\n${CLUSTER}`,
    examples: [
      { command: 'pipectl upgrade --image registry.example.com/pipectl:0.1.0', meaning: 'and waits for it' },
      { command: 'pipectl upgrade --image registry.example.com/pipectl:0.1.0 --dry-run', meaning: 'what would change' },
    ],
    arguments: [],
    options: [...SHAPE, ...APPLYING],
    load: () => import('./commands/upgrade.ts'),
  },
  {
    name: 'uninstall',
    group: 'More',
    summary: 'Remove the installation of a cluster',
    description: `Removes programs, roles and services, and keeps the kinds with all objects: installing again goes on from there.
--everything removes these as well, with every repository, revision and execution of the cluster.\n${CLUSTER}`,
    examples: [
      { command: 'pipectl uninstall --dry-run', meaning: 'what would go' },
      { command: 'pipectl uninstall', meaning: 'the programs; the data stays' },
      { command: 'pipectl uninstall --everything --yes', meaning: 'also all that they have written' },
    ],
    arguments: [],
    options: [
      { flags: '--everything', description: 'Also the kinds, with all their objects, and the namespace' },
      { flags: '--yes', description: 'Though there is work or data that it ends' },
      { flags: '--dry-run', description: 'Say what would go' },
    ],
    load: () => import('./commands/uninstall.ts'),
  },
];
