import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connectKubernetes, type KubernetesCluster } from '../../../src/cluster/adapters/kubernetes/index.ts';
import { type ApiFixture, kubeconfigText } from '../api-fixture.ts';
import { type CallFault, type FaultRates, forward, type Play, refuse, tooBusy, waitMs } from './play.ts';
import { isWatch, relayWatch } from './watch-relay.ts';

export interface FaultProxy {
  readonly port: number;
  /** What is done from now on. */
  rates: FaultRates;
  /** How often each fault was played. */
  readonly played: Map<string, number>;
  /** Nobody is let through, and nobody is told why, until `comeBack`. */
  goAway(): void;
  comeBack(): void;
  close(): Promise<void>;
}

/** The API of a fixture through such a proxy, as a client behind it sees it. */
export async function behindFaults(
  api: ApiFixture,
  seed: number,
  rates: FaultRates = {},
): Promise<{ readonly proxy: FaultProxy; readonly cluster: KubernetesCluster; readonly kubeconfig: string }> {
  const proxy = await startFaultProxy(api.port, seed, rates);
  const kubeconfigPath = join(api.folder, `behind-${proxy.port}`);
  await writeFile(kubeconfigPath, kubeconfigText(`http://127.0.0.1:${proxy.port}`));
  return { proxy, cluster: await connectKubernetes({ kubeconfigPath }), kubeconfig: kubeconfigPath };
}

/** Stands between a client and the API on `target`, plain HTTP on the loopback, and plays faults by a seed. */
export async function startFaultProxy(target: number, seed: number, rates: FaultRates = {}): Promise<FaultProxy> {
  const unit = seededUnit(seed);
  const played = new Map<string, number>();
  let isAway = false;
  const draw = <F extends string>(from: Partial<Record<F, number>> | undefined): F | undefined => {
    let left = unit();
    for (const [fault, rate] of Object.entries(from ?? {}) as [F, number][]) {
      left -= rate;
      if (left >= 0) continue;
      played.set(fault, (played.get(fault) ?? 0) + 1);
      return fault;
    }
    return undefined;
  };
  const server = createServer((incoming, response) => {
    if (isAway) {
      incoming.socket.destroy();
      return;
    }
    const play: Play = { target, rates: () => proxy.rates, draw, unit };
    const relayed = isWatch(incoming) ? relayWatch(play, incoming, response) : relayCall(play, incoming, response);
    // Whoever went away meanwhile wants no answer.
    relayed.catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: FaultProxy = {
    port: (server.address() as AddressInfo).port,
    rates,
    played,
    goAway() {
      isAway = true;
      server.closeAllConnections();
    },
    comeBack() {
      isAway = false;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

async function relayCall(play: Play, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(incoming);
  const isRead = incoming.method === 'GET';
  const fault = play.draw<CallFault>(isRead ? play.rates().read : play.rates().write);
  switch (fault) {
    case 'dropped':
      incoming.socket.destroy();
      return;
    case 'conflict':
      return refuse(response, 409, 'Conflict', 'the object has been modified; please apply your changes to the latest');
    case 'busy':
      return tooBusy(play, response);
    case 'broken':
      return refuse(response, 500, 'InternalError', 'etcdserver: leader changed');
    case 'unauthorized':
      return refuse(response, 401, 'Unauthorized', 'Unauthorized');
    case 'expired':
      if (incoming.url?.includes('continue=') !== true) break;
      return refuse(response, 410, 'Expired', 'The provided continue parameter is too old');
    case 'slow':
      await waitMs(play.unit() * 30);
      break;
  }
  const answer = await forward(play.target, incoming, body, response);
  const text = await bodyOf(answer);
  if (fault === 'lost') {
    incoming.socket.destroy();
    return;
  }
  // How long an idle connection lives is said by whoever closes it.
  const { 'transfer-encoding': _, 'keep-alive': __, connection: ___, ...headers } = answer.headers;
  response.writeHead(answer.statusCode ?? 500, { ...headers, 'content-length': text.length });
  if (fault !== 'truncated' || text.length === 0) {
    response.end(text);
    return;
  }
  response.write(text.subarray(0, Math.floor(text.length / 2)), () => incoming.socket.destroy());
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** mulberry32: the same seed, the same faults in the same order of requests. */
function seededUnit(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  };
}
