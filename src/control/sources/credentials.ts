import { type RemoteSource, type Secrets, SYSTEM_NAMESPACE } from '../../cluster/index.ts';
import { type RemoteCredentials, RemoteError } from '../../git/index.ts';

/**
 * What the Secret of a source holds. HTTPS: `username` and `password`, or `token`; `ca.crt`. SSH: `identity` and
 * `known_hosts`. Names are those of Flux's Secrets, so that one serves both. Errors: RemoteError SecretMissing.
 */
export async function readCredentials(secrets: Secrets, source: RemoteSource): Promise<RemoteCredentials> {
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

function missing(secret: string, what: string): RemoteError {
  return new RemoteError(
    'SecretMissing',
    `the secret "${secret}" of ${SYSTEM_NAMESPACE} has no ${what}: pipectl secret set ${secret} KEY -n ${SYSTEM_NAMESPACE}`,
  );
}
