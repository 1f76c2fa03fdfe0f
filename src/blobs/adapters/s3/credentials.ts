import { readFile } from 'node:fs/promises';
import {
  type Clock,
  CREDENTIALS_RENEW_MS,
  CREDENTIALS_TIMEOUT_MS,
  MAX_CREDENTIALS_BYTES,
  StalledError,
  type UnixMs,
  WaitError,
} from '../../../base/index.ts';
import { BLOB_STALLED } from '../../index.ts';
import { bodyText, type HttpExchange } from './exchange.ts';
import { type Credentials, escapedQuery } from './signature.ts';
import { textOf } from './xml.ts';

/** Credentials as they are now. Errors: StalledError(CredentialsMissing), WaitError while who hands them out does not answer. */
export interface CredentialSource {
  get(): Promise<Credentials>;
  /** Those that were given do not do any more. */
  renew(): void;
}

export interface CredentialsOptions {
  /** Where the usual variables of AWS are looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly region: string;
  readonly exchange: HttpExchange;
  readonly clock: Pick<Clock, 'now'>;
  /** Absent: those of AWS. For clouds of their own, and tests. */
  readonly endpoints?: { readonly instance?: string; readonly container?: string };
}

type Lent = Credentials & { readonly expiresAt?: UnixMs };

const RETRY_AFTER_MS = 5_000;

/**
 * Those that are given, or else the first that there are, in the order of AWS' own tools: variables; a role by a web identity
 * (a ServiceAccount's token); a role by the container; the role of the machine. They are asked for anew before they expire.
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
export function createCredentials(options: CredentialsOptions, given?: Credentials): CredentialSource {
  let known: Promise<Lent> | undefined;
  const forget = (asked: Promise<Lent>): void => {
    if (known === asked) known = undefined;
  };
  const lent = (): Promise<Lent> => {
    const asking = known ?? lend(options);
    known = asking;
    asking.catch(() => forget(asking));
    return asking;
  };
  return {
    async get() {
      if (given !== undefined) return given;
      const asked = lent();
      const found = await asked;
      if ((found.expiresAt ?? Number.POSITIVE_INFINITY) > options.clock.now() + CREDENTIALS_RENEW_MS) return found;
      forget(asked);
      return lent();
    },
    renew: () => {
      known = undefined;
    },
  };
}

async function lend(options: CredentialsOptions): Promise<Lent> {
  const { environment } = options;
  const accessKeyId = environment.AWS_ACCESS_KEY_ID ?? '';
  const secretAccessKey = environment.AWS_SECRET_ACCESS_KEY ?? '';
  if (accessKeyId !== '' && secretAccessKey !== '') {
    const sessionToken = environment.AWS_SESSION_TOKEN ?? '';
    return { accessKeyId, secretAccessKey, ...(sessionToken !== '' && { sessionToken }) };
  }
  const tokenFile = environment.AWS_WEB_IDENTITY_TOKEN_FILE ?? '';
  const role = environment.AWS_ROLE_ARN ?? '';
  if (tokenFile !== '' && role !== '') return byWebIdentity(options, tokenFile, role);
  const uri =
    environment.AWS_CONTAINER_CREDENTIALS_FULL_URI ??
    (environment.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI === undefined
      ? undefined
      : `${options.endpoints?.container ?? 'http://169.254.170.2'}${environment.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI}`);
  if (uri !== undefined) return byContainer(options, uri);
  if (environment.AWS_EC2_METADATA_DISABLED?.toLowerCase() === 'true')
    throw none('the role of the machine is disabled');
  return byInstance(options, options.endpoints?.instance ?? 'http://169.254.169.254');
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html: not signed, the token says it all. */
async function byWebIdentity(options: CredentialsOptions, tokenFile: string, role: string): Promise<Lent> {
  const { environment, region } = options;
  const token = await fileText(tokenFile);
  const endpoint = environment.AWS_ENDPOINT_URL_STS ?? `https://sts.${region}.amazonaws.com`;
  const form = escapedQuery([
    ['Action', 'AssumeRoleWithWebIdentity'],
    ['Version', '2011-06-15'],
    ['RoleArn', role],
    ['RoleSessionName', environment.AWS_ROLE_SESSION_NAME ?? 'pipectl'],
    ['WebIdentityToken', token],
  ]);
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/xml' };
  const { status, text } = await ask(options, 'POST', endpoint, headers, Buffer.from(form));
  if (status !== 200) {
    throw none(`the role ${role} is not lent by web identity: ${textOf(text, 'Code') ?? `status ${status}`}`);
  }
  return lentOf('the token service', {
    AccessKeyId: textOf(text, 'AccessKeyId'),
    SecretAccessKey: textOf(text, 'SecretAccessKey'),
    Token: textOf(text, 'SessionToken'),
    Expiration: textOf(text, 'Expiration'),
  });
}

/** ECS and EKS Pod Identity: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
async function byContainer(options: CredentialsOptions, uri: string): Promise<Lent> {
  const { environment } = options;
  const tokenFile = environment.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
  const token = tokenFile === undefined ? environment.AWS_CONTAINER_AUTHORIZATION_TOKEN : await fileText(tokenFile);
  const { status, text } = await ask(options, 'GET', uri, token === undefined ? {} : { authorization: token });
  if (status !== 200) throw none(`the container's role is not lent: status ${status}`);
  return lentOf('the container', json(text));
}

/** IMDSv2: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html */
async function byInstance(options: CredentialsOptions, origin: string): Promise<Lent> {
  const path = `${origin}/latest/meta-data/iam/security-credentials/`;
  const asked = await ask(options, 'PUT', `${origin}/latest/api/token`, {
    'x-aws-ec2-metadata-token-ttl-seconds': '21600',
  }).catch((error: unknown) => {
    throw none(`nothing names any, and this machine has no role (${error instanceof Error ? error.message : ''})`);
  });
  if (asked.status !== 200) throw none(`nothing names any, and this machine lends no role: status ${asked.status}`);
  const headers = { 'x-aws-ec2-metadata-token': asked.text };
  const roles = await ask(options, 'GET', path, headers);
  const role = roles.text.split('\n')[0]?.trim() ?? '';
  if (roles.status !== 200 || role === '') throw none('nothing names any, and this machine has no role');
  const { status, text } = await ask(options, 'GET', `${path}${encodeURIComponent(role)}`, headers);
  if (status !== 200) throw none(`the role ${role} of this machine is not lent: status ${status}`);
  return lentOf('the machine', json(text));
}

async function ask(
  { exchange }: CredentialsOptions,
  method: string,
  address: string,
  headers: Readonly<Record<string, string>>,
  body?: Uint8Array,
): Promise<{ readonly status: number; readonly text: string }> {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol)) throw none(`${address.slice(0, 100)} is no address to ask at`);
  const call = {
    method,
    origin: url,
    target: `${url.pathname}${url.search}`,
    headers: { host: url.host, ...headers },
    signal: AbortSignal.timeout(CREDENTIALS_TIMEOUT_MS),
    ...(body !== undefined && { body }),
  };
  try {
    const answer = await exchange(call);
    const text = await bodyText(answer, MAX_CREDENTIALS_BYTES);
    const status = answer.statusCode ?? 0;
    if (status === 429 || status >= 500) throw new Error(`status ${status}`);
    return { status, text };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new WaitError(`credentials cannot be had from ${url.host}: ${code ?? message}`, RETRY_AFTER_MS, {
      cause: error,
    });
  }
}

async function fileText(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw none(`the token file ${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function json(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

function lentOf(who: string, given: Readonly<Record<string, unknown>>): Lent {
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = given;
  if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string') {
    throw none(`what ${who} answered holds none`);
  }
  const expiresAt = Date.parse(String(Expiration ?? ''));
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(typeof Token === 'string' && { sessionToken: Token }),
    ...(!Number.isNaN(expiresAt) && { expiresAt }),
  };
}

function none(why: string): StalledError {
  return new StalledError(BLOB_STALLED.credentials, `there are no credentials for the object store: ${why}`);
}
