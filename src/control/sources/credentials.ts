import { type HttpProxy, parseProxyUrl } from '../../base/index.ts';
import { type RemoteSource, type Secrets, SYSTEM_NAMESPACE } from '../../cluster/index.ts';
import { type ProxyFor, type Remote, type RemoteCredentials, RemoteError } from '../../git/index.ts';

/** A source with all that it takes to ask it. Errors: RemoteError SecretMissing. */
export async function openRemote(
  { secrets, proxyFor }: { readonly secrets: Secrets; readonly proxyFor: ProxyFor },
  source: RemoteSource,
): Promise<Remote> {
  const { url, timeoutMs, depth, filter } = source;
  const credentials = await readCredentials(secrets, source);
  const proxy = await readProxy(secrets, source, proxyFor);
  return {
    url,
    timeoutMs,
    credentials,
    ...(depth !== undefined && { depth }),
    ...(filter !== undefined && { filter }),
    ...(proxy !== undefined && { proxy }),
  };
}

/**
 * What the Secret of a source holds. HTTPS: `username` and `password`, or `token`; `ca.crt`. SSH: `identity` and
 * `known_hosts`. Names are those of Flux's Secrets, so that one serves both. Errors: RemoteError SecretMissing.
 */
async function readCredentials(secrets: Secrets, source: RemoteSource): Promise<RemoteCredentials> {
  const { credentials: secret } = source;
  if (secret === undefined) return {};
  const read = async (key: string): Promise<string | undefined> => {
    const answer = await secrets.read(SYSTEM_NAMESPACE, { name: secret, key });
    return answer.kind === 'value' ? Buffer.from(answer.bytes).toString('utf8') : undefined;
  };
  if (source.url.scheme === 'ssh') {
    const [identity, knownHosts] = await Promise.all([read('identity'), read('known_hosts')]);
    if (identity === undefined) throw missing(secret, 'identity, the private key to log in with');
    return { identity, ...(knownHosts !== undefined && { knownHosts }) };
  }
  const [token, password, username, authorities] = await Promise.all(
    ['token', 'password', 'username', 'ca.crt'].map(read),
  );
  const word = (token ?? password)?.trim();
  if (word === undefined && authorities === undefined) throw missing(secret, 'token, nor username and password');
  return {
    ...(word !== undefined && { password: word }),
    ...(username !== undefined && { username: username.trim() }),
    ...(authorities !== undefined && { authorities }),
  };
}

/**
 * The proxy that a source names, with the login of its Secret (`address`, `username`, `password`, as Flux has them);
 * `fallback` of its URL when it names none. Errors: RemoteError SecretMissing.
 */
async function readProxy(
  secrets: Secrets,
  { proxy, url }: RemoteSource,
  fallback: ProxyFor,
): Promise<HttpProxy | undefined> {
  if (proxy === undefined) return fallback(url);
  const { secret } = proxy;
  const read = async (key: string): Promise<string | undefined> => {
    if (secret === undefined) return undefined;
    const answer = await secrets.read(SYSTEM_NAMESPACE, { name: secret, key });
    return answer.kind === 'value' ? Buffer.from(answer.bytes).toString('utf8').trim() : undefined;
  };
  const [address, username, password] = await Promise.all(['address', 'username', 'password'].map(read));
  const place = proxy.url ?? address;
  if (place === undefined) throw missing(secret ?? '', 'address of a proxy');
  if (secret !== undefined && address === undefined && username === undefined) {
    throw missing(secret, 'username for the proxy, nor its address');
  }
  const parsed = parseProxyUrl(place);
  if (parsed.kind === 'error') throw new RemoteError('ProxyRefused', parsed.message);
  return {
    ...parsed.proxy,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
}

function missing(secret: string, what: string): RemoteError {
  return new RemoteError(
    'SecretMissing',
    `the secret "${secret}" of ${SYSTEM_NAMESPACE} has no ${what}: pipectl secret set ${secret} KEY -n ${SYSTEM_NAMESPACE}`,
  );
}
