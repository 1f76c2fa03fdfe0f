import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StalledError, VERIFY_TIMEOUT_MS, WaitError } from '../../../base/index.ts';
import type { OpenSignatures, SignatureAnswer, Signed, TrustedKeys } from '../../index.ts';

export interface SignaturesOptions {
  readonly env: Record<string, string>;
  /** A folder for public keys and signatures while they are looked at. */
  readonly scratch: string;
}

/** Begins the names of the folders that checks have; removed at the start as well. */
export const SIGNATURES_PREFIX = '.signatures-';

/** Checks signatures by ssh-keygen and gpg, as git does, but with no keys and no configuration of this user. */
export function createSignatures({ env, scratch }: SignaturesOptions): OpenSignatures {
  return async (keys) => {
    const folder = await mkdtemp(join(scratch, SIGNATURES_PREFIX));
    const place: Place = { env, folder, keys, count: 0, gpgHome: undefined, signersFile: undefined };
    return {
      check: (signed, at) => (signed.format === 'ssh' ? checkSsh(place, signed, at) : checkGpg(place, signed)),
      close: () => rm(folder, { recursive: true, force: true }),
    };
  };
}

interface Place {
  readonly env: Record<string, string>;
  readonly folder: string;
  readonly keys: TrustedKeys;
  /** Of checks so far, for names of files. */
  count: number;
  gpgHome: Promise<string> | undefined;
  signersFile: Promise<string> | undefined;
}

/** The key must be one of those allowed at the time of the commit, for the namespace `git`. */
async function checkSsh(place: Place, { signature, payload }: Signed, at: string): Promise<SignatureAnswer> {
  const { allowedSigners } = place.keys;
  if (allowedSigners === undefined) return bad('is of SSH, and verify.allowedSigners names no key');
  place.count += 1;
  const file = join(place.folder, `${place.count}.sig`);
  place.signersFile ??= writeSigners(place, allowedSigners);
  const signers = await place.signersFile;
  await writeFile(file, signature);
  const time = `verify-time=${at.replaceAll(/[-:TZ]/g, '').slice(0, 14)}`;
  const run = (...args: string[]): Promise<Ran> => runTool('ssh-keygen', args, payload, place.env);
  const found = await run('-Y', 'find-principals', '-f', signers, '-s', file, `-O${time}`);
  const principals = found.code === 0 ? found.out.split('\n').filter((line) => line !== '') : [];
  for (const principal of principals) {
    const verified = await run('-Y', 'verify', '-n', 'git', '-f', signers, '-I', principal, '-s', file, `-O${time}`);
    if (verified.code === 0) return { kind: 'good', signer: principal };
  }
  const own = await run('-Y', 'check-novalidate', '-n', 'git', '-s', file);
  const key = /(\S+ key SHA256:\S+)/.exec(own.out)?.[1];
  if (own.code !== 0 || key === undefined) return bad('does not fit what it stands at');
  return bad(`was made by the ${key}, which verify.allowedSigners does not allow, or not at that time`);
}

async function writeSigners({ folder }: Place, text: string): Promise<string> {
  const file = join(folder, 'allowed_signers');
  await writeFile(file, text);
  return file;
}

/** Status lines of gpg (doc/DETAILS) that say that a signature does not count. */
const GPG_FAULTS: readonly (readonly [word: string, reason: string])[] = [
  ['BADSIG', 'does not fit what it stands at'],
  ['REVKEYSIG', 'was made by a key that is revoked'],
  ['EXPKEYSIG', 'was made by a key that has expired'],
  ['EXPSIG', 'has expired'],
  ['NO_PUBKEY', 'was made by a key that verify.gpgKeys does not hold'],
  ['ERRSIG', 'cannot be checked'],
];

async function checkGpg(place: Place, { signature, payload }: Signed): Promise<SignatureAnswer> {
  const { gpgKeys } = place.keys;
  if (gpgKeys === undefined) return bad('is of OpenPGP, and verify.gpgKeys holds no key');
  place.gpgHome ??= importKeys(place, gpgKeys);
  place.count += 1;
  const file = join(place.folder, `${place.count}.asc`);
  const home = await place.gpgHome;
  await writeFile(file, signature);
  const args = [...gpgOptions(home), '--status-fd', '1', '--trust-model', 'always', '--verify', file, '-'];
  const { out } = await runTool('gpg', args, payload, place.env);
  const status = out.split('\n').flatMap((line) => (line.startsWith('[GNUPG:] ') ? [line.slice(9).split(' ')] : []));
  const fault = GPG_FAULTS.find(([word]) => status.some(([first]) => first === word));
  if (fault !== undefined) return bad(fault[1]);
  // More than one signature in one block would let a stranger's stand beside a friend's.
  const good = status.filter(([word]) => word === 'GOODSIG');
  const isValid = status.filter(([word]) => word === 'VALIDSIG').length === 1;
  if (good.length !== 1 || !isValid) return bad('cannot be checked');
  return { kind: 'good', signer: (good[0] ?? []).slice(2).join(' ') };
}

async function importKeys(place: Place, keys: string): Promise<string> {
  const home = await mkdtemp(join(place.folder, 'gpg-'));
  const { code, err } = await runTool('gpg', [...gpgOptions(home), '--import'], Buffer.from(keys), place.env);
  if (code === 0) return home;
  throw new StalledError('KeysUnreadable', `verify.gpgKeys cannot be read: ${err.split('\n')[0]?.slice(0, 200)}`);
}

function gpgOptions(home: string): readonly string[] {
  return ['--homedir', home, '--batch', '--no-tty', '--no-options', '--no-autostart', '--quiet'];
}

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const MAX_OUTPUT = 64 * 1024;

function runTool(
  tool: 'ssh-keygen' | 'gpg',
  args: readonly string[],
  input: Uint8Array,
  env: Record<string, string>,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool, [...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, VERIFY_TIMEOUT_MS);
    child.stdout.on('data', (chunk: Buffer) => {
      if (out.length < MAX_OUTPUT) out += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (err.length < MAX_OUTPUT) err += chunk.toString('utf8');
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(error.code === 'ENOENT' ? toolMissing(tool, error) : error);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      if (isLate) reject(new WaitError(`${tool} did not end within ${VERIFY_TIMEOUT_MS / 1_000} s`, 1_000));
      else resolve({ code, out, err });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

function toolMissing(tool: string, cause: Error): StalledError {
  const message = `signatures cannot be checked: ${tool} was not found on PATH of the control plane`;
  return new StalledError('ToolMissing', message, { cause });
}

function bad(reason: string): SignatureAnswer {
  return { kind: 'bad', reason };
}
