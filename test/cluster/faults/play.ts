import { type IncomingMessage, request, type ServerResponse } from 'node:http';

/** What may befall one request that is answered whole. */
export type CallFault =
  /** The connection ends before the server has heard anything. */
  | 'dropped'
  /** The server does what it is asked, and its answer is lost. */
  | 'lost'
  | 'slow'
  /** Half of the answer, then the end of the connection. */
  | 'truncated'
  /** 409, as a race that somebody else has won. */
  | 'conflict'
  /** 410 for a list's continuation, as after a compaction. */
  | 'expired'
  /** 429 with Retry-After, as priority and fairness answer. */
  | 'busy'
  /** 500 without a word of when to come again. */
  | 'broken'
  /** 401, as of a token that has expired. */
  | 'unauthorized';

/** What may befall a watch, at its opening or at one of its events. */
export type WatchFault =
  | 'unauthorized'
  | 'refused'
  | 'busy'
  | 'expired'
  | 'expiredEvent'
  | 'cut'
  | 'slow'
  | 'duplicated'
  | 'missing';

export interface FaultRates {
  /** Probability of each fault for one request. */
  readonly read?: Partial<Record<CallFault, number>>;
  readonly write?: Partial<Record<CallFault, number>>;
  /** `unauthorized`, `refused`, `busy`, `expired` for one opening; the rest for one event. */
  readonly watch?: Partial<Record<WatchFault, number>>;
  readonly withoutBookmarks?: boolean;
  /** Of 429s, in seconds. */
  readonly retryAfterSeconds?: number;
}

/** What a relay needs of the proxy. */
export interface Play {
  readonly target: number;
  /** As they are now. */
  readonly rates: () => FaultRates;
  draw<F extends string>(from: Partial<Record<F, number>> | undefined): F | undefined;
  unit(): number;
}

export function tooBusy({ rates }: Play, response: ServerResponse): void {
  const seconds = rates().retryAfterSeconds ?? 0;
  refuse(response, 429, 'TooManyRequests', 'too many requests, please try again later', { 'retry-after': seconds });
}

export function refuse(
  response: ServerResponse,
  code: number,
  reason: string,
  message: string,
  headers: Readonly<Record<string, number>> = {},
): void {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
  response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(status));
}

/** Sends on what came; resolves with the head of the answer. */
export function forward(
  target: number,
  incoming: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, url, headers } = incoming;
    const sent = request({ host: '127.0.0.1', port: target, method, path: url, headers, agent: false }, resolve);
    sent.once('error', reject);
    // Whoever asked has its answer, or has gone.
    response.once('close', () => sent.destroy());
    sent.end(body);
  });
}

export function waitMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
