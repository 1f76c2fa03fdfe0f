import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseRemoteUrl } from '../../src/base/index.ts';
import { createNativeRemotes, type NativeRemotes, openRepositoryStore } from '../../src/git/adapters/native/index.ts';
import { type Remote, RemoteError } from '../../src/git/index.ts';
import { git, newRepository, temporaryFolder } from './fixtures/real-git.ts';
import { quiet } from './fixtures/served.ts';
import { type SshHost, startSshHost } from './fixtures/ssh-host.ts';

const signal = new AbortController().signal;
let host: SshHost;
let keys: { readonly good: string; readonly other: string; readonly locked: string };
let head: string;
let remotes: NativeRemotes;
let folder: string;

beforeAll(async () => {
  const home = temporaryFolder();
  const newKey = (name: string, passphrase: string): string => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', join(home, name)]);
    return readFileSync(join(home, name), 'utf8');
  };
  keys = { good: newKey('good', ''), other: newKey('other', ''), locked: newKey('locked', 'secret words') };
  const served = temporaryFolder();
  const work = newRepository();
  git(work, ['commit', '-q', '--allow-empty', '-m', 'one']);
  // More than one window of the channel.
  execFileSync('sh', ['-c', 'head -c 5000000 /dev/urandom > big'], { cwd: work });
  git(work, ['add', 'big']);
  git(work, ['commit', '-q', '-m', 'big']);
  head = git(work, ['rev-parse', 'HEAD']);
  git(served, ['clone', '-q', '--bare', work, 'shop.git']);
  host = await startSshHost(served, readFileSync(join(home, 'good.pub'), 'utf8'));
  folder = join(temporaryFolder(), 'git');
  const repositories = await openRepositoryStore({ folder, log: quiet });
  remotes = createNativeRemotes({ repositories, schemes: ['ssh'] });
});

function remote(credentials: Remote['credentials'], path = 'shop.git'): Remote {
  const parsed = parseRemoteUrl(`ssh://git@127.0.0.1:${host.port}/${path}`);
  if (parsed.kind === 'error') throw new Error(parsed.message);
  return { url: parsed.url, timeoutMs: 10_000, credentials };
}

describe('a remote over SSH', () => {
  it('is listed and fetched with a key that is in no file', async () => {
    const credentials = { identity: keys.good, knownHosts: host.knownHosts };
    const listed = await remotes.list(remote(credentials), signal);
    expect([...listed.refs]).toEqual([['refs/heads/main', head]]);
    expect(listed.head).toBe('refs/heads/main');
    const fetched = await remotes.fetch('shop', remote(credentials), ['refs/heads/main'], signal);
    expect((await fetched.objects.read(head, 10_000)).kind).toBe('found');
    await fetched.close();
    expect(readdirSync(folder).sort()).toEqual(['gitconfig', 'hooks', 'shop.git']);
  });

  const rows: readonly [string, () => Remote, string][] = [
    [
      'a key that the host does not know',
      () => remote({ identity: keys.other, knownHosts: host.knownHosts }),
      'AuthenticationFailed',
    ],
    ['a key with a passphrase', () => remote({ identity: keys.locked, knownHosts: host.knownHosts }), 'SecretMissing'],
    ['a key that is none', () => remote({ identity: 'hello', knownHosts: host.knownHosts }), 'SecretMissing'],
    ['no key', () => remote({ knownHosts: host.knownHosts }), 'AuthenticationFailed'],
    ['no known hosts', () => remote({ identity: keys.good }), 'SecretMissing'],
    [
      'another key of the host',
      () => remote({ identity: keys.good, knownHosts: host.knownHosts.replace(/.{20}\n$/, 'AAAAAAAAAAAAAAAAAAAA\n') }),
      'HostKeyRefused',
    ],
    [
      'another host',
      () => remote({ identity: keys.good, knownHosts: host.knownHosts.replace('127.0.0.1', '127.0.0.2') }),
      'HostKeyRefused',
    ],
  ];
  it.each(rows)('with %s says so, and nothing of the key', async (_name, make, reason) => {
    const failure = await remotes.list(make(), signal).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(RemoteError);
    expect(failure).toMatchObject({ reason });
    expect((failure as Error).message).not.toContain(keys.good.split('\n')[1]);
  });
});
