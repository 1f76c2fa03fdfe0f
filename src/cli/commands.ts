import type { CommandSpec, OptionSpec } from './command.ts';
import { STEERING_COMMANDS } from './steering-commands.ts';

const OUTPUT = (...choices: string[]): OptionSpec => ({
  flags: '-o, --output <FORMAT>',
  description: `Output format: ${choices.join(', ')}`,
  choices,
});

/** Options that every command takes, before or after its name. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  { flags: '-n, --namespace <NAME>', description: 'Namespace, <project>-<domain>; default: of this checkout' },
  { flags: '--data <DIR>', description: 'Data folder of the local control plane' },
  { flags: '--kubeconfig <FILE>', description: 'Kubeconfig to connect with' },
  { flags: '--context <NAME>', description: 'Context of the kubeconfig' },
  { flags: '--no-color', description: 'No colour; NO_COLOR=1 does the same' },
  { flags: '-v, --verbose', description: 'Tell more on stderr; stack traces of errors' },
];

const INPUT: OptionSpec = {
  flags: '-i, --input <NAME=VALUE>',
  description: 'An input: a scalar as it is, else JSON',
  repeated: true,
};
const INPUTS_FILE: OptionSpec = {
  flags: '--inputs-file <FILE>',
  description: 'Inputs from a YAML or JSON file; - is stdin',
};
const NAME: OptionSpec = {
  flags: '--name <NAME>',
  description: 'Name of the execution; a second run of it is refused',
};
const CACHE: OptionSpec = {
  flags: '--cache <MODE>',
  description: 'overwrite: run all and fill the cache anew; off: leave it alone',
  choices: ['overwrite', 'off'],
};
/** Of commands that start an execution once more. */
const AGAIN: readonly OptionSpec[] = [
  { flags: '--rev <REV>', description: 'Commit, its beginning, branch or tag; default: the same commit' },
  { ...INPUT, description: 'An input in place of the old one' },
  INPUTS_FILE,
  { flags: '-f, --follow', description: 'Print each node as it changes, then the outputs' },
  NAME,
  CACHE,
  OUTPUT('name', 'json', 'yaml'),
];

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'init',
    group: 'Start',
    summary: 'Write a small project that works',
    examples: [
      { command: 'pipectl init my-pipelines', meaning: 'in a new folder' },
      { command: 'pipectl init --name billing', meaning: 'here, with a name of its own' },
    ],
    arguments: [{ name: 'DIR', description: 'Folder to write into; default: the current one' }],
    options: [{ flags: '--name <NAME>', description: "The project's name; default: the folder's" }],
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'validate',
    group: 'Start',
    summary: 'Check the definitions of this checkout, offline',
    description:
      'Compiles the project around the current folder as a push would, and prints every finding with its place.\n' +
      'With paths, only findings in those files and folders are printed; all is checked all the same.\n' +
      'With - it checks one file from stdin by itself.',
    examples: [
      { command: 'pipectl validate', meaning: 'the whole project' },
      { command: 'pipectl validate pipelines/etl.yaml', meaning: 'print findings of one file' },
      { command: 'pipectl validate --fix', meaning: 'correct what has only one correction' },
      { command: 'pipectl validate --watch', meaning: 'check again after each change' },
      { command: 'pipectl validate --rev main~1', meaning: 'a commit, also in a bare repository' },
      { command: 'pipectl validate -o sarif >findings.sarif', meaning: 'for code scanning and editors' },
    ],
    arguments: [
      { name: 'PATH', description: 'Files or folders to print findings of', repeated: true, completes: 'file' },
    ],
    options: [
      OUTPUT('pretty', 'json', 'sarif', 'github', 'junit'),
      { flags: '--fix', description: 'Correct the files where there is only one way to; print what is left' },
      { flags: '--dry-run', description: 'With --fix: print a diff, write nothing; exit 1 when there is one' },
      { flags: '-w, --watch', description: 'Check again after each change, until Ctrl-C' },
      { flags: '--rev <REV>', description: "Check a commit from git's objects, not the files here" },
    ],
    endsItself: (input) => input.flag('watch'),
    load: () => import('./commands/validate.ts'),
  },
  {
    name: 'diff',
    group: 'Start',
    summary: 'Tell what differs between two commits, or executions',
    description:
      'Compares commits entity by entity and field by field: formatting, comments and other spellings of one value are no\n' +
      'differences. Tells which interfaces break, and which launch plans, schedules and workflows that breaks. Offline.\n' +
      'Two names that are no commits here are executions: compares inputs, versions, nodes and outputs. execution/NAME is\n' +
      'always one.',
    examples: [
      { command: 'pipectl diff main', meaning: 'what this work tree changes' },
      { command: 'pipectl diff main feature-x', meaning: 'two commits; main..feature-x is the same' },
      { command: 'pipectl diff HEAD~1 -o json', meaning: 'for scripts' },
      { command: 'pipectl diff nightly-x7k2pq nightly-c4m8wz', meaning: 'two executions' },
    ],
    arguments: [
      { name: 'A', description: 'Commit, branch or tag before, default: HEAD; or an execution' },
      { name: 'B', description: 'The one after, default: the work tree; or another execution' },
    ],
    options: [OUTPUT('pretty', 'json')],
    load: () => import('./commands/diff.ts'),
  },
  {
    name: 'import',
    group: 'Start',
    summary: 'Turn Argo Workflows or Tekton YAML into definitions',
    description:
      'Writes definitions and the scripts that stood in the YAML. Every construct that does not map is told on stderr with\n' +
      'its line and what to do instead. Without --out the definitions go to stdout and scripts are only counted.',
    examples: [
      { command: 'pipectl import argo etl.yaml --out pipelines', meaning: 'one file per definition' },
      { command: 'pipectl import tekton task.yaml pipeline.yaml', meaning: 'look at it first' },
    ],
    arguments: [
      { name: 'SYSTEM', description: 'argo or tekton', required: true },
      { name: 'FILE', description: 'Files that belong together', required: true, repeated: true, completes: 'file' },
    ],
    options: [
      { flags: '--out <DIR>', description: 'Folder to write into; overwrites nothing' },
      { flags: '--force', description: 'Overwrite files of the same names' },
      { flags: '--strict', description: 'Exit 1 when a construct was not imported' },
      OUTPUT('yaml', 'json'),
    ],
    load: () => import('./commands/import.ts'),
  },
  {
    name: 'lock',
    group: 'Start',
    summary: 'Write the digest of each image to images.lock',
    description:
      'Asks the registries, with the logins of Docker, which digest each image of the tasks has, and writes them to\n' +
      'images.lock beside pipectl.yaml. Commit it: a commit then runs the same images for ever. What is locked stays as it\n' +
      'is until --update; what no task runs any more is taken out. With an error nothing is written.',
    examples: [
      { command: 'pipectl lock', meaning: 'add what is missing, take out what is unused' },
      { command: 'pipectl lock --update python:3.12-slim', meaning: 'and look for a newer one of these' },
      { command: 'pipectl lock --check', meaning: 'in CI: exit 1 when the file is stale; asks no registry' },
    ],
    arguments: [],
    options: [
      {
        flags: '--update [IMAGE...]',
        description: 'Look up again these images, or all; a name without a tag is all its tags',
      },
      {
        flags: '--check',
        description: 'Write nothing; exit 1 when the file is stale, with --update also when a tag has moved',
      },
      { flags: '--offline', description: 'Ask no registry; exit 1 when an image is missing' },
    ],
    load: () => import('./commands/lock.ts'),
  },
  {
    name: 'up',
    group: 'Start',
    summary: 'Run the control plane on this machine',
    description:
      'Serves the API, the git endpoint and the engine on 127.0.0.1 until Ctrl-C. In a checkout with a pipectl.yaml\n' +
      'it also sets the git remote `pipectl`, so that `git push pipectl main` registers.',
    examples: [
      { command: 'pipectl up', meaning: 'with the default data folder' },
      { command: 'pipectl up --data ./data --port 7500', meaning: 'somewhere else' },
    ],
    arguments: [],
    options: [
      { flags: '--port <N>', description: 'Port on 127.0.0.1, 0 for any free one; default: 7411' },
      { flags: '--no-remote', description: 'Leave the git remote of this checkout alone' },
    ],
    endsItself: true,
    load: () => import('./commands/up.ts'),
  },
  {
    name: 'demo',
    group: 'Start',
    summary: 'See it work on an example, from push to chart',
    description:
      'Makes a git repository of the ticketing example, starts a control plane on a free port, pushes, runs the launch\n' +
      'plan, changes a file, pushes again, and shows how a broken push is refused. Ends by itself.',
    examples: [
      { command: 'pipectl demo', meaning: 'in a new temporary folder' },
      { command: 'pipectl demo --keep', meaning: 'and leave the control plane running' },
    ],
    arguments: [],
    options: [
      { flags: '--keep', description: 'Leave the control plane running until Ctrl-C' },
      { flags: '--dir <DIR>', description: 'Folder to work in; default: a new one for temporary files' },
    ],
    endsItself: true,
    load: () => import('./commands/demo.ts'),
  },
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
  ...STEERING_COMMANDS,
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
  {
    name: 'get',
    group: 'Look',
    summary: 'List objects, or show one',
    examples: [
      { command: 'pipectl get executions -w', meaning: 'and follow changes' },
      { command: 'pipectl get exec -A --field-selector status.phase=Failed', meaning: 'failed ones, everywhere' },
      { command: 'pipectl get workflow etl -o yaml', meaning: 'everything about one' },
    ],
    arguments: [
      {
        name: 'KIND',
        description: 'For example executions, exec, workflows, revisions, pods',
        required: true,
        completes: 'kind',
      },
      { name: 'NAME', description: 'Names of objects; default: all', repeated: true },
    ],
    options: [
      OUTPUT('table', 'wide', 'json', 'yaml', 'name'),
      { flags: '-w, --watch', description: 'Follow changes until Ctrl-C' },
      { flags: '-A, --all-namespaces', description: 'Objects of all namespaces' },
      { flags: '-l, --selector <LABELS>', description: 'For example pipectl.dev/workflow=etl' },
      { flags: '--field-selector <FIELDS>', description: 'For example status.phase!=Succeeded' },
      { flags: '--no-headers', description: 'Rows only' },
    ],
    load: () => import('./commands/get.ts'),
  },
  {
    name: 'describe',
    group: 'Look',
    summary: 'Tell about one object what a person asks',
    examples: [
      { command: 'pipectl describe execution nightly-x7k2pq', meaning: 'nodes, durations, errors, outputs' },
      { command: 'pipectl describe workflow etl', meaning: 'interface, version, file' },
      { command: 'pipectl describe revision 3f2c1ab', meaning: 'what a commit brought' },
    ],
    arguments: [
      { name: 'KIND', description: 'Kind of the object; also KIND/NAME', required: true, completes: 'kind' },
      { name: 'NAME', description: 'Name of the object' },
    ],
    options: [],
    load: () => import('./commands/describe.ts'),
  },
  {
    name: 'logs',
    group: 'Look',
    summary: 'Print what tasks wrote',
    examples: [
      { command: 'pipectl logs nightly-x7k2pq', meaning: 'all nodes' },
      { command: 'pipectl logs nightly-x7k2pq/forecast/3 -f', meaning: 'one subtask of a map, as it writes' },
      { command: 'pipectl logs nightly-x7k2pq/ingest --attempt 1', meaning: 'an earlier attempt' },
    ],
    arguments: [
      {
        name: 'EXECUTION[/NODE[/INDEX]]',
        description: 'What to print the log of',
        required: true,
        completes: 'execution',
      },
    ],
    options: [
      { flags: '-f, --follow', description: 'Until the execution ends' },
      { flags: '--attempt <N>', description: 'Which attempt; default: the last of each' },
      { flags: '--tail <N>', description: 'Only the last lines of each attempt' },
      { flags: '--timestamps', description: 'When each line was written' },
    ],
    load: () => import('./commands/logs.ts'),
  },
  {
    name: 'graph',
    group: 'Look',
    summary: 'Draw a workflow as Mermaid, DOT or SVG',
    description:
      'Draws what this checkout defines, offline; with --rev a registered commit; with --execution what ran, each node\n' +
      'with its state. Pale or dotted edges add nothing: a longer way leads there too.',
    examples: [
      { command: 'pipectl graph etl', meaning: 'Mermaid, as GitHub shows it in Markdown' },
      { command: 'pipectl graph etl -o svg > etl.svg', meaning: 'a picture, light or dark as the reader likes' },
      { command: 'pipectl graph --execution nightly-x7k2pq -o svg > run.svg', meaning: 'how it went' },
    ],
    arguments: [{ name: 'WORKFLOW', description: 'Workflow, or a launch plan of it', completes: 'launchPlan' }],
    options: [
      OUTPUT('mermaid', 'dot', 'svg'),
      { flags: '--rev <REV>', description: 'Registered commit, its beginning, branch or tag' },
      { flags: '--execution <NAME>', description: 'Show the states of this execution' },
      {
        flags: '--direction <WHERE>',
        description: 'Where edges point to: right or down; default: what fits',
        choices: ['right', 'down'],
      },
    ],
    load: () => import('./commands/graph.ts'),
  },
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

/** The command of this name. */
export function commandSpec(name: string): CommandSpec | undefined {
  return COMMANDS.find((spec) => spec.name === name);
}
