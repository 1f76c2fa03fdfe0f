import { ACCESS_COMMANDS } from './access-commands.ts';
import { CLUSTER_COMMANDS } from './cluster-commands.ts';
import type { CommandSpec, OptionSpec } from './command.ts';
import { GITOPS_COMMANDS } from './gitops-commands.ts';
import { INSTALL_COMMANDS } from './install-commands.ts';
import { LOOK_COMMANDS } from './look-commands.ts';
import { MORE_COMMANDS } from './more-commands.ts';
import { RUN_COMMANDS } from './run-commands.ts';
import { SECRET_COMMANDS } from './secret-commands.ts';
import { START_COMMANDS } from './start-commands.ts';
import { STEERING_COMMANDS } from './steering-commands.ts';

/** Options that every command takes, before or after its name. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  { flags: '-n, --namespace <NAME>', description: 'Namespace, <project>-<domain>; default: of this checkout' },
  { flags: '--data <DIR>', description: 'Data folder of the local control plane' },
  { flags: '--kubeconfig <FILE>', description: 'Kubeconfig to connect with' },
  { flags: '--context <NAME>', description: 'Context of the kubeconfig' },
  { flags: '--no-color', description: 'No colour; NO_COLOR=1 does the same' },
  { flags: '-v, --verbose', description: 'Tell more on stderr; stack traces of errors' },
];

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  ...START_COMMANDS,
  ...RUN_COMMANDS,
  ...STEERING_COMMANDS,
  ...SECRET_COMMANDS,
  ...GITOPS_COMMANDS,
  ...LOOK_COMMANDS,
  ...ACCESS_COMMANDS,
  ...INSTALL_COMMANDS,
  ...CLUSTER_COMMANDS,
  ...MORE_COMMANDS,
];

/** The command of this name. */
export function commandSpec(name: string): CommandSpec | undefined {
  return COMMANDS.find((spec) => spec.name === name);
}
