import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findObject, type Repository, SYSTEM_NAMESPACE } from '../../src/cluster/index.ts';
import { temporaryFolder } from '../git/fixtures/real-git.ts';
import { type ControlPlane, openControlPlane } from './control-plane.ts';

const URL = 'https://github.com/acme/shop.git';
const SIGNERS = 'ada@example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH';
const FILE = `apiVersion: pipectl.dev/v1
kind: Repository
metadata: { name: whole, namespace: pipectl-system }
spec:
  source: { kind: remote, url: ${URL}, depth: 3, filter: "blob:limit=1m", proxy: { url: "http://proxy:3128" } }
  rules: [{ refs: [main], push: [release], allowForce: false }]
`;

let plane: ControlPlane;
let cwd: string;
beforeAll(async () => {
  plane = await openControlPlane();
  cwd = temporaryFolder();
  const files = {
    signers: SIGNERS,
    'whole.yaml': FILE,
    'two.yaml': `${FILE}---\n${FILE}`,
    'pod.yaml': FILE.replace('Repository', 'Pod'),
    'elsewhere.yaml': FILE.replace('pipectl-system', 'shop-production'),
    'nameless.yaml': FILE.replace('name: whole, ', ''),
    'broken.yaml': 'kind: [',
    'bad-depth.yaml': FILE.replace('depth: 3', 'depth: -3'),
    'login.yaml': FILE.replace('http://proxy', 'http://ada:planted@proxy'),
    'bomb.yaml': `a: &a [x]\nb: [${'*a, '.repeat(10)}*a]\n`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
});
afterAll(() => plane.close());

const add = (...argv: string[]) => plane.runIn({ cwd }, 'repo', 'add', ...argv);

async function specOf(name: string): Promise<Repository['spec'] | undefined> {
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
  return (await findObject<Repository>(plane.api.store, key))?.spec;
}

describe('repo add', () => {
  it('says where pull requests are reviewed, and that both flags belong together', async () => {
    expect(await add('reviewed', URL, '--reviews', 'github', '--reviews-secret', 'bot/token')).toMatchObject({
      code: 0,
    });
    expect((await specOf('reviewed'))?.reviews).toEqual({ provider: 'github', token: { name: 'bot', key: 'token' } });
    expect(await add('half', URL, '--reviews', 'github')).toMatchObject({
      code: 2,
      err: expect.stringContaining('belong together'),
    });
    expect(await add('pushed', '--reviews', 'github', '--reviews-secret', 'bot/token')).toMatchObject({ code: 2 });
  });

  it('says all of a remote that flags can say', async () => {
    const flags =
      '--secret login --ref main --ref release/* --depth 5 --filter blob:none --proxy http://proxy:3128'.split(' ');
    const more = '--proxy-secret proxy-login --verify head --allowed-signers signers --verify-ref main'.split(' ');
    expect(await add('shop', URL, ...flags, ...more)).toMatchObject({ code: 0 });
    expect(await specOf('shop')).toEqual({
      source: {
        kind: 'remote',
        url: URL,
        credentials: { secret: 'login' },
        refs: ['main', 'release/*'],
        depth: 5,
        filter: 'blob:none',
        proxy: { url: 'http://proxy:3128', secret: 'proxy-login' },
      },
      verify: { mode: 'head', allowedSigners: SIGNERS, refs: ['main'] },
    });
  });

  it('asks for signatures of what is pushed here as well', async () => {
    expect(await add('here', '--verify', 'every-commit', '--allowed-signers', 'signers')).toMatchObject({ code: 0 });
    expect(await specOf('here')).toMatchObject({ source: { kind: 'push' }, verify: { mode: 'every-commit' } });
  });

  it('takes the whole from a file', async () => {
    expect(await add('-f', 'whole.yaml')).toMatchObject({ code: 0, out: 'repository whole is added\n' });
    expect(await specOf('whole')).toEqual({
      source: { kind: 'remote', url: URL, depth: 3, filter: 'blob:limit=1m', proxy: { url: 'http://proxy:3128' } },
      rules: [{ refs: ['main'], push: ['release'], allowForce: false }],
    });
  });

  it.each<[string, string[], string]>([
    ['no name', [], 'add which repository?'],
    ['a name that is none', ['A_b'], 'cannot name a repository'],
    ['a filter that is none', ['x', URL, '--filter', 'tree:0'], 'spec.source.filter: must be blob:none'],
    ['a proxy with a login', ['x', URL, '--proxy', 'http://ada:planted@proxy:1'], 'holds credentials'],
    ['a proxy that is none', ['x', URL, '--proxy', 'socks5://planted'], 'the proxy is of a kind that is not known'],
    ['a proxy for ssh', ['x', 'git@github.com:a/b.git', '--proxy', 'http://proxy:1'], 'is for https URLs'],
    ['a filter without a URL', ['x', '--filter', 'blob:none'], 'for a repository that is polled'],
    ['keys without a mode', ['x', URL, '--allowed-signers', 'signers'], 'say with --verify'],
    ['a mode without keys', ['x', URL, '--verify', 'head'], 'needs allowedSigners or gpgKeys'],
    ['keys that are not there', ['x', URL, '--verify', 'head', '--gpg-keys', 'no'], 'no cannot be read: ENOENT'],
    ['a file and flags', ['-f', 'whole.yaml', '--depth', '1'], 'stands in the file'],
    ['a file and a URL', ['whole', URL, '-f', 'whole.yaml'], 'stands in the file'],
    ['a file of another repository', ['other', '-f', 'whole.yaml'], 'it is repository whole, not other'],
    ['a file that is not there', ['-f', 'no.yaml'], 'no.yaml cannot be read: ENOENT'],
    ['two in one file', ['-f', 'two.yaml'], 'not one object of kind Repository'],
    ['another kind', ['-f', 'pod.yaml'], 'not one object of kind Repository'],
    ['another namespace', ['-f', 'elsewhere.yaml'], 'in the namespace pipectl-system'],
    ['a file without a name', ['-f', 'nameless.yaml'], 'metadata.name is missing'],
    ['a file that is no YAML', ['-f', 'broken.yaml'], 'broken.yaml:1: '],
    ['a field that is wrong', ['-f', 'bad-depth.yaml'], 'spec.source.depth: must be a whole number'],
    ['a login in a file', ['-f', 'login.yaml'], 'holds credentials'],
    ['a file of many aliases', ['-f', 'bomb.yaml'], 'bomb.yaml'],
  ])('refuses %s, and makes nothing', async (_what, argv, message) => {
    const { code, err } = await add(...argv);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    expect(err).not.toContain('planted');
    expect(await specOf('x')).toBeUndefined();
  });
});
