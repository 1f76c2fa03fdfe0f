import { mkdtempSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeFolder } from '../remove-folder.ts';

/** A real server that speaks the API of S3 and checks signatures. */
export interface S3Server {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly bucket: string;
  /** Whether it lists uploads that are not complete, and drops them. */
  readonly knowsUploads: boolean;
  close(): Promise<void>;
}

interface Rver {
  run(): Promise<AddressInfo>;
  close(): Promise<void>;
}

/** The one that PIPECTL_TEST_S3 names, with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the package's. Undefined: neither is there. */
export async function startS3(): Promise<S3Server | undefined> {
  const { PIPECTL_TEST_S3: named, PIPECTL_TEST_S3_BUCKET: bucket = 'pipectl-tests' } = process.env;
  if (named !== undefined) {
    const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = process.env;
    return { endpoint: named, accessKeyId, secretAccessKey, bucket, knowsUploads: true, close: async () => {} };
  }
  const directory = mkdtempSync(join(tmpdir(), 'pipectl-s3-'));
  const Server = packagedServer();
  if (Server === undefined) return undefined;
  const options = { address: '127.0.0.1', port: 0, silent: true, directory, vhostBuckets: false };
  const server = new Server({ ...options, configureBuckets: [{ name: bucket }] });
  const { port } = await server.run();
  return {
    endpoint: `http://127.0.0.1:${port}`,
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
    bucket,
    knowsUploads: false,
    close: async () => {
      await server.close();
      await removeFolder(directory);
    },
  };
}

function packagedServer(): (new (options: object) => Rver) | undefined {
  try {
    return createRequire(import.meta.url)('@20minutes/s3rver');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    process.stderr.write('skipped: no S3 server; `npm ci` installs one\n');
    return undefined;
  }
}

/** What a proxy does with one request instead of handing it on and its answer back. */
export type Fault =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body: string;
    }
  /** Closes the connection: before the server has heard of it, or after it has answered. */
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' }
  /** Hands back so many bytes of the body, then closes. */
  | { readonly kind: 'cut'; readonly bytes: number }
  /** Changes one byte of the body. */
  | { readonly kind: 'damage' };

export interface FaultProxy {
  readonly endpoint: string;
  /** Requests so far, as `PUT /bucket/key?partNumber`: digests and ids left out. */
  readonly requests: string[];
  /** For each request in turn; undefined: nothing is wrong. */
  faultOf: (line: string, nth: number) => Fault | undefined;
  close(): Promise<void>;
}

/** In front of a server, so that the faults of a network happen to real requests. The host's name stays, as it is signed. */
export async function startProxy(target: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  const server = createServer((asked, answer) => void pass(asked, answer).catch(() => asked.socket.destroy()));
  const proxy: FaultProxy = {
    endpoint: '',
    requests: [],
    faultOf: () => undefined,
    close: () => closed(server),
  };
  async function pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const line = `${asked.method} ${lineOf(asked.url ?? '')}`;
    const nth = proxy.requests.push(line);
    const fault = proxy.faultOf(line, nth);
    if (fault?.kind === 'drop' && fault.when === 'before') {
      asked.socket.destroy();
      return;
    }
    const body = await all(asked as AsyncIterable<Buffer>);
    if (fault?.kind === 'answer') {
      answer.writeHead(fault.status, fault.headers).end(asked.method === 'HEAD' ? '' : fault.body);
      return;
    }
    const options = { hostname, port, method: asked.method ?? '', path: asked.url ?? '', headers: asked.headers };
    const onward = request({ ...options, agent: false }, async (given) => {
      const bytes = Buffer.concat(await all(given as AsyncIterable<Buffer>));
      if (fault?.kind === 'drop') {
        asked.socket.destroy();
        return;
      }
      if (fault?.kind === 'damage') bytes[0] = (bytes[0] as number) ^ 1;
      answer.writeHead(given.statusCode ?? 0, given.headers);
      if (fault?.kind !== 'cut') {
        answer.end(bytes);
        return;
      }
      answer.write(bytes.subarray(0, fault.bytes), () => asked.socket.destroySoon());
    });
    onward.on('error', () => asked.socket.destroy());
    onward.end(Buffer.concat(body));
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const listening = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(proxy, { endpoint: listening });
}

/** All that comes, in its order. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

function lineOf(url: string): string {
  const { pathname, searchParams } = new URL(url, 'http://x');
  const names = [...searchParams.keys()].sort().join('&');
  return `${pathname.replace(/[0-9a-f]{64}/, '…')}${names === '' ? '' : `?${names}`}`;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** A port on which nobody answers. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await closed(server);
  await new Promise<void>((resolve) => connect(port, '127.0.0.1').once('error', () => resolve()));
  return port;
}
