import { execFileSync, fork, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localCertificate } from '../../src/cluster/adapters/http/certificate.ts';
import { type Cluster, createObject, findObject, type KubeObject, SYSTEM_NAMESPACE } from '../../src/cluster/index.ts';
import { copyCgiResponse } from '../../src/git/adapters/native/cgi.ts';
import { connect } from '../../src/main/client.ts';
import { cpuNanos } from '../daemon-process.ts';
import type { Session } from '../figure.ts';
import { commitFile, writeRepository } from '../repository.ts';

const REMOTES = 500;
/** They are asked so many times more often than each minute, so that a round is short. */
const FASTER = 6;
const WINDOW_MS = 12_000;
/** The first polls are over, and the code of polling is compiled. */
const SETTLE_MS = 25_000;
const REFS = 20;
const WEBHOOKS = 10;
const SECRET = 'bench-webhook';

/** A daemon that follows 500 remotes over HTTPS, none of which changes, and one that does. */
export async function open(): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-sources-'));
  const work = join(folder, 'work');
  writeRepository(work, { 'task.yaml': taskText(0) });
  for (const name of ['shop.git', 'floor.git']) execFileSync('git', ['init', '-q', '--bare', join(folder, name)]);
  const host = await startHost(folder);
  const plane = fork(join(import.meta.dirname, '../source-plane.ts'), [join(folder, 'data')], { stdio: 'inherit' });
  const up = await new Promise<{ url: string; kubeconfig: string }>((resolve) =>
    plane.once('message', resolve as never),
  );
  const { cluster } = await connect({ kubeconfigPath: up.kubeconfig });
  await follow(cluster, host);
  await pause(SETTLE_MS);
  let count = 0;
  return {
    async round() {
      const before = cpuNanos(plane.pid as number);
      const asked = host.asked();
      const started = performance.now();
      await pause(WINDOW_MS);
      const elapsedMs = performance.now() - started;
      const cpuMs = (cpuNanos(plane.pid as number) - before) / 1e6;
      const webhookMs: number[] = [];
      const fetchMs: number[] = [];
      const polls = host.asked() - asked;
      for (let i = 0; i < WEBHOOKS; i += 1) {
        count += 1;
        const commit = commitAndPush(work, folder, count);
        fetchMs.push(await bareFetch(folder, host));
        webhookMs.push(await sendAndWait(cluster, up.url, commit));
      }
      return {
        cpuPercent: ((cpuMs / elapsedMs) * 100) / FASTER,
        pollMicros: (cpuMs / polls) * 1_000,
        webhookMs,
        fetchMs,
      };
    },
    async close() {
      await new Promise<void>((resolve) => {
        plane.once('exit', () => resolve());
        plane.disconnect();
      });
      host.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface Host {
  readonly port: number;
  readonly certificate: string;
  asked(): number;
  close(): void;
}

/** A git server: `shop.git` is real, all others are answered from memory. */
async function startHost(folder: string): Promise<Host> {
  const certificate = localCertificate(Date.now());
  let asked = 0;
  const line = (text: string): string => `${(text.length + 5).toString(16).padStart(4, '0')}${text}\n`;
  const refs = Array.from({ length: REFS }, (_, i) => line(`${String(i).padStart(40, '0')} refs/heads/topic-${i}`));
  const answer = `${line(`${'0'.repeat(39)}1 HEAD symref-target:refs/heads/topic-1`)}${refs.join('')}0000`;
  const server = createServer(certificate, (request, response) => {
    if (request.url?.startsWith('/shop.git') === true) {
      serveGit(folder, request, response);
      return;
    }
    asked += 1;
    request.resume().on('end', () => response.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    certificate: certificate.cert,
    asked: () => asked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function serveGit(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const child = spawn('git', ['-c', 'safe.directory=*', 'http-backend'], {
    env: {
      PATH: process.env.PATH ?? '',
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  request.pipe(child.stdin);
  copyCgiResponse(child.stdout, response);
}

async function follow(cluster: Cluster, { port, certificate }: Host): Promise<void> {
  const data = { 'ca.crt': base64(certificate), hook: base64(SECRET) };
  const metadata = { name: 'bench', namespace: SYSTEM_NAMESPACE };
  await createObject<KubeObject>(cluster, { apiVersion: 'v1', kind: 'Secret', metadata, data });
  const create = (
    name: string,
    spec: Record<string, unknown>,
    more: Record<string, unknown> = {},
  ): Promise<KubeObject> =>
    createObject<KubeObject>(cluster, {
      apiVersion: 'pipectl.dev/v1',
      kind: 'Repository',
      metadata: { name, namespace: SYSTEM_NAMESPACE },
      spec: {
        source: {
          kind: 'remote',
          url: `https://localhost:${port}/${name}.git`,
          credentials: { secret: 'bench' },
          ...spec,
        },
        ...more,
      },
    });
  // Nothing of them is followed, so that nothing has to be fetched; they are asked and compared all the same.
  const names = Array.from({ length: REMOTES }, (_, i) => `remote-${i}`);
  for (const name of names) await create(name, { interval: `${60 / FASTER}s`, refs: ['release/*'] });
  await create('shop', { interval: '1h' }, { webhook: { provider: 'github', secret: { name: 'bench', key: 'hook' } } });
}

function commitAndPush(work: string, folder: string, count: number): string {
  commitFile(work, 'task.yaml', taskText(count));
  execFileSync('git', ['push', '-q', join(folder, 'shop.git'), 'HEAD:main'], { cwd: work });
  return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: work, encoding: 'utf8' }).trim();
}

/** What git alone takes to fetch the same commit. */
async function bareFetch(folder: string, { port, certificate }: Host): Promise<number> {
  const authorities = join(folder, 'ca.crt');
  writeFileSync(authorities, certificate);
  const url = `https://localhost:${port}/shop.git`;
  const args = ['-c', `http.sslCAInfo=${authorities}`, 'fetch', '-q', url, '+refs/heads/main:refs/heads/main'];
  const started = performance.now();
  const child = spawn('git', args, { cwd: join(folder, 'floor.git'), stdio: 'ignore' });
  await new Promise((resolve) => child.once('close', resolve));
  return performance.now() - started;
}

/** Time from a webhook about a commit to its revision. */
async function sendAndWait(cluster: Cluster, url: string, commit: string): Promise<number> {
  const key = { kind: 'Revision', namespace: SYSTEM_NAMESPACE, name: `shop-${commit}` };
  // Several at once come in turns: each is measured alone.
  await pause(2_500);
  const body = '{}';
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  const headers = { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${signature}` };
  const started = performance.now();
  await fetch(`${url}/webhooks/shop`, { method: 'POST', body, headers });
  while ((await findObject(cluster, key)) === undefined) await pause(5);
  return performance.now() - started;
}

function taskText(count: number): string {
  return `apiVersion: pipectl.dev/v1\nkind: Task\nmetadata: { name: hello }\nspec: { run: { command: [echo, "${count}"] } }\n`;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
