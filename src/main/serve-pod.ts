import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HEADERS_TIMEOUT_MS, KEEP_ALIVE_MS, MAX_HEADER_BYTES, StalledError } from '../base/index.ts';

export interface PodServerOptions {
  /** `HOST:PORT`; port 0: any free one. */
  readonly listen: string;
  /** Prometheus text. */
  readonly metrics: () => string;
  /** Why it is not ready; undefined when it is. */
  readonly unready: () => string | undefined;
  /** Answers what is neither health nor metrics; false when it is not its own. */
  readonly handle?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface PodServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * What a component in a cluster serves: /healthz, /readyz and /metrics, to whoever the network lets through, as Kubernetes'
 * own components do. Rejects with StalledError `PortInUse` or `ListenAddress`.
 */
export async function servePod({ listen, metrics, unready, handle }: PodServerOptions): Promise<PodServer> {
  const { host, port } = addressOf(listen);
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    (request, response) => {
      const path = (request.url ?? '/').split('?', 1)[0];
      if (path === '/healthz') return answer(response, 200, 'ok\n');
      if (path === '/readyz') {
        const reason = unready();
        return answer(response, reason === undefined ? 200 : 503, `${reason ?? 'ok'}\n`);
      }
      if (path === '/metrics') return answer(response, 200, metrics(), 'text/plain; version=0.0.4; charset=utf-8');
      if (handle?.(request, response) === true) return;
      request.resume();
      answer(response, 404, 'not found\n');
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new StalledError('PortInUse', `cannot listen on ${listen}: ${error.message}`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeIdleConnections();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function addressOf(listen: string): { readonly host: string; readonly port: number } {
  const found = /^(?:\[(?<six>[0-9a-f:]+)\]|(?<four>[^:[\]]+)):(?<port>\d{1,5})$/i.exec(listen)?.groups;
  const port = Number(found?.port);
  if (found === undefined || port > 65_535) {
    throw new StalledError('ListenAddress', `"${listen}" is no HOST:PORT to listen on; for example 0.0.0.0:8080`);
  }
  return { host: found.six ?? found.four ?? '', port };
}

function answer(response: ServerResponse, code: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(code, { 'content-type': type }).end(text);
}
