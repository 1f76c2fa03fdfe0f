import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Clock,
  type Log,
  MAX_KNOWN_DELIVERIES,
  MAX_REPOSITORIES,
  MAX_WEBHOOK_BYTES,
  MAX_WEBHOOK_REQUESTS,
  WEBHOOK_LINGER_MS,
  WEBHOOK_RATE,
  WEBHOOK_TIMEOUT_MS,
} from '../../../base/index.ts';
import { checkWebhook, deliveryId, isAboutPullRequests, isAboutRefs, type WebhookProvider } from '../../index.ts';

/** How the webhooks of one repository are signed. */
export interface WebhookSecret {
  readonly provider: WebhookProvider;
  readonly secret: Uint8Array;
}

export interface WebhookOptions {
  /** Undefined where there is no such repository, it wants no webhooks, or the secret is not there. */
  readonly secretOf: (repository: string) => Promise<WebhookSecret | undefined>;
  /** Something may be new there. */
  readonly hint: (repository: string) => void;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

export interface WebhookEndpoint {
  /** Answers the request; returns false when its path is not under /webhooks/. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
}

interface Context extends WebhookOptions {
  open: number;
  /** Deliveries that were acted on, oldest first. */
  readonly known: Set<string>;
  readonly allowances: Map<string, { left: number; at: number }>;
}

/** What a request without a secret of its own is checked against, so that the answer takes as long. */
const NOBODY: WebhookSecret = { provider: 'github', secret: randomBytes(32) };

export function createWebhookEndpoint(options: WebhookOptions): WebhookEndpoint {
  const context: Context = { ...options, open: 0, known: new Set(), allowances: new Map() };
  return {
    handle(request, response) {
      const path = (request.url ?? '').split('?', 1)[0] ?? '';
      if (!path.startsWith('/webhooks/')) return false;
      context.open += 1;
      serve(context, request, response, path.slice('/webhooks/'.length))
        .catch((error: Error) => {
          options.log.write('warn', 'a webhook could not be taken', { error: error.message });
          answer(request, response, 500, 'failed');
        })
        .finally(() => {
          context.open -= 1;
        });
      return true;
    },
  };
}

async function serve(
  context: Context,
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
): Promise<void> {
  if (request.method !== 'POST') return answer(request, response, 405, 'webhooks are sent by POST');
  if (context.open > MAX_WEBHOOK_REQUESTS) return answer(request, response, 503, 'too many webhooks at once');
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > MAX_WEBHOOK_BYTES) return answer(request, response, 413, 'too large');
  const found = /^[a-z0-9-]{1,63}$/.test(name) ? await context.secretOf(name) : undefined;
  if (!takePlace(context, found === undefined ? '' : name)) return answer(request, response, 429, 'too many webhooks');
  const { provider, secret } = found ?? NOBODY;
  const check = checkWebhook(provider, request.headers, secret);
  const received = await receive(request, (chunk) => check.update(chunk));
  if (received === 'gone') return;
  if (received !== 'whole') return answer(request, response, received === 'large' ? 413 : 408, `too ${received}`);
  if (!check.isGenuine() || found === undefined) {
    return answer(request, response, 401, 'the signature does not fit: compare the secret here and there');
  }
  const isNews = isAboutRefs(provider, request.headers) || isAboutPullRequests(provider, request.headers);
  if (!isNews) return answer(request, response, 200, 'nothing to do for this event');
  if (isRepeated(context, name, deliveryId(provider, request.headers))) {
    return answer(request, response, 200, 'known already');
  }
  context.hint(name);
  answer(request, response, 202, 'the repository is polled now');
}

type Received = 'whole' | 'large' | 'late' | 'gone';

function receive(request: IncomingMessage, take: (chunk: Buffer) => void): Promise<Received> {
  return new Promise((resolve) => {
    let size = 0;
    const timer = setTimeout(() => end('late'), WEBHOOK_TIMEOUT_MS);
    const end = (how: Received): void => {
      clearTimeout(timer);
      request.removeAllListeners('data');
      resolve(how);
    };
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_WEBHOOK_BYTES) end('large');
      else take(chunk);
    });
    request.on('end', () => end('whole'));
    request.on('close', () => end('gone'));
    request.on('error', () => end('gone'));
  });
}

/** A bucket for each repository that wants webhooks, and one for all others. */
function takePlace({ allowances, clock }: Context, name: string): boolean {
  const now = clock.now();
  const before = allowances.get(name) ?? { left: WEBHOOK_RATE.burst, at: now };
  const back = Math.max(0, now - before.at) / WEBHOOK_RATE.everyMs;
  const left = Math.min(WEBHOOK_RATE.burst, before.left + back);
  if (allowances.size > MAX_REPOSITORIES) allowances.clear();
  allowances.set(name, { left: left >= 1 ? left - 1 : left, at: now });
  return left >= 1;
}

function isRepeated({ known }: Context, name: string, id: string): boolean {
  if (id === '') return false;
  const key = `${name} ${id}`;
  if (known.has(key)) return true;
  if (known.size >= MAX_KNOWN_DELIVERIES) known.delete(known.values().next().value as string);
  known.add(key);
  return false;
}

function answer(request: IncomingMessage, response: ServerResponse, status: number, message: string): void {
  if (response.headersSent || response.destroyed) return;
  const text = `pipectl: ${message}\n`;
  const extra: Record<string, string> = { ...(!request.complete && { Connection: 'close' }) };
  if (status === 429 || status === 503) extra['Retry-After'] = '1';
  response.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(text), ...extra });
  if (request.complete) response.end(text);
  else endLater(request, response, text);
}

/**
 * The connection ends with what was not read of the body. A connection that is closed while bytes still come is reset,
 * and a reset takes from the sender what it has not read yet: the answer. So what comes is thrown away for a while.
 */
function endLater(request: IncomingMessage, response: ServerResponse, text: string): void {
  response.write(text);
  request.resume();
  const end = (): void => {
    clearTimeout(timer);
    response.end(() => request.destroy());
  };
  const timer = setTimeout(end, WEBHOOK_LINGER_MS);
  request.once('end', end);
  request.once('close', end);
}
