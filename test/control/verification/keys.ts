import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { git, temporaryFolder } from '../../git/fixtures/real-git.ts';

/** A key to sign with: what git is told of it, and what a Repository is. */
export interface SigningKey {
  /** Options of git that sign with it. */
  readonly options: readonly string[];
  /** For spec.verify. */
  readonly trust: { readonly allowedSigners?: string; readonly gpgKeys?: string };
}

/** A new SSH key; `limits` goes before the key in the line of allowed signers. */
export function newSshKey(who: string, limits = ''): SigningKey {
  const folder = temporaryFolder();
  const file = join(folder, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', who, '-f', file]);
  const publicKey = readFileSync(`${file}.pub`, 'utf8').trim();
  return {
    options: ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${file}`],
    trust: { allowedSigners: `${who} ${limits}${publicKey}\n` },
  };
}

const homes: string[] = [];
afterAll(() => {
  // gpg starts an agent for each home in which a key is made.
  for (const home of homes.splice(0)) execFileSync('gpgconf', ['--homedir', home, '--kill', 'gpg-agent']);
});

/** A new OpenPGP key, in a home of its own. */
export function newGpgKey(who: string, expires = 'never'): SigningKey {
  const home = temporaryFolder();
  homes.push(home);
  const gpg = (...args: string[]): string =>
    execFileSync(
      'gpg',
      ['--homedir', home, '--batch', '--quiet', '--passphrase', '', '--pinentry-mode', 'loopback', ...args],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
  gpg('--faked-system-time', '20260101T000000!', '--quick-gen-key', who, 'ed25519', 'sign', expires);
  const wrapper = join(home, 'gpg.sh');
  execFileSync('sh', [
    '-c',
    `printf '%s\\n' '#!/bin/sh' 'exec gpg --homedir ${home} --batch --pinentry-mode loopback "$@"' > ${wrapper}; chmod +x ${wrapper}`,
  ]);
  return {
    options: ['-c', 'gpg.format=openpgp', '-c', `gpg.program=${wrapper}`, '-c', `user.signingKey=${who}`],
    trust: { gpgKeys: gpg('--armor', '--export', who) },
  };
}

/** Commits, signed by the key if there is one, and returns the commit. */
export function commitSigned(folder: string, key: SigningKey | undefined, message = 'change'): string {
  const how = key === undefined ? [] : ['-S'];
  git(folder, [...(key?.options ?? []), 'commit', '-q', '--allow-empty', '-m', message, ...how]);
  return git(folder, ['rev-parse', 'HEAD']);
}
