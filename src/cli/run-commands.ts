import type { CommandSpec } from './command.ts';
import { AGAIN, CACHE, INPUT, INPUTS_FILE, NAME, OUTPUT } from './command-options.ts';

/** The commands of the help's part "Run". */
export const RUN_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'run',
    group: 'Run',
    summary: 'Start an execution of a launch plan or workflow',
    description:
      'NAME is a launch plan, else a workflow. Runs the active commit, or with --rev any registered one.\n' +
      'Prints the name of the execution; with --follow waits and exits 0 when it succeeded, 1 when not.',
    examples: [
      { command: 'pipectl run nightly --follow', meaning: 'run it and watch' },
      { command: 'pipectl run etl --input day=2026-01-02 --input "ids=[1, 2]"', meaning: 'with inputs' },
      { command: 'pipectl run nightly --rev feature-x', meaning: 'the head of a pushed branch' },
    ],
    arguments: [{ name: 'NAME', description: 'Launch plan or workflow', required: true, completes: 'launchPlan' }],
    options: [
      INPUT,
      INPUTS_FILE,
      { flags: '--rev <REV>', description: 'Commit, its beginning, branch or tag' },
      { flags: '-f, --follow', description: 'Print each node as it changes, then the outputs' },
      { flags: '--max-parallelism <N>', description: 'Task attempts at a time' },
      { flags: '--priority <N>', description: 'From -100 to 100; the higher goes first' },
      NAME,
      CACHE,
      OUTPUT('name', 'json', 'yaml'),
    ],
    load: () => import('./commands/run.ts'),
  },
  {
    name: 'relaunch',
    group: 'Run',
    summary: 'Start the same execution once more',
    description:
      'Same commit, launch plan and inputs as EXECUTION, unless --rev and --input say otherwise. Prints the name of the new\n' +
      'one; with --follow waits and exits 0 when it succeeded, 1 when not.',
    examples: [
      { command: 'pipectl relaunch nightly-x7k2pq --follow', meaning: 'all of it again' },
      { command: 'pipectl relaunch nightly-x7k2pq --rev main', meaning: 'the same inputs at another commit' },
    ],
    arguments: [{ name: 'EXECUTION', description: 'Its name', required: true, completes: 'execution' }],
    options: AGAIN,
    load: () => import('./commands/relaunch.ts'),
  },
  {
    name: 'recover',
    group: 'Run',
    summary: 'Start it once more, and redo only what must be',
    description:
      'Takes from EXECUTION, which must have ended, the outputs of every node that would do the same from the same: what failed\n' +
      'runs, and with --rev what the newer commit touches. See docs/cache.md.',
    examples: [
      { command: 'pipectl recover nightly-x7k2pq', meaning: 'after a failure of something else' },
      { command: 'pipectl recover nightly-x7k2pq --rev main -f', meaning: 'after a fix was pushed' },
    ],
    arguments: [{ name: 'EXECUTION', description: 'Its name', required: true, completes: 'execution' }],
    options: AGAIN,
    load: () => import('./commands/recover.ts'),
  },
  {
    name: 'abort',
    group: 'Run',
    summary: 'End an execution; running tasks are stopped',
    examples: [{ command: 'pipectl abort nightly-x7k2pq --reason "wrong day"', meaning: 'and say why' }],
    arguments: [{ name: 'EXECUTION', description: 'Its name', required: true, repeated: true, completes: 'execution' }],
    options: [{ flags: '--reason <TEXT>', description: 'Kept with the execution' }],
    load: () => import('./commands/abort.ts'),
  },
  {
    name: 'cache',
    group: 'Run',
    summary: 'List or delete kept outputs of tasks',
    description:
      'ACTION is list or delete. Selects entries by --task, by age or by key; delete wants one of these or --all.\n' +
      'See docs/cache.md.',
    examples: [
      { command: 'pipectl cache list --task features', meaning: 'what is kept of one task' },
      { command: 'pipectl cache delete --task features --older-than 7d', meaning: 'make old ones anew' },
      { command: 'pipectl cache delete --all', meaning: 'everything of this project and domain' },
    ],
    arguments: [
      { name: 'ACTION', description: 'list or delete', required: true },
      { name: 'KEY', description: 'Keys of entries, or beginnings of keys', repeated: true },
    ],
    options: [
      { flags: '--task <NAME>', description: 'Entries of this task; may be given more than once', repeated: true },
      { flags: '--older-than <DURATION>', description: 'Entries filled longer ago, for example 12h or 7d' },
      { flags: '--all', description: 'All entries' },
      OUTPUT('table', 'wide', 'json', 'name'),
    ],
    load: () => import('./commands/cache.ts'),
  },
];
