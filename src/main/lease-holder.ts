import { type IncomingMessage, type ServerResponse, request as sendRequest } from 'node:http';
import { networkInterfaces } from 'node:os';
import { type Cluster, findObject, type Lease, SYSTEM_NAMESPACE } from '../cluster/index.ts';

/** `HOST:PORT` at which others reach who listens on `listen`: for all addresses the first that is not the loopback's. */
export function ownAddress(listen: string, port: number): string {
  const host = listen.slice(0, listen.lastIndexOf(':'));
  if (host !== '0.0.0.0' && host !== '[::]') return `${host}:${port}`;
  const outside = Object.values(networkInterfaces()).flatMap((each) => each?.filter(({ internal }) => !internal) ?? []);
  const found = outside.find(({ family }) => family === 'IPv4') ?? outside[0];
  if (found === undefined) return `127.0.0.1:${port}`;
  return found.family === 'IPv6' ? `[${found.address}]:${port}` : `${found.address}:${port}`;
}

/** Marks a request that was sent on, so that two who think that the other works do not send it to and fro. */
const FORWARDED = 'pipectl-forwarded';

/** Sends a request for git or a webhook on to whoever holds the lease; false when it is for neither. */
export function forwardToHolder(
  about: { readonly cluster: Cluster; readonly lease: string },
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (!/^\/(git|webhooks?)\//.test(request.url ?? '')) return false;
  forward(about, request, response).catch(() => unavailable(request, response));
  return true;
}

async function forward(
  { cluster, lease }: { readonly cluster: Cluster; readonly lease: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const key = { kind: 'Lease', namespace: SYSTEM_NAMESPACE, name: lease };
  const holder = (await findObject<Lease>(cluster, key))?.spec.holderIdentity ?? '';
  const address = holder.slice(holder.lastIndexOf('_') + 1);
  if (!URL.canParse(`http://${address}`) || request.headers[FORWARDED] !== undefined) {
    unavailable(request, response);
    return;
  }
  await new Promise<void>((resolve, reject) => {
    const { method = 'GET', url = '/', headers } = request;
    const sent = sendRequest(
      new URL(url, `http://${address}`),
      { method, headers: { ...headers, [FORWARDED]: '1' } },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        answer.once('error', reject);
        response.once('close', resolve);
      },
    );
    sent.once('error', reject);
    response.once('close', () => sent.destroy());
    request.pipe(sent);
  });
}

function unavailable(request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  request.resume();
  response.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '5' });
  response.end('pipectl: another controller is about to take over: try again in a few seconds\n');
}
