import type { ArgumentSpec, CommandSpec } from './command.ts';
import { CACHE, INPUT, INPUTS_FILE, OUTPUT } from './command-options.ts';

const REPOSITORY: ArgumentSpec = {
  name: 'REPOSITORY',
  description: 'Its name; default: that of this checkout',
  completes: 'repository',
};
const REMOTE_OPTION = {
  flags: '--remote <NAME>',
  description: 'Git remote of this checkout to push to; default: pipectl, or the one that is polled',
};
const TIMEOUT = { flags: '--timeout <DURATION>', description: 'How long to wait; default: 5m' };

/** The commands of the help's part "Git": what a repository makes active, and how it came so. */
export const GITOPS_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'status',
    group: 'Git',
    summary: 'Tell what is active of a repository, and what is not',
    description:
      'Its domains with the commit that their branch shows and the one that is active, what could not be applied, what\n' +
      'somebody changed past git, and the commits that were active before. Exits 1 when it is not as git has it.',
    examples: [
      { command: 'pipectl status', meaning: 'of this checkout, or of all repositories' },
      { command: 'pipectl status ticketing -o json', meaning: 'for scripts' },
    ],
    arguments: [{ ...REPOSITORY, description: 'Its name; default: that of this checkout, else all' }],
    options: [OUTPUT('text', 'json')],
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'plan',
    group: 'Git',
    summary: 'Tell what a commit would change, as the server sees it',
    description:
      'Compares the definitions of a commit with what is active, and tells which the reconciler would create, update,\n' +
      'restore and remove. A commit that is not registered is sent to the control plane, which compiles it and keeps nothing.\n' +
      'Exits 0 when nothing would change, 1 when something would, 2 when it cannot be told.',
    examples: [
      { command: 'pipectl plan', meaning: 'the last commit of this checkout' },
      { command: 'pipectl plan --rev feature-x', meaning: 'the head of a branch' },
      { command: 'pipectl plan --rev HEAD~3 -o json', meaning: 'for scripts' },
    ],
    arguments: [],
    options: [
      { flags: '--rev <REV>', description: 'Commit, branch or tag; default: HEAD, else what the domain tracks' },
      REMOTE_OPTION,
      OUTPUT('text', 'json'),
    ],
    load: () => import('./commands/plan.ts'),
  },
  {
    name: 'sync',
    group: 'Git',
    summary: 'Poll and reconcile a repository now',
    description:
      'What is pushed here, or told by a webhook, needs no sync. With --wait exits 0 when every domain shows the commit of its\n' +
      'branch, 1 when that failed or took too long.',
    examples: [
      { command: 'pipectl sync', meaning: 'the repository of this checkout' },
      { command: 'pipectl sync ticketing --wait', meaning: 'until it is done' },
      { command: 'pipectl sync --confirm-removals', meaning: 'remove what waits for that' },
    ],
    arguments: [REPOSITORY],
    options: [
      { flags: '-w, --wait', description: 'Until it is done' },
      TIMEOUT,
      {
        flags: '--confirm-removals',
        description: 'Let go on what `pipectl status` shows as held or waiting to be removed',
      },
      OUTPUT('text', 'json'),
    ],
    load: () => import('./commands/sync.ts'),
  },
  {
    name: 'rollback',
    group: 'Git',
    summary: 'Make and push a commit that brings an old one back',
    description:
      'The commit has the files of REV and the head of the tracked branch as its parent, so history stays and git remains the\n' +
      'only source. It is checked like any push. The files of this checkout and its branches are left alone.',
    examples: [
      { command: 'pipectl rollback', meaning: 'to the commit that was active before' },
      { command: 'pipectl rollback --to 3f2c1ab -m "Wrong prices since Tuesday"', meaning: 'to a certain one' },
      { command: 'pipectl rollback --dry-run', meaning: 'only tell what it would do' },
    ],
    arguments: [],
    options: [
      { flags: '--to <REV>', description: 'Registered commit, its beginning or tag; default: the last active before' },
      { flags: '-m, --message <TEXT>', description: 'Why; put into the message of the commit' },
      { flags: '--dry-run', description: 'Make and push nothing' },
      REMOTE_OPTION,
      OUTPUT('text', 'json'),
    ],
    load: () => import('./commands/rollback.ts'),
  },
  {
    name: 'suspend',
    group: 'Git',
    summary: 'Stop reconciling a repository, or a schedule, as in an incident',
    description:
      'What is active stays as it is, and may be changed by hand: nothing is healed. Pushes still register, so that their\n' +
      'commits can be run. `pipectl resume repository/NAME` brings everything back to what git says.\n' +
      'schedule/NAME does not tick until it is resumed, whatever git says; backfill/NAME starts nothing more.',
    examples: [
      { command: 'pipectl suspend', meaning: 'the repository of this checkout' },
      { command: 'pipectl suspend ticketing --reason "incident 42"', meaning: 'and say why' },
      { command: 'pipectl suspend schedule/nightly', meaning: 'one schedule' },
    ],
    arguments: [
      {
        ...REPOSITORY,
        name: 'NAME',
        description: 'Repository, schedule/NAME or backfill/NAME; default: that of this checkout',
      },
    ],
    options: [{ flags: '--reason <TEXT>', description: 'Shown by `pipectl status` and `describe`' }],
    load: () => import('./commands/suspend.ts'),
  },
  {
    name: 'repo',
    group: 'Git',
    summary: 'Add, list or remove repositories',
    description:
      'ACTION is add, list or remove. add with a URL polls it; without one it is served here and pushed to. A secret holds\n' +
      'username and password, or token, or identity and known_hosts: `pipectl secret set -n pipectl-system`.\n' +
      'remove takes the active definitions of the repository along, and so wants --prune when there are any.',
    examples: [
      { command: 'pipectl repo add ticketing https://github.com/acme/ticketing.git', meaning: 'poll it' },
      { command: 'pipectl repo add pay git@github.com:acme/pay.git --secret key --interval 5m', meaning: 'by SSH' },
      { command: 'pipectl repo add shop -f shop.yaml', meaning: 'as the file says' },
      { command: 'pipectl repo list', meaning: 'all of them' },
      { command: 'pipectl repo remove ticketing --prune', meaning: 'with all that it made active' },
    ],
    arguments: [
      { name: 'ACTION', description: 'add, list or remove', required: true },
      { name: 'NAME', description: 'Name of the repository' },
      { name: 'URL', description: 'add: where it is; https, or ssh' },
    ],
    options: [
      { flags: '--interval <DURATION>', description: 'add: how often to poll; default: 1m' },
      { flags: '--fetch-timeout <DURATION>', description: 'add: how long a poll may take; default: 30s' },
      { flags: '--secret <NAME>', description: 'add: secret of pipectl-system with the credentials' },
      { flags: '--ref <PATTERN>', description: 'add: refs to fetch; default: all branches and tags', repeated: true },
      { flags: '--depth <N>', description: 'add: commits of history to fetch; default: all' },
      {
        flags: '--filter <FILTER>',
        description: 'add: blob:none or blob:limit=SIZE: fetch those files when they are read',
      },
      { flags: '--proxy <URL>', description: 'add: proxy for https, without a login; default: that of `pipectl up`' },
      { flags: '--proxy-secret <NAME>', description: 'add: secret with username and password for it, or its address' },
      {
        flags: '--verify <MODE>',
        description: 'add: what must be signed',
        choices: ['head', 'tag', 'every-commit'],
      },
      { flags: '--allowed-signers <FILE>', description: 'add: SSH keys that count, as ssh-keygen has them' },
      { flags: '--gpg-keys <FILE>', description: 'add: OpenPGP keys that count, armoured' },
      { flags: '--verify-ref <PATTERN>', description: 'add: refs that it is asked of; default: all', repeated: true },
      { flags: '--webhook <HOST>', description: 'add: who tells of pushes', choices: ['github', 'gitlab', 'gitea'] },
      {
        flags: '--webhook-secret <NAME/KEY>',
        description: 'add: secret and key of it that the webhook is signed with',
      },
      {
        flags: '--reviews <HOST>',
        description: 'add: review its open pull requests there',
        choices: ['github', 'gitlab', 'gitea'],
      },
      { flags: '--reviews-secret <NAME/KEY>', description: 'add: secret and key of it with the token for that' },
      {
        flags: '-f, --file <FILE>',
        description: 'add: a Repository as YAML or JSON, - for stdin, instead of all these',
      },
      { flags: '--prune', description: 'remove: also remove its active definitions' },
      OUTPUT('table', 'json', 'name'),
    ],
    load: () => import('./commands/repo.ts'),
  },
  {
    name: 'revisions',
    group: 'Git',
    summary: 'List commits as they were registered, or rejected',
    examples: [
      { command: 'pipectl revisions', meaning: 'of this checkout, newest first' },
      { command: 'pipectl revisions ticketing --rejected', meaning: 'pushes that were refused' },
      { command: 'pipectl revisions --of workflow/etl', meaning: 'its versions: commits that changed what it runs' },
      { command: 'pipectl revisions --limit 5 -o json', meaning: 'for scripts' },
    ],
    arguments: [REPOSITORY],
    options: [
      { flags: '--rejected', description: 'Only those that were rejected' },
      { flags: '--of <DEFINITION>', description: 'Only those that brought a version of it: workflow/etl, or etl' },
      { flags: '--limit <N>', description: 'At most so many; default: 20' },
      OUTPUT('table', 'wide', 'json', 'name'),
    ],
    load: () => import('./commands/revisions.ts'),
  },
  {
    name: 'blame',
    group: 'Git',
    summary: 'Tell which commit last changed a definition, and who',
    description:
      'Walks the history of this checkout back to the commit that changed what the definition means: what it runs and refers\n' +
      'to counts, spelling and moved files do not. Elsewhere it tells which registered commit did.',
    examples: [
      { command: 'pipectl blame workflow/etl', meaning: 'as it is active' },
      { command: 'pipectl blame etl', meaning: 'whatever has this name' },
      { command: 'pipectl blame schedule/nightly --rev v1.2', meaning: 'as it is in a commit; offline' },
    ],
    arguments: [{ name: '[KIND/]NAME', description: 'The definition', required: true }],
    options: [
      { flags: '--rev <REV>', description: 'As of this commit of the checkout; default: the active one' },
      OUTPUT('text', 'json'),
    ],
    load: () => import('./commands/blame.ts'),
  },
  {
    name: 'bisect',
    group: 'Git',
    summary: 'Find the commit that broke a launch plan, by running it',
    description:
      'Runs LAUNCHPLAN at commits between a good and a bad one, by binary search, until the first bad one is found. A commit in\n' +
      'which it is the same as in one that was tried needs no run. Commits that are not registered are pushed to a branch\n' +
      'of their own, which is deleted afterwards; where the repository is polled, only to the remote that --remote names.',
    examples: [
      { command: 'pipectl bisect nightly --good v1.2 --bad main', meaning: 'which commit broke it' },
      { command: 'pipectl bisect nightly --good HEAD~9 --bad HEAD -i day=2026-01-02', meaning: 'with an input' },
    ],
    arguments: [
      { name: 'LAUNCHPLAN', description: 'Launch plan or workflow', required: true, completes: 'launchPlan' },
    ],
    options: [
      { flags: '--good <REV>', description: 'A commit at which it succeeds' },
      { flags: '--bad <REV>', description: 'A later commit at which it fails' },
      INPUT,
      INPUTS_FILE,
      CACHE,
      REMOTE_OPTION,
      OUTPUT('text', 'json'),
    ],
    endsItself: true,
    load: () => import('./commands/bisect.ts'),
  },
];
