import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { serveGit } from '../hosts/git-server.ts';
import { type GitHubServer, startGitHub, TOKEN } from '../hosts/github-server.ts';

const ACTION = join(import.meta.dirname, '../../action');
const ENTRY = join(ACTION, 'dist/index.mjs');

/** What a step left behind. */
export interface Step {
  readonly code: number;
  readonly log: string;
  /** All that went to stderr. */
  readonly errors: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

export interface StepOptions {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly event?: string;
  /** Takes the place of the event of the pull request. */
  readonly payload?: unknown;
  readonly env?: Readonly<Record<string, string>>;
  readonly workspace?: string;
  readonly nodeArguments?: readonly string[];
}

/** A repository on a code host, with pull request 7, and a runner that reviews it. */
export interface ActionBench {
  readonly folder: string;
  readonly server: GitHubServer;
  /** Runs git in the repository of the host. */
  git(...args: string[]): string;
  /** Commits files on a branch; a file without text is removed. */
  commit(branch: string, files: Readonly<Record<string, string | undefined>>): string;
  /** Makes the pull request's head and its merge those of `change`; returns both. */
  offer(): { readonly head: string; readonly merge: string };
  /** Makes both branches this commit again, and the host forget what it was told. */
  reset(commit: string): void;
  /** A checkout as `actions/checkout` makes it. */
  checkout(depth: number): string;
  step(options?: StepOptions): Promise<Step>;
  close(): Promise<void>;
}

export async function openActionBench(): Promise<ActionBench> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-action-'));
  const repository = join(folder, 'host');
  const gitServer = serveGit(() => join(repository, '.git'), TOKEN);
  const server = await startGitHub((request, response) => {
    const isServed = gitServer(request, response);
    if (isServed) server.state.gitRequests += 1;
    return isServed;
  });
  const git = (...args: string[]): string => gitIn(repository, args);
  mkdirSync(repository);
  git('init', '-q', '-b', 'main');
  let steps = 0;
  const bench: Omit<ActionBench, 'step'> = {
    folder,
    server,
    git,
    commit(branch, files) {
      const isThere = git('branch', '--list', branch).trim() !== '';
      if (git('branch', '--list').trim() !== '') git('checkout', '-q', ...(isThere ? [branch] : ['-b', branch]));
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(repository, path)), { recursive: true });
        if (text === undefined) rmSync(join(repository, path));
        else writeFileSync(join(repository, path), text);
      }
      git('add', '-A');
      git('commit', '-qm', 'Change');
      return git('rev-parse', 'HEAD').trim();
    },
    offer() {
      const tree = git('merge-tree', '--write-tree', 'main', 'change').trim();
      const merge = git('commit-tree', tree, '-p', 'main', '-p', 'change', '-m', 'Merge').trim();
      const head = git('rev-parse', 'change').trim();
      git('update-ref', 'refs/pull/7/merge', merge);
      git('update-ref', 'refs/pull/7/head', head);
      server.state.heads.set(7, head);
      return { head, merge };
    },
    reset(commit) {
      git('checkout', '-q', '--force', 'main');
      git('reset', '-q', '--hard', commit);
      git('branch', '-qf', 'change', commit);
      const { state } = server;
      Object.assign(state, { comments: [], canWrite: true, before: undefined, gitRequests: 0 });
      for (const list of [state.checks, state.statuses, state.uploads, state.faults, state.seen]) list.length = 0;
    },
    checkout(depth) {
      const workspace = mkdtempSync(join(folder, 'workspace-'));
      gitIn(workspace, ['init', '-q']);
      const [from, to] = [`file://${repository}`, '+refs/pull/7/merge:refs/remotes/pull/7/merge'];
      gitIn(workspace, ['fetch', '-q', '--no-tags', ...(depth === 0 ? [] : [`--depth=${depth}`]), from, to]);
      gitIn(workspace, ['checkout', '-q', '--force', 'refs/remotes/pull/7/merge']);
      return workspace;
    },
    close: async () => {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return {
    ...bench,
    step: (options = {}) => {
      steps += 1;
      return runStep(bench, join(folder, `step-${steps}`), options);
    },
  };
}

function gitIn(cwd: string, args: readonly string[]): string {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@b.c', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', ['-C', cwd, ...identity, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** As GitHub's runner does: inputs by environment, with the defaults of action.yml; files for what the step tells. */
async function runStep(bench: Omit<ActionBench, 'step'>, home: string, options: StepOptions): Promise<Step> {
  const { inputs = {}, event = 'pull_request', env = {}, workspace = join(home, 'work') } = options;
  mkdirSync(join(home, 'work'), { recursive: true });
  const file = (name: string, text: string): string => {
    writeFileSync(join(home, name), text);
    return join(home, name);
  };
  const [output, summary] = [file('output', ''), file('summary', '')];
  const merge = bench.git('rev-parse', 'refs/pull/7/merge').trim();
  const child = spawn(process.execPath, [...(options.nodeArguments ?? []), ENTRY], {
    cwd: workspace,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_API_URL: bench.server.url,
      GITHUB_SERVER_URL: bench.server.url,
      GITHUB_REPOSITORY: 'acme/shop',
      GITHUB_RUN_ID: '42',
      GITHUB_SHA: merge,
      GITHUB_REF: 'refs/pull/7/merge',
      GITHUB_EVENT_NAME: event,
      GITHUB_EVENT_PATH: file('event.json', JSON.stringify(options.payload ?? pullRequestEvent(bench))),
      GITHUB_WORKSPACE: workspace,
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      RUNNER_TEMP: home,
      ...inputVariables(inputs),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [log, errors] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise((resolve) => child.on('close', resolve)),
  ]);
  return {
    code: child.exitCode ?? -1,
    log,
    errors,
    outputs: outputsOf(readFileSync(output, 'utf8')),
    summary: readFileSync(summary, 'utf8'),
  };
}

function pullRequestEvent({ git }: Pick<ActionBench, 'git'>) {
  const head = git('rev-parse', 'refs/pull/7/head').trim();
  const base = git('rev-parse', 'main').trim();
  return {
    action: 'synchronize',
    number: 7,
    pull_request: { number: 7, head: { ref: 'change', sha: head }, base: { ref: 'main', sha: base } },
  };
}

function inputVariables(given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { inputs } = parse(readFileSync(join(ACTION, 'action.yml'), 'utf8'));
  for (const name of Object.keys(given)) if (!Object.hasOwn(inputs, name)) throw new Error(`there is no input ${name}`);
  return Object.fromEntries(
    Object.entries(inputs as Record<string, { default: string }>).map(([name, { default: text }]) => [
      `INPUT_${name.toUpperCase()}`,
      (given[name] ?? String(text)).replaceAll('${{ github.token }}', TOKEN),
    ]),
  );
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** `NAME<<DELIMITER`, lines, `DELIMITER`: as the runner reads them. */
function outputsOf(text: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const head = /^([^<=]+)<<(.+)$/.exec(lines[at] ?? '');
    if (head === null) continue;
    const end = lines.indexOf(head[2] as string, at + 1);
    found[head[1] as string] = lines.slice(at + 1, end).join('\n');
    at = end;
  }
  return found;
}
