import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GIT_REQUEST_TIMEOUT_MS, type HttpProxy, MAX_PUSH_BYTES } from '../../../base/index.ts';
import { type Remote, RemoteError, type RemoteReason } from '../../index.ts';
import { gitMissing, UNPACK_ENVIRONMENT } from './environment.ts';

/** Begins the names of the folders that a git that talks to a remote has; removed at the start as well. */
export const SCRATCH_PREFIX = '.remote-';

/** What a git that talks to a remote is given and may do. */
export interface RemoteGit {
  /** Arguments of git, the URL among them behind `--`. */
  readonly args: readonly string[];
  readonly remote: Remote;
  /** The environment of all our git; see gitEnvironment. */
  readonly env: Record<string, string>;
  /** A folder for files that hold nothing secret; a new one below it is removed afterwards. */
  readonly scratch: string;
  readonly maxBytes: number;
  /** Objects may refer to blobs that are not there; the remote is then called `source`. */
  readonly isPartial?: boolean;
  /** The whole may take so long; absent: GIT_REQUEST_TIMEOUT_MS. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/**
 * Runs git under a limit for each file that it writes, which bounds the pack that a remote sends. With a private key it
 * runs beside an agent that holds the key in memory and ends with it, so the key is in no file and on no command line.
 */
const PLAIN = `ulimit -f ${Math.ceil(MAX_PUSH_BYTES / 512)} && exec "$@"`;
const WITH_KEY = `ulimit -f ${Math.ceil(MAX_PUSH_BYTES / 512)}
ssh-add -q - 2>/dev/null || { kill "$SSH_AGENT_PID"; echo 'pipectl: the identity is no private key without a passphrase' >&2; exit 128; }
"$@"
status=$?
kill "$SSH_AGENT_PID"
exit $status`;

/** What a git that talks to a remote said. */
export interface RemoteAnswer {
  readonly out: string;
  /** Its warnings. */
  readonly said: string;
}

/** Runs a git that talks to a remote, without the configuration of anybody. Errors: RemoteError. */
export async function runRemoteGit(request: RemoteGit): Promise<RemoteAnswer> {
  const { remote, env, scratch, args } = request;
  const { identity, knownHosts, authorities } = remote.credentials;
  const isSsh = remote.url.scheme === 'ssh';
  if (isSsh && (knownHosts === undefined || knownHosts.trim() === '')) {
    throw new RemoteError(
      'SecretMissing',
      'the Secret has no known_hosts: `ssh-keyscan HOST` prints what to check and put there',
    );
  }
  const folder = await mkdtemp(join(scratch, SCRATCH_PREFIX));
  try {
    const knownHostsFile = join(folder, 'known_hosts');
    const authoritiesFile = join(folder, 'ca.crt');
    if (isSsh) await writeFile(knownHostsFile, `${knownHosts?.trimEnd()}\n`);
    if (authorities !== undefined) await writeFile(authoritiesFile, authorities);
    const settings = [
      ...SETTINGS,
      ...(isSsh ? [] : httpSettings(remote, authorities === undefined ? undefined : authoritiesFile)),
      ...(request.isPartial === true ? partialSettings(remote) : []),
    ];
    const hasKey = isSsh && identity !== undefined;
    const command = hasKey ? ['ssh-agent', 'sh', '-c', WITH_KEY] : ['sh', '-c', PLAIN];
    const child = spawn(command[0] as string, [...command.slice(1), 'sh', 'git', ...args], {
      env: {
        ...env,
        ...UNPACK_ENVIRONMENT,
        ...configEnvironment(settings),
        TMPDIR: folder,
        GIT_ALLOW_PROTOCOL: remote.url.scheme,
        // What comes may be a delta against a blob that was left out: this git, with this login and these bounds, asks for it.
        ...(request.isPartial === true && { GIT_NO_LAZY_FETCH: '0' }),
        GIT_SSH_VARIANT: 'ssh',
        GIT_SSH_COMMAND: sshCommand(knownHostsFile, remote.timeoutMs),
      },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(hasKey ? `${identity.trimEnd()}\n` : '');
    return await outputOf(child, request);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Configuration that takes the place of what a repository's own could say. */
const SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsync', 'committed'],
  ['core.fsyncMethod', 'batch'],
  // See UNPACK_ENVIRONMENT.
  ['core.bigFileThreshold', '4g'],
  ['credential.helper', ''],
  ['fetch.fsckObjects', 'true'],
  // Two old, harmless faults of commits, as for pushes.
  ['fetch.fsck.badTimezone', 'ignore'],
  ['fetch.fsck.missingSpaceBeforeDate', 'ignore'],
  ['fetch.recurseSubmodules', 'false'],
  ['fetch.writeCommitGraph', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['pack.threads', '1'],
  ['transfer.bundleURI', 'false'],
];

function httpSettings(
  { url, credentials, timeoutMs, proxy }: Remote,
  authoritiesFile: string | undefined,
): (readonly [name: string, value: string])[] {
  const { username = 'x-access-token', password } = credentials;
  const settings: (readonly [string, string])[] = [
    ['http.followRedirects', 'false'],
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', String(Math.ceil(timeoutMs / 1_000))],
    ['http.userAgent', 'git/pipectl'],
    ...proxySettings(proxy),
  ];
  if (authoritiesFile !== undefined) settings.push(['http.sslCAInfo', authoritiesFile]);
  if (password !== undefined) {
    const basic = Buffer.from(`${username}:${password}`).toString('base64');
    const origin = `${url.scheme}://${url.host}${url.port === undefined ? '' : `:${url.port}`}/`;
    settings.push([`http.${origin}.extraHeader`, `Authorization: Basic ${basic}`]);
  }
  return settings;
}

function proxySettings(proxy: HttpProxy | undefined): (readonly [name: string, value: string])[] {
  if (proxy === undefined) return [['http.proxy', '']];
  const { scheme, host, port, username, password } = proxy;
  const login = username === undefined ? '' : `${encodeURIComponent(username)}:${encodeURIComponent(password ?? '')}@`;
  return [
    ['http.proxy', `${scheme}://${login}${host}:${port}`],
    ['http.proxyAuthMethod', 'basic'],
  ];
}

/** The name of the remote that has what is missing: git knows promisors by name only. */
export const PROMISOR = 'source';

function partialSettings({ url }: Remote): (readonly [name: string, value: string])[] {
  return [
    [`remote.${PROMISOR}.url`, url.text],
    [`remote.${PROMISOR}.promisor`, 'true'],
  ];
}

/** By the environment, which only this user can read, and not on the command line, which everybody can. */
function configEnvironment(settings: readonly (readonly [name: string, value: string])[]): Record<string, string> {
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(settings.length) };
  for (const [index, [name, value]] of settings.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = name;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return env;
}

function sshCommand(knownHostsFile: string, timeoutMs: number): string {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile="${knownHostsFile}"`,
    'GlobalKnownHostsFile=/dev/null',
    'UpdateHostKeys=no',
    'IdentityFile=none',
    'PreferredAuthentications=publickey',
    'ForwardAgent=no',
    'ClearAllForwardings=yes',
    'PermitLocalCommand=no',
    'ControlPath=none',
    `ConnectTimeout=${Math.max(1, Math.ceil(timeoutMs / 1_000))}`,
    `ServerAliveInterval=${Math.max(1, Math.ceil(timeoutMs / 3_000))}`,
    'ServerAliveCountMax=3',
  ];
  return `ssh -F none ${options.map((option) => `-o '${option.replaceAll("'", `'\\''`)}'`).join(' ')}`;
}

function outputOf(child: ChildProcess, request: RemoteGit): Promise<RemoteAnswer> {
  const { remote, maxBytes, signal, timeoutMs = GIT_REQUEST_TIMEOUT_MS } = request;
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    let size = 0;
    let complaint = '';
    let cause: RemoteError | undefined;
    const end = (error: RemoteError): void => {
      cause ??= error;
      endGroup(child.pid);
    };
    const timer = setTimeout(() => {
      end(new RemoteError('TimedOut', `${placeOf(remote)} did not answer within ${timeoutMs / 1_000} s`));
    }, timeoutMs);
    const abort = (): void => end(new RemoteError('Unreachable', 'it is not to be followed any more'));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    child.stdout?.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) out.push(chunk);
      else end(new RemoteError('TooManyRefs', `the list of refs has more than ${maxBytes} bytes`));
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      if (complaint.length < MAX_COMPLAINT) complaint += chunk.toString('utf8');
    });
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      over();
      reject(error.code === 'ENOENT' ? gitMissing(error) : error);
    });
    child.on('close', (code) => {
      over();
      if (cause !== undefined) reject(cause);
      else if (code === 0) resolve({ out: Buffer.concat(out).toString('utf8'), said: complaint });
      else reject(failureOf(remote, complaint, code));
    });
  });
}

const MAX_COMPLAINT = 4_000;

/** What git and ssh say, in the C locale, of the failures that people meet. */
const COMPLAINTS: readonly (readonly [RegExp, RemoteReason])[] = [
  [/is no private key without a passphrase/, 'SecretMissing'],
  [/Host key verification failed|host key is known|REMOTE HOST IDENTIFICATION HAS CHANGED/i, 'HostKeyRefused'],
  [
    /Permission denied|Authentication failed|could not read Username|HTTP 40[13]|returned error: 40[13]/i,
    'AuthenticationFailed',
  ],
  [/died of signal 25|over limit|File size limit exceeded|File too large/i, 'TooLarge'],
  [/returned error: 30\d|unable to update url base from redirection/i, 'Redirected'],
  [/returned error: 429|returned error: 503/i, 'RateLimited'],
  [/fsck error|object [0-9a-f]{40}: [a-zA-Z]+:/, 'ObjectsRefused'],
  [/SSL|certificate/i, 'CertificateRefused'],
  [/transport '.*' not allowed/i, 'ProtocolRefused'],
  [
    /not found|does not exist|does not appear to be a git repository|returned error: 404|couldn't find remote ref/i,
    'NotFound',
  ],
  [
    /returned error: 407|CONNECT tunnel failed|from proxy after CONNECT|Proxy CONNECT aborted|resolve proxy/i,
    'ProxyRefused',
  ],
  [/timed out|timeout|too slow/i, 'TimedOut'],
  [
    /Could not resolve|Connection refused|Failed to connect|No route|unreachable|hung up|early EOF|Connection reset/i,
    'Unreachable',
  ],
];

function failureOf(remote: Remote, complaint: string, code: number | null): RemoteError {
  const reason = COMPLAINTS.find(([pattern]) => pattern.test(complaint))?.[1] ?? 'FetchFailed';
  return new RemoteError(
    reason,
    `${placeOf(remote)}: ${withoutLogins(remote, wordsOf(complaint)) || `git ended with ${code ?? 'a signal'}`}`,
  );
}

/** The lines that say why, as one; the ones that git prints for everybody tell nothing. */
function wordsOf(complaint: string): string {
  const lines = complaint.split(/[\r\n]+/).map((line) => line.replace(/^(?:fatal|error|remote|pipectl): */, '').trim());
  const idle = /^$|^@+$|^Please make sure|^and the repository exists|^Warning: Permanently/;
  return lines
    .filter((line) => !idle.test(line))
    .slice(0, 4)
    .join('; ')
    .slice(0, 600);
}

/** Git and curl do not repeat logins, as far as is known; here they could not. */
function withoutLogins({ credentials, proxy }: Remote, words: string): string {
  const secrets = [credentials.password, proxy?.password].flatMap((text) =>
    text === undefined || text === '' ? [] : [text, encodeURIComponent(text)],
  );
  return secrets.reduce((text, secret) => text.replaceAll(secret, '***'), words);
}

function placeOf({ url }: Remote): string {
  return url.host === '' ? url.path : url.host;
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}
