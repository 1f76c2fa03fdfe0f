import type { CommandSpec } from './command.ts';
import { OUTPUT } from './command-options.ts';

/** The commands of the help's part "More". */
export const MORE_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'explain',
    group: 'More',
    summary: 'Explain a diagnostic code, or list all',
    examples: [
      { command: 'pipectl explain PIPE-REF-001', meaning: 'with a wrong and a right example' },
      { command: 'pipectl explain REF', meaning: 'the codes of one family' },
      { command: 'pipectl explain', meaning: 'all codes' },
    ],
    arguments: [{ name: 'CODE', description: 'For example PIPE-REF-001, REF-001, or REF', completes: 'code' }],
    options: [],
    load: () => import('./commands/explain.ts'),
  },
  {
    name: 'completion',
    group: 'More',
    summary: 'Print a completion script for bash, zsh or fish',
    examples: [
      { command: 'source <(pipectl completion bash)', meaning: 'in ~/.bashrc' },
      { command: 'pipectl completion fish | source', meaning: 'in ~/.config/fish/config.fish' },
    ],
    arguments: [{ name: 'SHELL', description: 'bash, zsh or fish', required: true, completes: 'shell' }],
    options: [],
    load: () => import('./commands/completion.ts'),
  },
  {
    name: 'version',
    group: 'More',
    summary: 'Print the version of pipectl and of the control plane',
    examples: [{ command: 'pipectl version -o json', meaning: 'for scripts' }],
    arguments: [],
    options: [OUTPUT('text', 'json'), { flags: '--client', description: 'Do not ask the control plane' }],
    load: () => import('./commands/version.ts'),
  },
];
