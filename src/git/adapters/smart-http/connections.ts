import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import type { HttpProxy } from '../../../base/index.ts';
import { type Remote, RemoteError } from '../../index.ts';
import { openTunnel, placeOf, proxyLogin } from './tunnel.ts';

/** Connections to remotes, kept for the next request. */
export interface Connections {
  /** Sends a request below the repository's URL; resolves with the head of the answer. Errors: RemoteError. */
  ask(remote: Remote, ask: Ask, signal: AbortSignal): Promise<http.IncomingMessage>;
  close(): void;
}

export interface Ask {
  readonly method: 'GET' | 'POST';
  /** Behind the repository's path. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Idle connections of one host, and how long they are kept: a little more than the usual interval of polls. */
const KEPT = { keepAlive: true, maxFreeSockets: 4, timeout: 75_000, scheduling: 'lifo' } as const;
/** Sets of authorities and proxies whose connections are kept. */
const MAX_AGENTS = 100;

type Agents = Map<string, http.Agent>;

export function openConnections(): Connections {
  const agents: Agents = new Map();
  return {
    ask: (remote, ask, signal) => send(agents, remote, ask, signal),
    close() {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}

function send(agents: Agents, remote: Remote, ask: Ask, signal: AbortSignal): Promise<http.IncomingMessage> {
  const { url, credentials, proxy } = remote;
  const isSecure = url.scheme === 'https';
  const { username = 'x-access-token', password } = credentials;
  const authorization = password === undefined ? undefined : Buffer.from(`${username}:${password}`).toString('base64');
  const path = `${url.path.replace(/\/+$/, '')}${ask.path}`;
  const place = `${url.host}${url.port === undefined ? '' : `:${url.port}`}`;
  // What is not secret anyway goes to the proxy as a request, the rest through a tunnel.
  const relay = isSecure ? undefined : proxy;
  const options: https.RequestOptions = {
    method: ask.method,
    host: (relay?.host ?? url.host).replace(/^\[|\]$/g, ''),
    ...((relay ?? url).port !== undefined && { port: (relay ?? url).port }),
    path: relay === undefined ? path : `http://${place}${path}`,
    agent: agentFor(agents, remote),
    signal,
    headers: {
      ...ask.headers,
      Host: place,
      'User-Agent': 'git/pipectl',
      ...(ask.body !== undefined && { 'Content-Length': Buffer.byteLength(ask.body) }),
      ...(authorization !== undefined && { Authorization: `Basic ${authorization}` }),
      ...(relay !== undefined && proxyLogin(relay)),
    },
  };
  return new Promise((resolve, reject) => {
    const isTls = isSecure || relay?.scheme === 'https';
    const request = (isTls ? https : http).request(options, (response) => {
      if (response.statusCode !== 407 || relay === undefined) resolve(response);
      else {
        response.destroy();
        reject(new RemoteError('ProxyRefused', `the proxy ${placeOf(relay)} refuses the credentials (407)`));
      }
    });
    request.on('error', (error) => reject(unreachable(error, remote)));
    request.end(ask.body);
  });
}

/** What went wrong on the way, as one of the reasons that statuses know. */
export function unreachable(error: Error & { readonly code?: string }, { url, timeoutMs, proxy }: Remote): RemoteError {
  if (error instanceof RemoteError) return error;
  if (error.name === 'TimeoutError' || (error.cause as Error | undefined)?.name === 'TimeoutError') {
    return new RemoteError('TimedOut', `${url.host} did not answer within ${timeoutMs / 1_000} s`);
  }
  const code = error.code ?? error.name;
  const isCertificate = /CERT|SSL|TLS|ALTNAME|ISSUER|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code);
  if (isCertificate) return new RemoteError('CertificateRefused', `the certificate of ${url.host} is refused: ${code}`);
  const way = proxy === undefined ? '' : ` by the proxy ${placeOf(proxy)}`;
  return new RemoteError('Unreachable', `${url.host} cannot be reached${way}: ${code}`);
}

/** One context for all connections of an agent: reading the certificates of the system takes a while. */
function agentFor(agents: Agents, { url, credentials, proxy, timeoutMs }: Remote): http.Agent {
  const { authorities = '' } = credentials;
  const isSecure = url.scheme === 'https';
  const key = JSON.stringify([isSecure ? authorities : url.scheme, proxy ?? null]);
  const known = agents.get(key);
  if (known !== undefined) return known;
  const agent = isSecure ? secureAgent(authorities, proxy, timeoutMs) : plainAgent(proxy);
  if (agents.size >= MAX_AGENTS) {
    const [oldest = '', first] = [...agents][0] ?? [];
    first?.destroy();
    agents.delete(oldest);
  }
  agents.set(key, agent);
  return agent;
}

function plainAgent(proxy: HttpProxy | undefined): http.Agent {
  return proxy?.scheme === 'https' ? new https.Agent(KEPT) : new http.Agent(KEPT);
}

function secureAgent(authorities: string, proxy: HttpProxy | undefined, timeoutMs: number): https.Agent {
  const secureContext = contextFor(authorities);
  const agent = new https.Agent({ ...KEPT, secureContext });
  if (proxy === undefined) return agent;
  // Node's agent takes a connection that comes later by its second argument.
  const createConnection = (
    { host = '', port = 443 }: tls.ConnectionOptions,
    done: (error: Error | null, socket?: tls.TLSSocket) => void,
  ): undefined => {
    openTunnel(proxy, { host, port: Number(port), secureContext, timeoutMs }).then(
      (socket) => done(null, socket),
      (error: Error) => done(error),
    );
  };
  return Object.assign(agent, { createConnection });
}

function contextFor(authorities: string): tls.SecureContext {
  try {
    return tls.createSecureContext({ ca: authorities === '' ? systemAuthorities() : authorities });
  } catch (error) {
    const message = 'ca.crt of the Secret holds no certificate that can be read';
    throw new RemoteError('CertificateRefused', message, 0, { cause: error });
  }
}

/** Those of Node and of the system, which git trusts as well. */
function systemAuthorities(): string[] {
  return [...new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system')])];
}
