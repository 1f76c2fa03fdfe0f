import type { request as httpRequest, IncomingMessage, RequestOptions } from 'node:http';
import { urlToHttpOptions } from 'node:url';
import { API_ANSWER_TIMEOUT_MS, MAX_RESPONSE_BYTES, WaitError } from '../../../base/index.ts';
import type { Connection } from './kubeconfig.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

/** Sends one request; resolves with the head of the answer. Throws a WaitError when the server cannot be reached. */
export type Transport = (call: Call) => Promise<IncomingMessage>;

/** Requests over kept-alive connections of node:http, which costs a few milliseconds to load where a library costs 300. */
export function createTransport(connection: Connection): Transport {
  // Loading TLS costs a command line 15 ms, so it is loaded only for a server that needs it. Not imported: an import of
  // node:http reads every export, and with them loads fetch and WebSocket, some 30 ms.
  const { request } = process.getBuiltinModule(connection.server.startsWith('https:') ? 'node:https' : 'node:http');
  // Taken apart once, and not for each request.
  const url = new URL(connection.server);
  const { protocol, hostname, port } = urlToHttpOptions(url);
  const place: Place = { protocol, hostname, port, root: url.pathname.replace(/\/+$/, '') };
  return async (call) => {
    const options = await connection.authorize();
    try {
      return await send(request, place, options, call);
    } catch (error) {
      // A kept connection that the server closed while it was idle: the request never arrived, so a read is sent again.
      const isStale = (error as NodeJS.ErrnoException).code === 'ECONNRESET' && call.method === 'GET';
      if (isStale && call.signal?.aborted !== true) {
        try {
          return await send(request, place, options, call);
        } catch (again) {
          throw unreachable(connection, again, call);
        }
      }
      throw unreachable(connection, error, call);
    }
  };
}

interface Place extends Pick<RequestOptions, 'protocol' | 'hostname' | 'port'> {
  /** What stands before each path, without a slash at its end. */
  readonly root: string;
}

function send(
  request: typeof httpRequest,
  { root, ...place }: Place,
  options: Awaited<ReturnType<Connection['authorize']>>,
  call: Call,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request({
      ...place,
      path: `${root}${call.path}`,
      ...options,
      method: call.method,
      headers: {
        accept: call.accept ?? 'application/json',
        'user-agent': 'pipectl',
        ...(options.headers as Record<string, string> | undefined),
        ...(call.body !== undefined && {
          'content-type': call.contentType ?? 'application/json',
          'content-length': Buffer.byteLength(call.body),
        }),
      },
      ...(call.signal && { signal: call.signal }),
    });
    const deadline = setTimeout(() => {
      sent.destroy(new Error(`no answer within ${API_ANSWER_TIMEOUT_MS / 1000} s`));
    }, API_ANSWER_TIMEOUT_MS);
    sent.once('response', (response) => {
      clearTimeout(deadline);
      resolve(response);
    });
    // Stays on: an error after the answer has begun is the body's to report, and must not be thrown as unhandled.
    sent.on('error', (error) => {
      clearTimeout(deadline);
      reject(error);
    });
    sent.end(call.body);
  });
}

/** What a person is told when no answer came; the abort of a caller goes through as it is. */
export function unreachable({ server }: Connection, error: unknown, call?: Call): Error {
  if (call?.signal?.aborted === true) return error as Error;
  const { code, message } = error as NodeJS.ErrnoException;
  const isDown = code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EHOSTUNREACH';
  const isLocal = /\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]?/.test(server);
  const hint = isDown && isLocal ? ': is `pipectl up` running?' : ` (${message})`;
  return new WaitError(`cannot reach the control plane at ${server}${hint}`, 1_000, { cause: error });
}

/** The whole body as text. Rejects when it is larger than MAX_RESPONSE_BYTES, breaks off, or stops coming for API_ANSWER_TIMEOUT_MS. */
export function readText(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const deadline = setTimeout(() => {
      response.destroy(new Error(`the answer stopped for ${API_ANSWER_TIMEOUT_MS / 1000} s`));
    }, API_ANSWER_TIMEOUT_MS);
    response.on('data', (chunk: Buffer) => {
      deadline.refresh();
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_RESPONSE_BYTES) {
        response.destroy(new Error(`the answer is larger than ${MAX_RESPONSE_BYTES} bytes`));
      } else chunks.push(chunk);
    });
    response.once('end', () => {
      clearTimeout(deadline);
      const [first] = chunks;
      resolve((chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)).toString('utf8'));
    });
    response.on('error', (error) => {
      clearTimeout(deadline);
      reject(error);
    });
    response.once('close', () => {
      clearTimeout(deadline);
      // After an end or an error nobody hears this.
      reject(Object.assign(new Error('the answer broke off'), { code: 'ERR_STREAM_PREMATURE_CLOSE' }));
    });
  });
}
