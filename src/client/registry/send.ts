import {
  type Clock,
  MAX_REGISTRY_PAUSE_MS,
  MAX_REGISTRY_REDIRECTS,
  MAX_REGISTRY_REPLY_BYTES,
  MAX_REGISTRY_TRIES,
  type Random,
  REGISTRY_BACKOFF,
  REGISTRY_TIMEOUT_MS,
} from '../../base/index.ts';
import { isLoopback } from './host.ts';

/** What surrounds the client. */
export interface RegistryWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends all requests. */
  readonly signal: AbortSignal;
  /** Resolves after so long, or when `signal` is aborted. */
  readonly wait: (ms: number) => Promise<void>;
}

export interface SendRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Reply {
  readonly kind: 'reply';
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** Why there is no answer; `isUntrusted`: the certificate was refused. */
export interface SendFailure {
  readonly kind: 'failed';
  readonly message: string;
  readonly isUntrusted: boolean;
}

/**
 * Sends a request and follows redirects. Too many requests (429), errors of the server (5xx) and of the network are tried
 * again with back-off; the last answer is returned as it is.
 */
export async function send(world: RegistryWorld, request: SendRequest): Promise<Reply | SendFailure> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await sendOnce(world, request);
    const pauseMs = pauseBefore(world, attempt, result);
    if (pauseMs === undefined || world.signal.aborted) return result;
    await world.wait(pauseMs);
  }
}

/** Milliseconds to wait before the next try; undefined when there is to be none. */
function pauseBefore(world: RegistryWorld, attempt: number, result: Reply | Failure): number | undefined {
  if (attempt >= MAX_REGISTRY_TRIES) return undefined;
  if (result.kind === 'failed' && !result.isTransient) return undefined;
  if (result.kind === 'reply' && result.status !== 429 && result.status < 500) return undefined;
  if (result.kind === 'reply' && result.status === 501) return undefined;
  const asked = result.kind === 'reply' ? retryAfterMs(world, result.headers.get('retry-after')) : undefined;
  if (asked !== undefined) return asked > MAX_REGISTRY_PAUSE_MS ? undefined : asked;
  const { initialMs, factor, maxMs } = REGISTRY_BACKOFF;
  // Half of it is random, so that clients that were refused together do not come back together.
  return Math.min(initialMs * factor ** (attempt - 1), maxMs) * (0.5 + world.random.unit() / 2);
}

/** Seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function retryAfterMs({ clock }: RegistryWorld, header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.now());
}

type Failure = SendFailure & { readonly isTransient: boolean };

/** One try: no repetition, but redirects. */
export async function sendOnce(world: RegistryWorld, request: SendRequest): Promise<Reply | Failure> {
  const signal = AbortSignal.any([world.signal, AbortSignal.timeout(REGISTRY_TIMEOUT_MS)]);
  let { url } = request;
  let headers = { ...request.headers };
  for (let hop = 0; hop <= MAX_REGISTRY_REDIRECTS; hop += 1) {
    let response: Response;
    try {
      const { method, body } = request;
      response = await fetch(url, {
        method,
        headers,
        redirect: 'manual',
        signal,
        ...(body !== undefined && { body }),
      });
      const location = response.headers.get('location');
      if (!REDIRECTS.has(response.status) || location === null || method === 'POST')
        return await readReply(response, url);
      await response.body?.cancel();
      const next = URL.canParse(location, url) ? new URL(location, url) : undefined;
      if (next === undefined || !mayFollow(url, next)) {
        return refused(`${url.host} redirects to an address that is not encrypted`);
      }
      if (next.origin !== url.origin) headers = withoutAuthorization(headers);
      url = next;
    } catch (error) {
      return failureOf(error, url, world);
    }
  }
  return refused(`${request.url.host} redirects more than ${MAX_REGISTRY_REDIRECTS} times`);
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

function refused(message: string): Failure {
  return { kind: 'failed', message, isUntrusted: false, isTransient: false };
}

function mayFollow(from: URL, to: URL): boolean {
  if (to.username !== '' || to.password !== '') return false;
  return to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:' && isLoopback(to.host));
}

/** Credentials are for whom they were asked by. */
function withoutAuthorization({ authorization: _, ...rest }: Record<string, string>): Record<string, string> {
  return rest;
}

async function readReply(response: Response, url: URL): Promise<Reply | Failure> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_REGISTRY_REPLY_BYTES)
      return refused(`${url.host} answers with more than ${MAX_REGISTRY_REPLY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return { kind: 'reply', status: response.status, headers: response.headers, body: Buffer.concat(chunks) };
}

/** Of OpenSSL: the other side speaks TLS, and shows a certificate that this machine has no reason to trust. */
const UNTRUSTED = /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|ERR_TLS_CERT_|INVALID_CA|HOSTNAME_MISMATCH)/;

function failureOf(error: unknown, url: URL, { signal }: RegistryWorld): Failure {
  const code = codeOf(error);
  const isUntrusted = UNTRUSTED.test(code);
  const isTransient = !isUntrusted && !signal.aborted && code !== 'ENOTFOUND';
  return { kind: 'failed', message: `${url.host} ${reasonOf(code, isUntrusted)}`, isUntrusted, isTransient };
}

/** The code of what is behind `fetch failed`, or the name of the error. */
function codeOf(error: unknown): string {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const { code } = inner as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
    if (inner.cause === undefined) return inner.name;
  }
  return 'an unknown error';
}

function reasonOf(code: string, isUntrusted: boolean): string {
  if (isUntrusted) {
    return `has a certificate that is not trusted (${code}); NODE_EXTRA_CA_CERTS=FILE adds an authority of your own`;
  }
  switch (code) {
    case 'ENOTFOUND':
      return 'is not a host that is known here';
    case 'ECONNREFUSED':
      return 'takes no connections';
    case 'TimeoutError':
      return `did not answer within ${REGISTRY_TIMEOUT_MS / 1_000} s`;
    case 'AbortError':
      return 'was not waited for';
    default:
      return `cannot be reached (${code})`;
  }
}
