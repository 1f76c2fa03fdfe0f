import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/index.ts';
import { clock, random } from '../cluster/api-fixture.ts';
import { FORGE_TOKEN, type ForgeServer, ME, startForge } from '../hosts/forge-server.ts';
import { HEAD, project, SUMS, schedule } from '../review/reviewed.ts';
import { PORTS, pipe, type Ran } from './control-plane.ts';

let folder: string;
let root: string;
let head: string;
let server: ForgeServer;

function git(...args: string[]): string {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@b.c', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', ['-C', root, ...identity, ...args], { encoding: 'utf8' }).trim();
}

function commit(cron: string): string {
  writeFileSync(join(root, 'pipelines/nightly.yaml'), HEAD + schedule('nightly', `cron: "${cron}"`));
  git('add', '-A');
  git('commit', '-qm', cron);
  return git('rev-parse', 'HEAD');
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-post-'));
  root = join(folder, 'project');
  mkdirSync(join(root, 'pipelines'), { recursive: true });
  writeFileSync(join(root, 'pipectl.yaml'), project());
  writeFileSync(join(root, 'pipelines/sums.yaml'), `${HEAD}${SUMS}`);
  writeFileSync(join(folder, 'token'), `${FORGE_TOKEN}\n`);
  git('init', '-qb', 'main');
  commit('0 2 * * *');
  git('checkout', '-qb', 'change');
  head = commit('0 3 * * *');
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  git('checkout', '-q', '--force', 'change');
});
afterEach(() => server.close());

async function start(kind: ForgeServer['kind']): Promise<void> {
  server = await startForge(kind);
  server.state.pulls.set(7, { head, base: 'main', state: 'open' });
}

async function review(env: Readonly<Record<string, string>>, ...argv: string[]): Promise<Ran> {
  let [out, err] = ['', ''];
  const stdout = pipe((text) => {
    out += text;
  });
  const stderr = pipe((text) => {
    err += text;
  });
  const { signal } = new AbortController();
  const world = { PATH: process.env.PATH, HOME: folder, ...env };
  const all = ['review', '--merge-at', '2026-01-05T08:00:00Z', ...argv];
  const code = await runCli({ argv: all, env: world, cwd: root, stdout, stderr, clock, random, signal }, PORTS);
  expect(out + err).not.toContain(FORGE_TOKEN);
  return { code, out, err };
}

const gitlabJob = () => ({
  GITLAB_CI: 'true',
  CI_API_V4_URL: server.url,
  CI_PROJECT_PATH: 'acme/shop',
  CI_MERGE_REQUEST_IID: '7',
  CI_JOB_URL: 'https://gitlab.example.org/acme/shop/-/jobs/12',
  GITLAB_TOKEN: FORGE_TOKEN,
});
const forgejoJob = () => ({
  GITHUB_ACTIONS: 'true',
  GITHUB_API_URL: server.url,
  GITHUB_SERVER_URL: 'https://git.example.org',
  GITHUB_REPOSITORY: 'acme/shop',
  GITHUB_REF: 'refs/pull/7/head',
  GITHUB_RUN_NUMBER: '12',
  GITHUB_TOKEN: FORGE_TOKEN,
});
const woodpeckerJob = () => ({
  CI: 'woodpecker',
  CI_FORGE_TYPE: 'forgejo',
  CI_FORGE_URL: server.url.replace('/api/v1', ''),
  CI_REPO: 'acme/shop',
  CI_COMMIT_PULL_REQUEST: '7',
  PIPECTL_HOST_TOKEN: FORGE_TOKEN,
});

describe('pipectl review --post', () => {
  it.each([
    ['GitLab CI', 'gitlab', gitlabJob],
    ['Forgejo Actions', 'gitea', forgejoJob],
    ['Woodpecker', 'gitea', woodpeckerJob],
  ] as const)('in a job of %s comments on its pull request and sets a status', async (_name, kind, job) => {
    await start(kind);
    const { code, out, err } = await review(job(), '--post', '-o', 'markdown');
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining('has the review: comment created') });
    const [comment, ...others] = server.state.comments;
    expect(others).toEqual([]);
    expect(comment?.body).toContain('1 schedule changed');
    expect(out).toContain('1 schedule changed');
    expect(server.state.statuses).toMatchObject([
      {
        commit: head,
        state: 'success',
        description: '1 schedule changed',
        [kind === 'gitlab' ? 'name' : 'context']: 'pipectl/review',
      },
    ]);
    expect((await review(job(), '--post')).err).toContain('comment unchanged');
    expect(server.state.comments).toHaveLength(1);
  });

  it('takes everything from options, and the token from a file', async () => {
    await start('gitea');
    const where = ['--host', 'gitea', '--api-url', server.url, '--project', 'acme/shop', '--number', '7'];
    const { code } = await review({}, '--post', ...where, '--token-file', '../token', '--topic', 'apps/shop');
    expect(code).toBe(0);
    expect(server.state.comments[0]?.body).toContain('of=apps/shop');
    expect(server.state.statuses[0]).toMatchObject({ context: 'pipectl/review/apps/shop' });
  });

  it('edits its comment when the branch moves on, and says with the status what fails', async () => {
    await start('gitlab');
    await review(gitlabJob(), '--post');
    git('checkout', '-qb', `wrong-${Date.now()}`);
    const wrong = commit('0 25 * * *');
    server.state.pulls.set(7, { head: wrong, base: 'main', state: 'open' });
    const { code, err } = await review(gitlabJob(), '--post');
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('comment edited') });
    expect(server.state.comments.map(({ body }) => body.includes('Would be refused'))).toEqual([true]);
    expect(server.state.statuses.at(-1)).toMatchObject({ commit: wrong, state: 'failed' });
  });

  it('reviews a merge that CI made of the head for that head', async () => {
    await start('gitlab');
    git('checkout', '-q', '--detach', 'main');
    git('merge', '-q', '--no-ff', '--no-edit', 'change');
    expect((await review(gitlabJob(), '--post')).err).toContain('comment created');
    expect(server.state.statuses[0]).toMatchObject({ commit: head });
  });

  it.each([
    ['a closed one', { head: 'x', base: 'main', state: 'closed' }, 'is closed: nothing was posted'],
    ['another head', { head: 'c'.repeat(40), base: 'main', state: 'open' }, 'nothing was posted'],
  ] as const)('leaves %s alone', async (_name, pull, words) => {
    await start('gitlab');
    server.state.pulls.set(7, pull);
    const { code, err } = await review(gitlabJob(), '--post');
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining(words) });
    expect(server.state.seen.filter((line) => !line.startsWith('GET'))).toEqual([]);
  });

  it('tells of a fork whose token may not write, and exits by what was found', async () => {
    await start('gitlab');
    server.state.pulls.set(7, { head, base: 'main', state: 'open', isFork: true });
    server.state.faults.push({ on: /^POST/, status: 403, body: '{"message":"403 Forbidden"}', times: 9 });
    const { code, out, err } = await review(gitlabJob(), '--post');
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining('is from a fork') });
    expect(out).toContain('1 schedule changed');
    server.state.pulls.set(7, { head, base: 'main', state: 'open' });
    const own = await review(gitlabJob(), '--post');
    expect({ code: own.code, err: own.err }).toMatchObject({ code: 2, err: expect.stringContaining('may not (403)') });
  });

  it('never edits what another wrote', async () => {
    await start('gitea');
    const { out } = await review(forgejoJob(), '--post', '-o', 'markdown');
    server.state.comments = [{ id: 1, pull: 7, body: out, author: ME + 1 }];
    await review(forgejoJob(), '--post');
    expect(server.state.comments.map(({ author }) => author)).toEqual([ME + 1, ME]);
  });

  it.each([
    ['no host', {}, [], 'which host?'],
    ['no token', { GITLAB_TOKEN: '' }, [], 'with which token?'],
    ['no number', { CI_MERGE_REQUEST_IID: '' }, [], 'which pull request?'],
    ['no file', {}, ['--token-file', 'nowhere'], 'cannot read nowhere'],
    ['an address with a login', {}, ['--api-url', 'https://a:b@c/'], 'is no address of an API'],
    ['a token of two lines', { GITLAB_TOKEN: 'a\nb: c' }, [], 'has signs that no token has'],
  ])('refuses %s with exit 2', async (name, env, argv, words) => {
    await start('gitlab');
    const job = name === 'no host' ? {} : gitlabJob();
    const { code, err } = await review({ ...job, ...env }, '--post', ...argv);
    expect({ code, told: err.includes(words) }, err).toEqual({ code: 2, told: true });
    expect(server.state.seen).toEqual([]);
  });
});

it('pipectl review -o codequality is a report of GitLab', async () => {
  await start('gitlab');
  const { out } = await review({}, '--merge-at', '2026-01-06T02:30:00Z', '-o', 'codequality');
  expect(JSON.parse(out)).toEqual([
    {
      description: expect.stringContaining('1 tick more'),
      check_name: 'tick-doubled',
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      severity: 'major',
      location: { path: 'pipelines/nightly.yaml', lines: { begin: 4, end: 4 } },
    },
  ]);
});
