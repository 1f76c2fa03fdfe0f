import { MAX_ACCESS_KEY_LENGTH, StalledError } from '../../base/index.ts';
import { BLOB_STALLED } from '../../blobs/index.ts';
import type { BucketSettings, SecretRef, Secrets } from '../../cluster/index.ts';

export interface AccessKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * The values that these settings name; undefined when they name none. Errors: StalledError(CredentialsMissing), which says
 * how a value is given, or what is wrong with one; WaitError while the cluster does not answer.
 */
export async function readKeys(
  secrets: Secrets,
  namespace: string,
  { credentials }: Pick<BucketSettings, 'credentials'>,
): Promise<AccessKeys | undefined> {
  if (credentials === undefined) return undefined;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const value = ({ secret }: { readonly secret: SecretRef }): Promise<string> => read(secrets, namespace, secret);
  return {
    accessKeyId: await value(accessKeyId),
    secretAccessKey: await value(secretAccessKey),
    ...(sessionToken !== undefined && { sessionToken: await value(sessionToken) }),
  };
}

async function read(secrets: Secrets, namespace: string, ref: SecretRef): Promise<string> {
  const answer = await secrets.read(namespace, ref);
  if (answer.kind === 'missing') throw new StalledError(BLOB_STALLED.credentials, answer.message);
  // What a file or an editor ended with a line is meant without it.
  const text = Buffer.from(answer.bytes).toString('latin1').trim();
  if (/^[\x21-\x7e]+$/.test(text) && text.length <= MAX_ACCESS_KEY_LENGTH) return text;
  const command = `pipectl secret set ${ref.name} ${ref.key} -n ${namespace}`;
  const message = `key "${ref.key}" of secret "${ref.name}" is no access key: it is empty, too long or has spaces; set it: ${command}`;
  throw new StalledError(BLOB_STALLED.credentials, message);
}
