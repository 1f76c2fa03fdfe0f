import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { DELIVERY_TIMEOUT_MS } from '../../../base/index.ts';
import type { HttpMessage, SendAnswer, Senders } from '../../index.ts';

export interface HttpSenderOptions {
  /** Certificates to trust besides those of Node, as PEM. */
  readonly ca?: string;
  /** Absent: DELIVERY_TIMEOUT_MS. */
  readonly timeoutMs?: number;
}

/** Statuses that say that this message is not wanted, whoever sends it and whenever. */
const REFUSALS: ReadonlySet<number> = new Set([400, 405, 406, 409, 411, 413, 414, 415, 422, 431]);

/** Posts a message each time anew: notifications are rare, and an idle connection is one more thing that may break. */
export function createHttpSender({ ca, timeoutMs = DELIVERY_TIMEOUT_MS }: HttpSenderOptions = {}): Senders['http'] {
  return async (message, signal) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return answerOf(await statusOf(message, ca, AbortSignal.any([signal, timeout])));
    } catch (error) {
      if (timeout.aborted) return { kind: 'Unavailable', message: `no answer within ${timeoutMs} ms` };
      return {
        kind: 'Unavailable',
        message: `cannot be reached: ${(error as NodeJS.ErrnoException).code ?? 'failed'}`,
      };
    }
  };
}

interface Answered {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

function statusOf({ url, headers, body }: HttpMessage, ca: string | undefined, signal: AbortSignal): Promise<Answered> {
  const bytes = Buffer.from(body);
  return new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      agent: false as const,
      signal,
      headers: { ...headers, 'content-length': bytes.length, 'user-agent': 'pipectl' },
    };
    const onAnswer = (answer: IncomingMessage): void => {
      resolve({ status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'] });
      // What it says is not read: nobody knows what stands in it.
      answer.destroy();
    };
    const posting: ClientRequest = url.startsWith('https:')
      ? requestHttps(url, { ...options, ...(ca !== undefined && { ca }) }, onAnswer)
      : requestHttp(url, options, onAnswer);
    posting.on('error', reject);
    posting.end(bytes);
  });
}

function answerOf({ status, retryAfter }: Answered): SendAnswer {
  if (status >= 200 && status < 300) return { kind: 'Sent' };
  if (status >= 300 && status < 400) {
    return { kind: 'Unavailable', message: `answered with status ${status}: redirects are not followed` };
  }
  const message = `answered with status ${status}`;
  if (REFUSALS.has(status)) return { kind: 'Refused', message };
  const afterMs = retryAfterMs(retryAfter);
  return { kind: 'Unavailable', message, ...(afterMs !== undefined && { afterMs }) };
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfterMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
