import http from 'node:http';
import https from 'node:https';
import { isIP, type Socket } from 'node:net';
import tls from 'node:tls';
import type { HttpProxy } from '../../../base/index.ts';
import { RemoteError } from '../../index.ts';

export interface TunnelTarget {
  readonly host: string;
  readonly port: number;
  /** What the host at the other end is trusted by. */
  readonly secureContext: tls.SecureContext;
  /** For the proxy to connect, and for the host to prove who it is. */
  readonly timeoutMs: number;
}

/** A connection through a proxy by CONNECT (RFC 9110, 9.3.6), encrypted from here to the host. Errors: RemoteError, and those of TLS. */
export async function openTunnel(proxy: HttpProxy, target: TunnelTarget): Promise<tls.TLSSocket> {
  const { host, secureContext, timeoutMs } = target;
  const socket = await connect(proxy, target);
  return new Promise((resolve, reject) => {
    const name = host.replace(/^\[|\]$/g, '');
    const secure = tls.connect({ socket, secureContext, ...(isIP(name) === 0 && { servername: name }), host: name });
    const timer = setTimeout(() => {
      secure.destroy(new RemoteError('TimedOut', `${host} did not answer within ${timeoutMs / 1_000} s`));
    }, timeoutMs);
    secure.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    secure.once('secureConnect', () => {
      clearTimeout(timer);
      resolve(secure);
    });
  });
}

function connect(proxy: HttpProxy, { host, port, timeoutMs }: TunnelTarget): Promise<Socket> {
  const authority = `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    const request = (proxy.scheme === 'https' ? https : http).request({
      method: 'CONNECT',
      host: proxy.host.replace(/^\[|\]$/g, ''),
      port: proxy.port,
      path: authority,
      headers: { Host: authority, 'User-Agent': 'git/pipectl', ...proxyLogin(proxy) },
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
    });
    request.on('error', (error: NodeJS.ErrnoException) => reject(proxyFailure(proxy, error, timeoutMs)));
    request.on('connect', (response, socket) => {
      if (response.statusCode === 200) return resolve(socket as Socket);
      socket.destroy();
      reject(proxyRefusal(proxy, response.statusCode ?? 0));
    });
    // An answer that is no answer to CONNECT.
    request.on('response', (response) => {
      response.destroy();
      reject(proxyRefusal(proxy, response.statusCode ?? 0));
    });
    request.end();
  });
}

/** The header that logs in at a proxy, if it wants that. */
export function proxyLogin({ username, password }: HttpProxy): Record<string, string> {
  if (username === undefined && password === undefined) return {};
  const login = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64');
  return { 'Proxy-Authorization': `Basic ${login}` };
}

/** Host and port, without the login. */
export function placeOf({ host, port }: HttpProxy): string {
  return `${host}:${port}`;
}

function proxyRefusal(proxy: HttpProxy, status: number): RemoteError {
  const what = status === 407 ? 'refuses the credentials' : 'does not connect to the host';
  return new RemoteError('ProxyRefused', `the proxy ${placeOf(proxy)} ${what} (${status})`);
}

function proxyFailure(proxy: HttpProxy, error: NodeJS.ErrnoException, timeoutMs: number): RemoteError {
  if (error.name === 'TimeoutError' || error.name === 'AbortError') {
    const message = `the proxy ${placeOf(proxy)} did not connect within ${timeoutMs / 1_000} s`;
    return new RemoteError('TimedOut', message);
  }
  const message = `the proxy ${placeOf(proxy)} cannot be reached: ${error.code ?? error.name}`;
  return new RemoteError('Unreachable', message);
}
