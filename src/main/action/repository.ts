import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StalledError } from '../../base/index.ts';
import { type CheckoutGit, openCheckoutGit } from '../../client/index.ts';
import type { ActionWorld } from './world.ts';

/** Where the objects of the change are read: nothing is checked out, and no code of it runs. */
export interface ChangeRepository {
  readonly git: CheckoutGit;
  /** The folder of the project, in which the project document of a commit is looked for upwards. */
  readonly cwd: string;
  /** The environment of each git that reads: no token is in it. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes sure that a commit is there with its parents' trees, by its id or a ref of the host; gives its id. */
  fetch(wanted: string): Promise<string>;
}

export interface RepositoryOptions {
  readonly path: string;
  /** Sent to GITHUB_SERVER_URL only. */
  readonly token: string;
}

/** The checkout of the workflow when there is one that has whole files, or else an empty repository of our own. */
export async function openChangeRepository(world: ActionWorld, options: RepositoryOptions): Promise<ChangeRepository> {
  const { GITHUB_WORKSPACE: workspace = '.', RUNNER_TEMP: scratch = tmpdir() } = world.env;
  const checkout = openCheckoutGit(workspace, environment(world, workspace));
  const root = (await checkout.tell('rev-parse', '--show-toplevel')).stdout.trim();
  const isPartial = root !== '' && (await checkout.tell('config', '--get-regexp', PROMISOR)).stdout !== '';
  if (root !== '' && !isPartial) return repositoryIn(world, root, options, await depthOf(checkout));
  const own = mkdtempSync(join(scratch, 'pipectl-'));
  await openCheckoutGit(own, environment(world, own)).run('init', '--quiet', '--template=', own);
  mkdirSync(join(own, options.path), { recursive: true });
  return repositoryIn(world, own, options, ['--depth=2']);
}

/** A clone that leaves blobs out would have to ask for them one by one. */
const PROMISOR = '^remote\\..*\\.promisor$';

/** A complete history stays complete, and a shallow one only grows. */
async function depthOf(git: CheckoutGit): Promise<readonly string[]> {
  if ((await git.tell('rev-parse', '--is-shallow-repository')).stdout.trim() !== 'true') return [];
  const commits = (await git.tell('rev-list', '--count', '--max-count=3', 'HEAD')).stdout.trim();
  return Number(commits) <= 2 ? ['--depth=2'] : ['--deepen=1'];
}

function repositoryIn(
  world: ActionWorld,
  root: string,
  { path, token }: RepositoryOptions,
  depth: readonly string[],
): ChangeRepository {
  const env = environment(world, root);
  const git = openCheckoutGit(root, env);
  let fetched = 0;
  return {
    git,
    cwd: join(root, path),
    env,
    async fetch(wanted) {
      const { GITHUB_SERVER_URL: server = 'https://github.com', GITHUB_REPOSITORY: name = '' } = world.env;
      fetched += 1;
      const ref = `refs/pipectl/review-${fetched}`;
      const asking = openCheckoutGit(root, { ...env, ...login(server, token, env) });
      const url = `${server.replace(/\/+$/, '')}/${name}.git`;
      const { code, stderr } = await asking.tell('fetch', ...FETCH, ...depth, '--', url, `+${wanted}:${ref}`);
      if (code !== 0) throw new StalledError('FetchFailed', `cannot fetch ${wanted}: ${lastLine(stderr, token)}`);
      return (await git.run('rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`)).trim();
    },
  };
}

const FETCH = ['--quiet', '--no-tags', '--no-recurse-submodules', '--no-auto-maintenance', '--refmap='];

/** Of the runner's environment what git needs to run and to reach the host; settings of ours are the last word. */
function environment({ env }: ActionWorld, root: string): Record<string, string> {
  const kept = Object.entries(env).filter((entry): entry is [string, string] => {
    return entry[1] !== undefined && KEPT.test(entry[0]);
  });
  return { ...Object.fromEntries(kept), ...settings([...SETTINGS, ['safe.directory', root]]) };
}

const KEPT = /^(?:PATH|HOME|TMPDIR|TMP|TEMP|SYSTEMROOT|(?:https?|all|no)_proxy|SSL_CERT_(?:FILE|DIR)|GIT_SSL_\w+)$/i;

/** Nothing that a repository's own configuration names is run. */
const SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['credential.helper', ''],
  ['fetch.recurseSubmodules', 'false'],
  ['http.followRedirects', 'false'],
  ['protocol.allow', 'never'],
  ['protocol.https.allow', 'always'],
  ['protocol.http.allow', 'always'],
];

/** The login for one server. An empty header takes away what `actions/checkout` left in the repository's configuration. */
function login(server: string, token: string, env: Readonly<Record<string, string>>): Record<string, string> {
  const header = `http.${new URL(server).origin}/.extraheader`;
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  const before = Number(env.GIT_CONFIG_COUNT ?? 0);
  const entries = [
    [header, ''] as const,
    ...(token === '' ? [] : [[header, `Authorization: Basic ${basic}`] as const]),
  ];
  return settings(entries, before);
}

function settings(entries: readonly (readonly [name: string, value: string])[], from = 0): Record<string, string> {
  const pairs = entries.flatMap(([name, value], at) => [
    [`GIT_CONFIG_KEY_${from + at}`, name],
    [`GIT_CONFIG_VALUE_${from + at}`, value],
  ]);
  return { ...Object.fromEntries(pairs), GIT_CONFIG_COUNT: String(from + entries.length) };
}

function lastLine(stderr: string, token: string): string {
  const line = stderr.trim().split('\n').at(-1) ?? '';
  const told = token === '' ? line : line.replaceAll(token, '***');
  return told.slice(0, 300) || 'git said nothing';
}
