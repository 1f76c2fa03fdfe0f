import type { IncomingMessage } from 'node:http';
import {
  BLOB_ATTEMPTS,
  BLOB_BACKOFF,
  BLOB_IDLE_MS,
  type Clock,
  MAX_BLOB_ANSWER_BYTES,
  type Random,
  sha256,
  WaitError,
} from '../../../base/index.ts';
import type { CredentialSource } from './credentials.ts';
import { bodyText, type HttpExchange } from './exchange.ts';
import { type Failure, failureOf, isExpired, isPassing, type Place, stalled } from './failure.ts';
import { escapedPath, escapedQuery, signedHeaders, type Unsigned } from './signature.ts';

export interface S3Request extends Pick<Unsigned, 'method'> {
  /** Of the object; empty: the bucket's own. */
  readonly key: string;
  readonly query?: Unsigned['query'];
  readonly headers?: Unsigned['headers'];
  readonly body?: Uint8Array;
  /** Of the body; absent: it is worked out. */
  readonly bodySha256?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface S3Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** To HEAD it may be the blob's after all: to be destroyed. */
  readonly body: IncomingMessage;
}

/**
 * Sends requests until one gets an answer that counts: success, 404 of an object or upload, or what is nobody's but a person's to mend.
 * Errors: WaitError after BLOB_ATTEMPTS tries; StalledError as `stalled` words it; the reason of the signal.
 */
export type S3Requests = (request: S3Request) => Promise<S3Answer>;

export interface RequestsOptions extends Place {
  readonly isPathStyle: boolean;
  readonly credentials: CredentialSource;
  readonly exchange: HttpExchange;
  readonly clock: Clock;
  readonly random: Pick<Random, 'unit'>;
}

/** The next call has as good a chance when the store's own pauses are over. */
const RETRY_AFTER_MS = 10_000;

export function createRequests(options: RequestsOptions): S3Requests {
  return async (request) => {
    let problem = '';
    let hasRenewed = false;
    let asked = request;
    for (let tried = 1; ; tried++) {
      request.signal?.throwIfAborted();
      const outcome = await send(options, asked).catch((error: unknown) => {
        request.signal?.throwIfAborted();
        if (!isNetworkError(error)) throw error;
        return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      });
      let afterMs: number | undefined;
      if (typeof outcome === 'string') problem = outcome;
      else if ('body' in outcome) return outcome;
      else if (isUnexplained(outcome) && asked.method === 'HEAD') {
        asked = { ...request, method: 'GET' };
        continue;
      } else if (isExpired(outcome) && !hasRenewed) {
        hasRenewed = true;
        options.credentials.renew();
        continue;
      } else if (isPassing(outcome)) {
        problem = outcome.code === '' ? `status ${outcome.status}` : outcome.code;
        afterMs = outcome.retryAfterMs;
      } else throw stalled(outcome, options, options.clock.now());
      if (tried >= BLOB_ATTEMPTS) {
        const message = `the object store at ${options.endpoint} does not serve: ${problem}, ${tried} times in a row`;
        throw new WaitError(message, RETRY_AFTER_MS);
      }
      await pause(options, tried, afterMs, request.signal);
    }
  };
}

async function send(options: RequestsOptions, request: S3Request): Promise<S3Answer | Failure> {
  const { endpoint, bucket, isPathStyle, credentials, region, clock, exchange } = options;
  const { method, key, query = [], headers = {}, body, signal } = request;
  const base = new URL(endpoint);
  if (!isPathStyle) base.hostname = `${bucket}.${base.hostname}`;
  const folder = `${decodeURIComponent(base.pathname).replace(/\/+$/, '')}/${isPathStyle ? bucket : ''}`;
  const path = isPathStyle ? (key === '' ? folder : `${folder}/${key}`) : `${folder}${key}`;
  const bodySha256 = request.bodySha256 ?? sha256(body ?? '');
  const given = await credentials.get();
  const signed = signedHeaders({ method, host: base.host, path, query, headers, bodySha256 }, given, {
    region,
    now: clock.now(),
  });
  const search = escapedQuery(query);
  const target = `${escapedPath(path)}${search === '' ? '' : `?${search}`}`;
  const answer = await exchange({
    method,
    origin: base,
    target,
    headers: signed,
    signal,
    ...(body !== undefined && { body }),
  });
  const status = answer.statusCode ?? 0;
  if (status >= 200 && status < 300) return { status, headers: answer.headers, body: answer };
  const failure = failureOf(status, answer.headers, await bodyText(answer, MAX_BLOB_ANSWER_BYTES));
  const isAbsent = status === 404 && failure.code !== 'NoSuchBucket' && key !== '';
  return isAbsent ? { status, headers: answer.headers, body: answer } : failure;
}

/** Answers to HEAD have no body that says what is wrong; those to GET have one. */
function isUnexplained({ status, code }: Failure): boolean {
  return status >= 400 && status < 500 && status !== 429 && code === '';
}

/** What sockets, names and certificates fail with has a code, or is our own time limit. */
function isNetworkError(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return (typeof code === 'string' && /^(E[A-Z]|HPE_|CERT_|UNABLE_|DEPTH_)/.test(code)) || / moved for /.test(message);
}

/** Waits, with a part that is random, so that many who failed together do not come back together. */
export function pause(
  { clock, random }: Pick<RequestsOptions, 'clock' | 'random'>,
  tried: number,
  afterMs = 0,
  signal?: AbortSignal,
): Promise<void> {
  const { initialMs, factor, maxMs } = BLOB_BACKOFF;
  const fullMs = Math.min(maxMs, initialMs * factor ** (tried - 1));
  const waitMs = Math.max(fullMs * (1 - random.unit() / 2), Math.min(afterMs, BLOB_IDLE_MS));
  return new Promise((resolve, reject) => {
    const cancel = clock.at(clock.now() + waitMs, () => {
      signal?.removeEventListener('abort', stop);
      resolve();
    });
    const stop = (): void => {
      cancel();
      reject(signal?.reason);
    };
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
