import type { Server as HttpServer, RequestListener, ServerOptions } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { FIRST_BYTE_TIMEOUT_MS, HEADERS_TIMEOUT_MS, KEEP_ALIVE_MS, MAX_HEADER_BYTES } from '../../../base/index.ts';
import type { Certificate } from './certificate.ts';

export interface Listener {
  /** For the caller to `listen` with. */
  readonly server: Server;
  /** Stops accepting and ends every connection; resolves when all are closed. */
  close(): Promise<void>;
}

/**
 * One port that speaks HTTP and HTTPS: the first byte of a connection tells which. kubectl needs TLS to send its
 * token; git and curl on the same machine are better off without a certificate to trust.
 */
export function createListener(certificate: Certificate, handle: RequestListener): Listener {
  const options: ServerOptions = {
    headersTimeout: HEADERS_TIMEOUT_MS,
    // Bodies have deadlines of their own where they are read; a large push may take longer than any one number.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  // Not imported: an import reads every export of a built-in, and node:http has some that load fetch and WebSocket, 16 MB.
  const plain = armed(process.getBuiltinModule('node:http').createServer(options, handle));
  // TLS is 5 MB more, and many control planes never see a client that wants it.
  let secure: HttpServer | undefined;
  const secured = (): HttpServer => {
    const tlsOptions = { ...options, ...certificate, ALPNProtocols: ['http/1.1'] };
    secure ??= armed(process.getBuiltinModule('node:https').createServer(tlsOptions, handle));
    return secure;
  };
  const sockets = new Set<Socket>();
  // As node:http opens its own sockets: whether a half-closed client is served is for its server to say.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    route(socket, (isTls) => (isTls ? secured() : plain).emit('connection', socket));
  });
  return {
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
        plain.close();
        secure?.close();
      }),
  };
}

/** Servers that never listen themselves arm the deadlines of headers only when told so. */
function armed<T extends HttpServer>(server: T): T {
  server.emit('listening');
  return server;
}

/** A TLS connection begins with a handshake record (RFC 8446, 5.1). */
const TLS_HANDSHAKE = 0x16;

function route(socket: Socket, connect: (isTls: boolean) => void): void {
  const fail = (): void => {
    socket.destroy();
  };
  socket.once('error', fail);
  socket.once('end', fail);
  const deadline = setTimeout(fail, FIRST_BYTE_TIMEOUT_MS);
  socket.once('close', () => clearTimeout(deadline));
  socket.once('data', (chunk) => {
    clearTimeout(deadline);
    socket.pause();
    socket.unshift(chunk);
    socket.off('error', fail).off('end', fail);
    connect(chunk[0] === TLS_HANDSHAKE);
    process.nextTick(() => socket.resume());
  });
}
