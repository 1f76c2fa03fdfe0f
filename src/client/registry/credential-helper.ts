import { spawn } from 'node:child_process';
import { CREDENTIAL_HELPER_TIMEOUT_MS, MAX_CREDENTIAL_BYTES } from '../../base/index.ts';
import { type Credentials, parseObject } from './docker-config.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Asks the program `docker-credential-NAME` for a login: https://github.com/docker/docker-credential-helpers. What it
 * prints is secret or may be, so no message quotes it.
 */
export async function askHelper(env: Environment, name: string, server: string): Promise<Credentials> {
  const program = `docker-credential-${name}`;
  // A name is part of a file name, which must not lead elsewhere.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    return { kind: 'failed', message: 'the credential helper in the configuration of Docker has no name of a program' };
  }
  const ended = await runHelper(env, program, server);
  if (ended.kind === 'failed') return { kind: 'failed', message: `${program} ${ended.message}` };
  const { code, output } = ended;
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return { kind: 'anonymous' };
    return { kind: 'failed', message: `${program} ended with ${code}; try \`echo ${server} | ${program} get\`` };
  }
  const answer = parseObject(output);
  const { Username: username, Secret: secret } = answer ?? {};
  if (typeof username !== 'string' || typeof secret !== 'string') {
    return { kind: 'failed', message: `${program} does not answer as a credential helper does` };
  }
  if (username === '<token>') return { kind: 'identityToken', token: secret };
  return username === '' && secret === '' ? { kind: 'anonymous' } : { kind: 'basic', username, password: secret };
}

type Ended =
  | { readonly kind: 'ended'; readonly code: number | string; readonly output: string }
  | { readonly kind: 'failed'; readonly message: string };

function runHelper(env: Environment, program: string, server: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, ['get'], {
      env: { ...env },
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: CREDENTIAL_HELPER_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.length > MAX_CREDENTIAL_BYTES) child.kill('SIGKILL');
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      const message = error.code === 'ENOENT' ? 'is not on the PATH' : `cannot be started (${error.code})`;
      resolve({ kind: 'failed', message });
    });
    child.once('close', (code, signal) => resolve({ kind: 'ended', code: code ?? `${signal}`, output }));
    // A helper that ends without reading has told what it thinks by its exit code.
    child.stdin.on('error', () => {});
    child.stdin.end(`${server}\n`);
  });
}
