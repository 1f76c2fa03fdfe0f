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
    name: 'backfill',
    group: 'Run',
    summary: 'Run the ticks that a schedule would have had',
    description:
      'The control plane runs one execution for each tick of the span, and carries on after a restart. Ticks that ran, by\n' +
      'whatever way, are passed over. Times are those of the schedule: a day as --to is run to its end. Prints the name of the\n' +
      'backfill; with --wait exits 0 when all succeeded, 1 when not. suspend, resume and abort take backfill/NAME.',
    examples: [
      { command: 'pipectl backfill nightly --from 2026-01-01 --to 2026-01-31 --dry-run', meaning: 'list its ticks' },
      {
        command: 'pipectl backfill nightly --from 2026-01-01 --concurrency 4 --wait',
        meaning: 'up to now, four at a time',
      },
    ],
    arguments: [{ name: 'SCHEDULE', description: 'Its name', required: true }],
    options: [
      { flags: '--from <TIME>', description: 'Where it begins: a day, a local time of the schedule, or an instant' },
      { flags: '--to <TIME>', description: 'Where it ends; default: now' },
      { flags: '--concurrency <N>', description: 'Executions at a time, up to 100; default: 1' },
      { flags: '--reverse', description: 'Newest tick first' },
      { flags: '--dry-run', description: 'Print the ticks, and start nothing' },
      { flags: '--wait', description: 'Wait for its end' },
      { flags: '--name <NAME>', description: 'Name of the backfill; a second one of it is refused' },
    ],
    load: () => import('./commands/backfill.ts'),
  },
  {
    name: 'abort',
    group: 'Run',
    summary: 'End an execution or a backfill; running tasks are stopped',
    examples: [
      { command: 'pipectl abort nightly-x7k2pq --reason "wrong day"', meaning: 'and say why' },
      { command: 'pipectl abort backfill/nightly-backfill-x7k2pq', meaning: 'with all that it runs' },
    ],
    arguments: [
      {
        name: 'EXECUTION',
        description: 'Its name, or backfill/NAME',
        required: true,
        repeated: true,
        completes: 'execution',
      },
    ],
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
