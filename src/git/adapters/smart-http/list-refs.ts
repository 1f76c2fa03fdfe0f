import type http from 'node:http';
import { MAX_REMOTE_REFS_BYTES } from '../../../base/index.ts';
import { type ListRefs, type Remote, RemoteError, type RemoteRefs } from '../../index.ts';
import { type Ask, type Connections, unreachable } from './connections.ts';
import { LS_REFS, readAdvertisement, readLsRefs } from './ref-answers.ts';
import { refusal } from './refusal.ts';

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Asks remotes for their refs without starting git: one request on a connection that is kept, which costs a hundredth
 * of what starting git and its HTTPS helper does. Redirects are not followed: credentials go where they were meant for.
 */
export function createHttpRefs(connections: Connections): ListRefs {
  return (remote, signal) => list(connections, remote, signal);
}

async function list(connections: Connections, remote: Remote, signal: AbortSignal): Promise<RemoteRefs> {
  const asked = await send(connections, remote, signal, {
    method: 'POST',
    path: '/git-upload-pack',
    body: LS_REFS,
    headers: {
      'Content-Type': 'application/x-git-upload-pack-request',
      Accept: 'application/x-git-upload-pack-result',
      'Git-Protocol': 'version=2',
    },
  });
  // An older server may fail at what it does not know; what it says to the older way of asking counts then.
  const refused = asked.status >= 500 && asked.status !== 503 ? undefined : refusal(asked);
  if (refused !== undefined) throw refused;
  const refs = asked.status === 200 ? readLsRefs(asked.body) : undefined;
  if (refs !== undefined) return refs;
  const old = await send(connections, remote, signal, {
    method: 'GET',
    path: '/info/refs?service=git-upload-pack',
    headers: {},
  });
  const advertised = old.status === 200 ? readAdvertisement(old.body) : undefined;
  if (advertised !== undefined) return advertised;
  throw (
    refusal(old) ??
    new RemoteError('NotFound', `there is no git repository at the URL: the server answered ${old.status}`)
  );
}

async function send(connections: Connections, remote: Remote, signal: AbortSignal, ask: Ask): Promise<Answer> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(remote.timeoutMs)]);
  const response = await connections.ask(remote, ask, within);
  return new Promise<Answer>((resolve, reject) => {
    receive(response, resolve, (error) => reject(unreachable(error, remote)));
  });
}

function receive(
  response: http.IncomingMessage,
  resolve: (answer: Answer) => void,
  fail: (error: Error) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    chunks.push(chunk);
    if (size <= MAX_REMOTE_REFS_BYTES) return;
    fail(new RemoteError('TooManyRefs', `the list of refs has more than ${MAX_REMOTE_REFS_BYTES} bytes`));
    response.destroy();
  });
  response.on('error', fail);
  response.on('end', () => {
    resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
  });
}
