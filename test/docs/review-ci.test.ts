import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkObject, type KubeObject, type Repository, reviewSettingsOf } from '../../src/cluster/index.ts';
import { checkSchema, KIND_SCHEMAS } from '../../src/cluster/schemas/index.ts';
import { FORGE_TOKEN, startForge } from '../hosts/forge-server.ts';
import { HEAD, project, SUMS, schedule } from '../review/reviewed.ts';
import { blocksOf, ROOT } from './blocks.ts';

const PAGE = 'docs/review.md';

let folder: string;
let head: string;

function git(root: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@b.c', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', ['-C', root, ...identity, ...args], { encoding: 'utf8' }).trim();
}

/** A repository with a branch, and `pipectl` on the PATH. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-ci-'));
  const origin = join(folder, 'origin');
  mkdirSync(join(origin, 'pipelines'), { recursive: true });
  const nightly = (cron: string): void =>
    writeFileSync(join(origin, 'pipelines/nightly.yaml'), HEAD + schedule('nightly', `cron: "${cron}"`));
  writeFileSync(join(origin, 'pipectl.yaml'), project());
  writeFileSync(join(origin, 'pipelines/sums.yaml'), `${HEAD}${SUMS}`);
  nightly('0 2 * * *');
  git(origin, 'init', '-qb', 'main');
  git(origin, 'add', '-A');
  git(origin, 'commit', '-qm', 'one');
  git(origin, 'checkout', '-qb', 'change');
  nightly('0 3 * * *');
  git(origin, 'commit', '-qam', 'two');
  head = git(origin, 'rev-parse', 'HEAD');
  mkdirSync(join(folder, 'bin'));
  const shim = `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, 'src/cli/main.ts')}" "$@"\n`;
  writeFileSync(join(folder, 'bin/pipectl'), shim);
  chmodSync(join(folder, 'bin/pipectl'), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The YAML of the page that is this file. */
function fileOf(name: string): unknown {
  const block = blocksOf(PAGE).find(({ text }) => text.startsWith(`# ${name}\n`));
  return parse(block?.text ?? '');
}

/** Runs lines as a runner does, in a checkout of the head. */
async function runJob(name: string, lines: readonly string[], env: Readonly<Record<string, string>>) {
  const root = join(folder, name);
  git(folder, 'init', '-q', name);
  git(root, 'remote', 'add', 'origin', join(folder, 'origin'));
  git(root, 'fetch', '-q', 'origin', 'change');
  git(root, 'checkout', '-q', '--detach', head);
  const PATH = `${join(folder, 'bin')}:${process.env.PATH}`;
  const job = spawn('bash', ['-euo', 'pipefail', '-c', lines.join('\n')], {
    cwd: root,
    env: { PATH, HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [job.stdout, job.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const code = await new Promise((resolve) => job.on('close', resolve));
  return { code, said, root };
}

describe('jobs that the page shows', () => {
  it('of GitLab CI posts and leaves its report', async () => {
    const server = await startForge('gitlab');
    server.state.pulls.set(7, { head, base: 'main', state: 'open' });
    const file = fileOf('.gitlab-ci.yml') as { 'pipectl-review': { script: string[]; artifacts: object } };
    const { script, artifacts } = file['pipectl-review'];
    expect(artifacts).toMatchObject({ reports: { codequality: 'gl-code-quality-report.json' } });
    const { code, said, root } = await runJob('gitlab', script, {
      GITLAB_CI: 'true',
      CI_API_V4_URL: server.url,
      CI_PROJECT_PATH: 'acme/shop',
      CI_MERGE_REQUEST_IID: '7',
      CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main',
      GITLAB_TOKEN: FORGE_TOKEN,
    });
    await server.close();
    expect({ code, said }).toEqual({ code: 0, said: 'merge request 7 has the review: comment created\n' });
    expect(server.state.comments[0]?.body).toContain('1 schedule changed');
    expect(JSON.parse(readFileSync(join(root, 'gl-code-quality-report.json'), 'utf8'))).toBeInstanceOf(Array);
  });

  it('of Forgejo Actions posts with the token of the job', async () => {
    const server = await startForge('gitea');
    server.state.faults.push({ on: /\/user$/, status: 403, times: 9 });
    server.state.me = -2;
    server.state.pulls.set(7, { head, base: 'main', state: 'open' });
    const { jobs } = fileOf('.forgejo/workflows/review.yml') as { jobs: { review: { steps: { run?: string }[] } } };
    const lines = jobs.review.steps.flatMap(({ run }) => run ?? []);
    // What the checkout brings: the branches of the repository with their history.
    const checkout = "git fetch -q origin '+refs/heads/*:refs/remotes/origin/*'";
    const { code, said } = await runJob('forgejo', [checkout, ...lines], {
      GITHUB_ACTIONS: 'true',
      GITHUB_API_URL: server.url,
      GITHUB_REPOSITORY: 'acme/shop',
      GITHUB_REF: 'refs/pull/7/head',
      GITHUB_TOKEN: FORGE_TOKEN,
    });
    await server.close();
    expect({ code, said }).toMatchObject({ code: 0, said: expect.stringContaining('the review: comment created') });
  });
});

it('the Repository that the page shows is taken as it says', () => {
  const block = blocksOf(PAGE).find(({ text }) => text.includes('  reviews:\n'));
  const text = /<<'EOF'\n([\s\S]*?)\nEOF/.exec(block?.text ?? '')?.[1] ?? '';
  const source = { kind: 'remote', url: 'https://gitlab.com/acme/shop.git' };
  const { spec } = parse(text) as { spec: Pick<Repository['spec'], 'reviews'> };
  const object = {
    apiVersion: 'pipectl.dev/v1',
    kind: 'Repository',
    metadata: { name: 'shop', namespace: 'pipectl-system' },
    spec: { source, ...spec },
  } as KubeObject & Repository;
  expect(() => checkObject(object)).not.toThrow();
  expect(checkSchema(KIND_SCHEMAS.get('Repository')?.fields.spec ?? {}, object.spec as never, 'spec')).toEqual([]);
  expect(reviewSettingsOf(object.spec)).toEqual({
    provider: 'gitlab',
    token: { name: 'shop-bot', key: 'token' },
    apiUrl: 'https://gitlab.example.org/api/v4',
    project: 'acme/shop',
    failOn: 'warning',
    intervalMs: 300_000,
  });
});
