import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
export const MANIFEST_TYPE = 'application/vnd.docker.distribution.manifest.v2+json';

/** One tag as a registry answers for it. */
export interface ServedImage {
  readonly body: string;
  readonly type?: string;
  /** What is named in Docker-Content-Digest: the truth unless said otherwise; null for nothing. */
  readonly digest?: string | null;
}

export interface RegistryOptions {
  /** `team/etl:v4` → what it is. May be changed while it serves. */
  readonly images: Map<string, ServedImage>;
  /** Who may read: anybody, the bearer of a token (`login` is for those who must say who they are), or the user. */
  readonly auth?: 'none' | 'token' | 'login' | 'basic';
  readonly realm?: (own: string) => string;
  /** Answers before everything else; true when it did. */
  readonly first?: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface Registry {
  /** `127.0.0.1:41234`. */
  readonly host: string;
  /** `GET /v2/team/etl/manifests/v4`, in order. */
  readonly requests: string[];
  /** The Authorization header of each request. */
  readonly authorizations: string[];
  readonly options: RegistryOptions;
  close(): Promise<void>;
}

export const USER = { username: 'ada', password: 'open:sesame' };
const BASIC = `Basic ${Buffer.from(`${USER.username}:${USER.password}`).toString('base64')}`;

export function digestOfText(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** A registry as the OCI distribution specification has it, on any free port of this machine. */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  const requests: string[] = [];
  const authorizations: string[] = [];
  const state = { requests, authorizations, options, host: '' };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(`${request.method} ${request.url}`);
    authorizations.push(request.headers.authorization ?? '');
    if (options.first?.(request, response) === true) return;
    void answer(state, request, response);
  };
  const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  state.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = (): Promise<void> => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return { ...state, close };
}

type State = Pick<Registry, 'host' | 'options'>;

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', `http://${state.host}`);
  if (url.pathname === '/token') return serveToken(state, url, request, response);
  const [, repository = '', tag = ''] = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(url.pathname) ?? [];
  if (!isAllowed(state, repository, request.headers.authorization)) {
    response.writeHead(401, { 'www-authenticate': challenge(state, repository) }).end('{"errors":[]}');
    return;
  }
  const image = state.options.images.get(`${repository}:${tag}`);
  if (image === undefined) {
    response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
    return;
  }
  const digest = image.digest === undefined ? digestOfText(image.body) : image.digest;
  response.writeHead(200, {
    'content-type': image.type ?? INDEX_TYPE,
    ...(digest !== null && { 'docker-content-digest': digest }),
  });
  response.end(request.method === 'HEAD' ? undefined : image.body);
}

function challenge({ host, options }: State, repository: string): string {
  if (options.auth === 'basic') return 'Basic realm="a registry"';
  const realm = options.realm?.(host) ?? `http://${host}/token`;
  return `Bearer realm="${realm}",service="the \\"service\\"",scope="repository:${repository}:pull"`;
}

function isAllowed({ options }: State, repository: string, authorization: string | undefined): boolean {
  if (options.auth === undefined || options.auth === 'none') return true;
  if (options.auth === 'basic') return authorization === BASIC;
  return authorization === `Bearer for-${repository}` || authorization === 'Bearer of-the-registry';
}

async function serveToken(
  { options }: State,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const fields = request.method === 'POST' ? new URLSearchParams(body) : url.searchParams;
  const [, repository = ''] = /^repository:(.+):pull$/.exec(fields.get('scope') ?? '') ?? [];
  const isKnown = request.headers.authorization === BASIC || fields.get('refresh_token') === 'identity';
  const isStranger = request.headers.authorization === undefined && request.method === 'GET';
  if (fields.get('service') !== 'the "service"' || !(isKnown || (isStranger && options.auth === 'token'))) {
    response.writeHead(401).end('{}');
    return;
  }
  const name = request.method === 'POST' ? 'access_token' : 'token';
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ [name]: `for-${repository}` }));
}
