import type { IncomingHttpHeaders } from 'node:http';
import {
  API_RETRY_BACKOFF,
  MAX_API_CALLS,
  MAX_API_RETRIES,
  MAX_RETRY_AFTER_MS,
  type Random,
  WaitError,
} from '../../../base/index.ts';
import { createGate } from './gate.ts';
import type { Connection } from './kubeconfig.ts';
import { pause } from './pause.ts';
import { type Call, readText, type Transport, unreachable } from './transport.ts';

export interface Answer {
  readonly code: number;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
}

/** Sends a request and reads its whole answer. Throws WaitError when none comes. */
export type Exchange = (call: Call) => Promise<Answer>;

/**
 * An exchange that makes up for what can be made up for without knowing what the request means: a request that the server
 * was too busy to begin (429) is sent again when the server says, and a read whose answer broke off or was a 5xx is sent
 * again after a back-off, as client-go does (rest/with_retry.go). Whether a write without an answer took place is for its
 * caller to find out. Gives up after MAX_API_RETRIES and lets the last answer or error through.
 */
export function createExchange(
  connection: Connection,
  transport: Transport,
  random: Pick<Random, 'unit'>,
  mayWrite: () => boolean = () => true,
): Exchange {
  const gate = createGate(MAX_API_CALLS);
  const send = async (call: Call): Promise<Answer> => {
    await gate.enter();
    try {
      // Not before it is its turn: whoever waited may have lost the lease meanwhile.
      if (call.method !== 'GET' && !mayWrite())
        throw new WaitError('the lease that allows this write is not held', 1_000);
      return await attempt(connection, transport, call);
    } finally {
      gate.leave();
    }
  };
  return async (call) => {
    for (let retries = 0; ; retries++) {
      const outcome = await send(call).catch((error: unknown) => ({ error }));
      const afterMs = retryAfterMs(call, outcome, retries, random);
      if (afterMs === undefined || call.signal?.aborted === true) {
        if ('error' in outcome) throw outcome.error;
        return outcome;
      }
      await pause(afterMs, call.signal);
    }
  };
}

async function attempt(connection: Connection, transport: Transport, call: Call): Promise<Answer> {
  const response = await transport(call);
  try {
    return { code: response.statusCode ?? 0, text: await readText(response), headers: response.headers };
  } catch (error) {
    throw unreachable(connection, error, call);
  }
}

/** After which time to try again; undefined: not at all. */
function retryAfterMs(
  call: Call,
  outcome: Answer | { readonly error: unknown },
  retries: number,
  random: Pick<Random, 'unit'>,
): number | undefined {
  if (retries >= MAX_API_RETRIES) return undefined;
  const { initialMs, factor, maxMs } = API_RETRY_BACKOFF;
  const backoffMs = Math.min(initialMs * factor ** retries, maxMs) * (0.5 + random.unit() / 2);
  if ('error' in outcome) return call.method === 'GET' && isBroken(outcome.error) ? backoffMs : undefined;
  const { code, headers, text } = outcome;
  const isRepeatable = code === 429 || (code >= 500 && call.method === 'GET' && !isStall(text));
  if (!isRepeatable) return undefined;
  const wishedMs = Number(headers['retry-after'] ?? 0) * 1_000;
  // Whoever is to wait for so long is told, and decides for itself what to do meanwhile.
  if (wishedMs > MAX_RETRY_AFTER_MS) return undefined;
  return Math.max(backoffMs, Number.isFinite(wishedMs) ? wishedMs : 0);
}

/** The connection broke off while there is somebody at its other end. */
function isBroken(error: unknown): boolean {
  if (!(error instanceof WaitError)) return false;
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** Our own control plane says so of what needs a person: no repeat helps. */
function isStall(text: string): boolean {
  return text.includes('"reason":"Stalled"');
}
