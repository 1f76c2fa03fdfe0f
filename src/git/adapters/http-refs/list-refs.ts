import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { MAX_REMOTE_REFS_BYTES } from '../../../base/index.ts';
import { type ListRefs, type Remote, RemoteError, type RemoteRefs } from '../../index.ts';
import { LS_REFS, readAdvertisement, readLsRefs } from './ref-answers.ts';

/** Lists refs over HTTP and HTTPS, and holds the connections that it keeps for the next time. */
export interface HttpRefs {
  readonly list: ListRefs;
  close(): void;
}

interface Connections {
  readonly http: http.Agent;
  /** By the authorities that are trusted; '' are those of Node and of the system, which git trusts as well. */
  readonly https: Map<string, https.Agent>;
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Idle connections of one host, and how long they are kept: a little more than the usual interval of polls. */
const KEPT = { keepAlive: true, maxFreeSockets: 4, timeout: 75_000, scheduling: 'lifo' } as const;

/**
 * Asks remotes for their refs without starting git: one request on a connection that is kept, which costs a hundredth
 * of what starting git and its HTTPS helper does. Redirects are not followed: credentials go where they were meant for.
 */
export function createHttpRefs(): HttpRefs {
  const connections: Connections = { http: new http.Agent(KEPT), https: new Map() };
  return {
    list: (remote, signal) => list(connections, remote, signal),
    close() {
      connections.http.destroy();
      for (const agent of connections.https.values()) agent.destroy();
      connections.https.clear();
    },
  };
}

async function list(connections: Connections, remote: Remote, signal: AbortSignal): Promise<RemoteRefs> {
  const asked = await send(connections, remote, signal, {
    method: 'POST',
    path: '/git-upload-pack',
    body: LS_REFS,
    headers: {
      'Content-Type': 'application/x-git-upload-pack-request',
      Accept: 'application/x-git-upload-pack-result',
      'Git-Protocol': 'version=2',
    },
  });
  // An older server may fail at what it does not know; what it says to the older way of asking counts then.
  const refused = asked.status >= 500 && asked.status !== 503 ? undefined : refusal(asked);
  if (refused !== undefined) throw refused;
  const refs = asked.status === 200 ? readLsRefs(asked.body) : undefined;
  if (refs !== undefined) return refs;
  const old = await send(connections, remote, signal, {
    method: 'GET',
    path: '/info/refs?service=git-upload-pack',
    headers: {},
  });
  const advertised = old.status === 200 ? readAdvertisement(old.body) : undefined;
  if (advertised !== undefined) return advertised;
  throw (
    refusal(old) ??
    new RemoteError('NotFound', `there is no git repository at the URL: the server answered ${old.status}`)
  );
}

interface Ask {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

function send(connections: Connections, remote: Remote, signal: AbortSignal, ask: Ask): Promise<Answer> {
  const { url, timeoutMs, credentials } = remote;
  const isSecure = url.scheme === 'https';
  const { username = 'x-access-token', password } = credentials;
  const authorization = password === undefined ? undefined : Buffer.from(`${username}:${password}`).toString('base64');
  const options: https.RequestOptions = {
    method: ask.method,
    host: url.host.replace(/^\[|\]$/g, ''),
    ...(url.port !== undefined && { port: url.port }),
    path: `${url.path.replace(/\/+$/, '')}${ask.path}`,
    agent: isSecure ? secureAgent(connections, credentials.authorities ?? '') : connections.http,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    headers: {
      ...ask.headers,
      'User-Agent': 'git/pipectl',
      ...(ask.body !== undefined && { 'Content-Length': Buffer.byteLength(ask.body) }),
      ...(authorization !== undefined && { Authorization: `Basic ${authorization}` }),
    },
  };
  return new Promise<Answer>((resolve, reject) => {
    const fail = (error: Error): void => reject(unreachable(error, remote));
    const request = (isSecure ? https : http).request(options, (response) => receive(response, resolve, fail));
    request.on('error', fail);
    request.end(ask.body);
  });
}

function receive(
  response: http.IncomingMessage,
  resolve: (answer: Answer) => void,
  fail: (error: Error) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    chunks.push(chunk);
    if (size <= MAX_REMOTE_REFS_BYTES) return;
    fail(new RemoteError('TooManyRefs', `the list of refs has more than ${MAX_REMOTE_REFS_BYTES} bytes`));
    response.destroy();
  });
  response.on('error', fail);
  response.on('end', () => {
    resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
  });
}

/** Why the server will not tell, when another way of asking would not help. */
function refusal({ status, headers }: Answer): RemoteError | undefined {
  if (status === 401 || status === 403) {
    return new RemoteError('AuthenticationFailed', `the server refuses the credentials (${status})`);
  }
  if (status === 404 || status === 410) {
    return new RemoteError('NotFound', `the server has no such repository, or not for these credentials (${status})`);
  }
  if (status >= 300 && status < 400) {
    const to = whereTo(headers.location);
    return new RemoteError('Redirected', `the server redirects${to}: name that place in spec.source.url`);
  }
  if (status >= 500 && status !== 503) return new RemoteError('Unreachable', `the server failed (${status})`);
  if (status === 429 || status === 503) {
    const seconds = Number(headers['retry-after']);
    const waitMs = Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), MAX_RETRY_AFTER_S) * 1_000 : 0;
    return new RemoteError('RateLimited', `the server asks to come back later (${status})`, waitMs);
  }
  return undefined;
}

const MAX_RETRY_AFTER_S = 3_600;

/** Host and path of a redirect: what else is in it may be a secret. */
function whereTo(location: string | undefined): string {
  if (location === undefined || !URL.canParse(location)) return '';
  const { protocol, host, pathname } = new URL(location);
  return ` to ${protocol}//${host}${pathname.replace(/\/(?:info\/refs|git-upload-pack)$/, '')}`.slice(0, 300);
}

function unreachable(error: Error & { readonly code?: string }, { url, timeoutMs }: Remote): RemoteError {
  if (error instanceof RemoteError) return error;
  if (error.name === 'TimeoutError' || (error.cause as Error | undefined)?.name === 'TimeoutError') {
    return new RemoteError('TimedOut', `${url.host} did not answer within ${timeoutMs / 1_000} s`);
  }
  const code = error.code ?? error.name;
  const isCertificate = /CERT|SSL|TLS|ALTNAME|ISSUER|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code);
  if (isCertificate) return new RemoteError('CertificateRefused', `the certificate of ${url.host} is refused: ${code}`);
  return new RemoteError('Unreachable', `${url.host} cannot be reached: ${code}`);
}

/** One context for all connections of an agent: reading the certificates of the system takes a while. */
function secureAgent({ https: agents }: Connections, authorities: string): https.Agent {
  const known = agents.get(authorities);
  if (known !== undefined) return known;
  const ca = authorities === '' ? systemAuthorities() : authorities;
  const agent = new https.Agent({ ...KEPT, secureContext: tls.createSecureContext({ ca }) });
  if (agents.size >= MAX_AGENTS) {
    const [oldest = '', first] = [...agents][0] ?? [];
    first?.destroy();
    agents.delete(oldest);
  }
  agents.set(authorities, agent);
  return agent;
}

/** Sets of authorities whose connections are kept. */
const MAX_AGENTS = 100;

function systemAuthorities(): string[] {
  return [...new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system')])];
}
