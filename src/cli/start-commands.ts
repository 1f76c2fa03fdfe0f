import type { CommandSpec } from './command.ts';
import { OUTPUT } from './command-options.ts';

/** The commands of the help's part "Start". */
export const START_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'init',
    group: 'Start',
    summary: 'Write a small project that works',
    examples: [
      { command: 'pipectl init my-pipelines', meaning: 'in a new folder' },
      { command: 'pipectl init --name billing', meaning: 'here, with a name of its own' },
      { command: 'pipectl init --ci github', meaning: 'have pull requests of this project reviewed' },
    ],
    arguments: [{ name: 'DIR', description: 'Folder to write into; default: the current one' }],
    options: [
      { flags: '--name <NAME>', description: "The project's name; default: the folder's" },
      {
        flags: '--ci <HOST>',
        description: 'Also, or in a project only: a workflow that reviews pull requests, and a start for CODEOWNERS',
        choices: ['github'],
      },
      { flags: '--action <NAME>', description: 'What that workflow uses: owner/repository@tag' },
    ],
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
    name: 'review',
    group: 'Start',
    summary: 'Tell what a change means: when it runs, what breaks',
    description:
      'Compares HEAD with the commit at which it left BASE, as `git diff BASE...HEAD` does: schedules with their next ticks\n' +
      'before and after, load of a week, breaks, policies, who must agree, what the reconciler would do. Offline.\n' +
      'Exits 0, or 1 with a finding at or above --fail-on, or 2 when it cannot be told.\n' +
      '--post keeps one comment, and a status of the head, up to date; in CI jobs it knows by itself where.',
    examples: [
      { command: 'pipectl review', meaning: 'this branch, against the default one' },
      { command: 'pipectl review origin/main feature-x -o markdown', meaning: 'as a comment of a pull request' },
      { command: 'pipectl review --post', meaning: 'in a CI job: comment on its pull request' },
      { command: 'pipectl review --fail-on warning -o sarif > review.sarif', meaning: 'for a check in CI' },
      { command: 'pipectl review --history server', meaning: 'with durations and cost, from the control plane' },
    ],
    arguments: [
      { name: 'BASE', description: 'Commit, branch or tag; default: the default branch of origin, or main' },
      { name: 'HEAD', description: 'Commit, branch or tag; default: HEAD' },
    ],
    options: [
      OUTPUT('pretty', 'markdown', 'json', 'sarif', 'codequality'),
      {
        flags: '--fail-on <LEVEL>',
        description: 'Exit 1 from this level on: error, warning, notice, never; default: error',
        choices: ['error', 'warning', 'notice', 'never'],
      },
      { flags: '--domain <NAME>', description: 'Domain to look at; default: those that track BASE', repeated: true },
      {
        flags: '--history <FILE>',
        description: 'Of `pipectl durations -o json`, or `server`: ask the control plane for the last 30 days',
      },
      { flags: '--merge-at <WHEN>', description: 'When the change becomes active, an instant; default: now' },
      { flags: '--post', description: 'Also as the comment and status of the pull request that the CI job is for' },
      {
        flags: '--host <KIND>',
        description: 'Post to a github, gitlab or gitea; default: of the CI job',
        choices: ['github', 'gitlab', 'gitea'],
      },
      { flags: '--api-url <URL>', description: 'Its API, as https://HOST/api/v4; default: of the CI job' },
      { flags: '--project <PATH>', description: 'Repository there, as owner/name; default: of the CI job' },
      { flags: '--number <N>', description: 'Pull request there; default: of the CI job' },
      { flags: '--topic <NAME>', description: 'Tells apart several reviews of one pull request' },
      {
        flags: '--token-file <FILE>',
        description: 'File with the token; default: $PIPECTL_HOST_TOKEN, $GITLAB_TOKEN …',
      },
    ],
    load: () => import('./commands/review.ts'),
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
      {
        flags: '--allow-remotes <SCHEME>',
        description: 'Follow remotes of http or file URLs too, which nothing protects',
        repeated: true,
        choices: ['http', 'file'],
      },
      {
        flags: '--without-git',
        description: 'Follow remotes over HTTPS as where there is no git; nothing can be pushed here then',
      },
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
];
