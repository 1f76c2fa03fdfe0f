import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { API_ANSWER_TIMEOUT_MS, MAX_API_CALLS, WaitError } from '../../../src/base/index.ts';
import { connectKubernetes, type KubernetesCluster } from '../../../src/cluster/adapters/kubernetes/index.ts';
import { execution, kubeconfigText, NAMESPACE } from '../api-fixture.ts';

/** A server that answers when a test says so, and a client of it. */
let folder: string;
let server: Server;
let cluster: KubernetesCluster;
const open: ServerResponse[] = [];
let mostOpen = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pipectl-exchange-'));
  mostOpen = 0;
  server = createServer((_, response) => {
    open.push(response);
    mostOpen = Math.max(mostOpen, open.length);
    arrived();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfigPath = join(folder, 'kubeconfig');
  await writeFile(kubeconfigPath, kubeconfigText(`http://127.0.0.1:${port}`));
  cluster = await connectKubernetes({ kubeconfigPath });
});
afterEach(async () => {
  vi.useRealTimers();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  open.length = 0;
  await rm(folder, { recursive: true, force: true });
});

let arrived: () => void = () => undefined;

async function untilOpen(count: number): Promise<void> {
  while (open.length < count) {
    await new Promise<void>((resolve) => {
      arrived = resolve;
    });
  }
}

/** Resolves with the oldest request that has no answer. */
async function next(): Promise<ServerResponse> {
  await untilOpen(1);
  return open[0] as ServerResponse;
}

function create(index: number): Promise<unknown> {
  return cluster.write([{ op: 'create', object: execution(`e-${index}`) }]);
}

describe('requests to an API server', () => {
  it('are under way as many at a time as it is asked at once, whether they are answered or broken off', async () => {
    const count = 3 * MAX_API_CALLS;
    const all = Array.from({ length: count }, (_, index) =>
      create(index).then(
        () => 'done',
        () => 'failed',
      ),
    );
    await untilOpen(MAX_API_CALLS);
    // More would be here by now: client and server share this loop.
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    for (let index = 0; index < count; index++) {
      const response = await next();
      open.shift();
      if (index % 2 === 0) response.destroy();
      else response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(execution('e')));
    }
    const outcomes = await Promise.all(all);
    expect(outcomes.filter((outcome) => outcome === 'failed').length).toBe(count / 2);
    expect(mostOpen).toBe(MAX_API_CALLS);
  });

  it('whose answer begins and stops fail in bounded time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const failed = create(0).then(
      () => undefined,
      (error: unknown) => error,
    );
    const response = await next();
    response.writeHead(201, { 'content-type': 'application/json', 'content-length': 100 });
    response.write('{"kind":');
    while (!cluster.answers.has('POST 201')) await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(API_ANSWER_TIMEOUT_MS);
    const error = await failed;
    expect(error).toBeInstanceOf(WaitError);
    expect((error as WaitError).message).toContain(`the answer stopped for ${API_ANSWER_TIMEOUT_MS / 1000} s`);
  });

  it('of which none is answered fail in bounded time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const failed = create(0).then(
      () => undefined,
      (error: unknown) => error,
    );
    await next();
    vi.advanceTimersByTime(API_ANSWER_TIMEOUT_MS);
    expect(String(await failed)).toContain(`no answer within ${API_ANSWER_TIMEOUT_MS / 1000} s`);
  });
});

describe('a watch that leaves out changes of status', () => {
  it('asks so in a word that other servers pass over', async () => {
    const ending = new AbortController();
    const watch = cluster.watch('Execution', {
      namespace: NAMESPACE,
      resourceVersion: '1',
      ignoreStatusChanges: true,
      signal: ending.signal,
    });
    const reading = watch[Symbol.asyncIterator]().next();
    const response = await next();
    expect(new URL(response.req.url ?? '', 'http://x').searchParams.get('ignoreStatusChanges')).toBe('true');
    ending.abort();
    await reading;
  });
});
