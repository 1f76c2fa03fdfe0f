import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StalledError } from '../base/index.ts';
import { type Certificate, createListener } from '../cluster/adapters/http/index.ts';

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves on 127.0.0.1 only. Rejects with StalledError `PortInUse` or `PortRefused`. */
export async function listenLocally(
  port: number,
  certificate: Certificate,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Listening> {
  const listener = createListener(certificate, handle);
  const { server } = listener;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(portError(port, error)));
    server.listen(port, '127.0.0.1', resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => listener.close() };
}

function portError(port: number, error: NodeJS.ErrnoException): Error {
  if (error.code === 'EADDRINUSE') {
    const message = `port ${port} on 127.0.0.1 is in use: end what uses it, or choose another with --port N (0 is any free one)`;
    return new StalledError('PortInUse', message, { cause: error });
  }
  if (error.code === 'EACCES') {
    const message = `this user may not listen on port ${port}: choose one above 1023 with --port N`;
    return new StalledError('PortRefused', message, { cause: error });
  }
  return error;
}
