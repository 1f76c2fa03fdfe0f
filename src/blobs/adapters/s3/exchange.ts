import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { BLOB_IDLE_MS } from '../../../base/index.ts';
import { readBytes } from '../../index.ts';

export interface HttpCall {
  readonly method: string;
  /** Of the server alone: scheme, host and port. */
  readonly origin: URL;
  /** Path and query as they go over the wire. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
  /** Absent: BLOB_IDLE_MS. */
  readonly idleMs?: number;
}

/** One request, one answer, its body yet to be read. Errors: what the network says, an idle connection among it. */
export type HttpExchange = (call: HttpCall) => Promise<IncomingMessage>;

/** Connections are kept between requests. Redirects are not followed. `ca`: certificates to trust besides those of Node, as PEM. */
export function createHttpExchange({ ca }: { readonly ca?: string } = {}): HttpExchange {
  const plain = new HttpAgent({ keepAlive: true, timeout: BLOB_IDLE_MS });
  const secure = new HttpsAgent({ keepAlive: true, timeout: BLOB_IDLE_MS, ...(ca !== undefined && { ca }) });
  return ({ method, origin, target, headers, body, signal, idleMs = BLOB_IDLE_MS }) =>
    new Promise((resolve, reject) => {
      const isSecure = origin.protocol === 'https:';
      const options = {
        method,
        host: origin.hostname.replace(/^\[|\]$/g, ''),
        port: origin.port === '' ? (isSecure ? 443 : 80) : Number(origin.port),
        path: target,
        headers: { ...headers, 'content-length': body?.length ?? 0, 'user-agent': 'pipectl' },
        timeout: idleMs,
        ...(signal !== undefined && { signal }),
      };
      const sending = isSecure
        ? requestHttps({ ...options, agent: secure }, resolve)
        : requestHttp({ ...options, agent: plain }, resolve);
      sending.on('timeout', () => sending.destroy(new Error(`nothing moved for ${idleMs / 1_000} s`)));
      sending.on('error', reject);
      sending.end(body);
    });
}

/** The whole body as text. Errors: StalledError(BlobTooLarge) past `limit` bytes. */
export async function bodyText(answer: IncomingMessage, limit: number): Promise<string> {
  return (await readBytes(answer, limit)).toString('utf8');
}
