import type { Challenge } from './challenge.ts';
import { type Credentials, parseObject } from './docker-config.ts';
import { isLoopback } from './host.ts';
import { type RegistryWorld, type SendRequest, send } from './send.ts';

/** What the `Authorization` header is to be. */
export type Authorization =
  | { readonly kind: 'header'; readonly value: string }
  | { readonly kind: 'failed'; readonly message: string };

export interface AuthorizeRequest {
  readonly registry: string;
  readonly repository: string;
  readonly challenges: readonly Challenge[];
  readonly credentials: Credentials;
}

/**
 * Answers the challenge of a registry for reading one repository: a token from the token server that it names, without a
 * login where there is none (https://distribution.github.io/distribution/spec/auth/token/), or the login itself.
 */
export async function authorize(world: RegistryWorld, request: AuthorizeRequest): Promise<Authorization> {
  const { registry, challenges, credentials } = request;
  if (credentials.kind === 'failed') return credentials;
  if (credentials.kind === 'registryToken') return { kind: 'header', value: `Bearer ${credentials.token}` };
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  if (bearer !== undefined) return fetchToken(world, request, bearer, credentials);
  if (challenges.some(({ scheme }) => scheme === 'basic')) {
    if (credentials.kind === 'basic') return { kind: 'header', value: basic(credentials) };
    return { kind: 'failed', message: `${registry} wants a login: \`docker login ${registry}\`` };
  }
  return { kind: 'failed', message: `${registry} wants a login of a kind that is not known here` };
}

function basic({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

type Usable = Exclude<Credentials, { readonly kind: 'failed' | 'registryToken' }>;

async function fetchToken(
  world: RegistryWorld,
  { registry, repository }: AuthorizeRequest,
  { parameters }: Challenge,
  credentials: Usable,
): Promise<Authorization> {
  const realm = parameters.get('realm') ?? '';
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  // Only a registry of this machine may send its clients to a plain-text server, and only to one of this machine.
  const isPlain = url?.protocol === 'http:' && isLoopback(url.host) && isLoopback(registry);
  if (url === undefined || (url.protocol !== 'https:' && !isPlain)) {
    return { kind: 'failed', message: `${registry} names a token server that is not encrypted` };
  }
  const reply = await send(world, tokenRequest(url, parameters.get('service'), repository, credentials));
  if (reply.kind === 'failed') return reply;
  if (reply.status === 401 || reply.status === 403 || reply.status === 400) {
    const what = credentials.kind === 'anonymous' ? 'wants a login' : 'refuses the login of this machine';
    return { kind: 'failed', message: `${registry} ${what}: \`docker login ${registry}\`` };
  }
  const answer = reply.status === 200 ? parseObject(new TextDecoder().decode(reply.body)) : undefined;
  const token = answer?.token ?? answer?.access_token;
  if (typeof token === 'string' && token !== '') return { kind: 'header', value: `Bearer ${token}` };
  return { kind: 'failed', message: `the token server ${url.host} answers ${reply.status} and no token` };
}

function tokenRequest(realm: URL, service: string | undefined, repository: string, credentials: Usable): SendRequest {
  const fields = new Map([
    ...(service === undefined ? [] : [['service', service] as const]),
    ['scope', `repository:${repository}:pull`] as const,
  ]);
  if (credentials.kind === 'identityToken') {
    const grant = [
      ...fields,
      ['grant_type', 'refresh_token'],
      ['client_id', 'pipectl'],
      ['refresh_token', credentials.token],
    ];
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return { method: 'POST', url: realm, headers, body: new URLSearchParams(grant as [string, string][]).toString() };
  }
  const url = new URL(realm);
  for (const [name, value] of fields) url.searchParams.set(name, value);
  const headers: Record<string, string> = credentials.kind === 'basic' ? { authorization: basic(credentials) } : {};
  return { method: 'GET', url, headers };
}
