import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Log, Random } from '../../src/base/index.ts';
import { openArchive } from '../../src/cluster/adapters/archive/index.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/cluster/adapters/embedded/index.ts';
import {
  createApiServer,
  createListener,
  localCertificate,
  tokenAuthenticator,
} from '../../src/cluster/adapters/http/index.ts';
import { connectKubernetes, type KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import { type Archive, type Execution, type Pod, withArchive } from '../../src/cluster/index.ts';

export const TOKEN = 'a-token-of-the-tests';
export const NAMESPACE = 'ticketing-production';

export const clock: Clock = {
  now: () => Date.now(),
  at(at, run) {
    const timer = setTimeout(run, Math.max(0, at - Date.now()));
    return () => clearTimeout(timer);
  },
};
export const random: Random = { bytes: (size) => randomBytes(size), unit: () => Math.random() };
export const quiet: Log = { write: () => undefined };

/** A real store behind the real API on a free port of the loopback, with a kubeconfig for it. */
export interface ApiFixture {
  /** The store at hand: `restartStore` opens another. */
  readonly store: EmbeddedStore;
  /** Of executions that are over; the API shows them too. */
  readonly archive: Archive;
  readonly port: number;
  readonly kubeconfig: string;
  readonly folder: string;
  connect(): Promise<KubernetesCluster>;
  /** Sends a plain HTTP request with the token. */
  send(method: string, path: string, options?: { body?: unknown; headers?: Record<string, string> }): Promise<Response>;
  /** Ends all connections and comes back on the same port. */
  restartApi(): Promise<void>;
  stopApi(): Promise<void>;
  restartStore(): Promise<void>;
  close(): Promise<void>;
}

/** Who asks by TOKEN, unless said otherwise. */
const TESTS = 'tests';

export async function openApi({ user = TESTS }: { readonly user?: string } = {}): Promise<ApiFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'pipectl-api-'));
  const openStore = () => openEmbeddedStore({ folder: join(folder, 'store'), clock, random, log: quiet });
  let store = await openStore();
  const archive = openArchive({ path: join(folder, 'archive.sqlite'), clock });
  const certificate = localCertificate(Date.now());
  const start = async (port: number) => {
    const authenticate = tokenAuthenticator(TOKEN, { name: user, groups: [], scopes: [{ kind: 'admin' }] });
    const api = createApiServer({
      cluster: withArchive(store, archive),
      authenticate,
      clock,
      log: quiet,
      version: '0.0.0',
    });
    const listener = createListener(certificate, api.handle);
    await new Promise<void>((resolve, reject) => {
      listener.server.once('error', reject);
      listener.server.listen(port, '127.0.0.1', resolve);
    });
    return { api, listener };
  };
  let running = await start(0);
  const { port } = running.listener.server.address() as AddressInfo;
  const kubeconfig = join(folder, 'kubeconfig');
  const authority = Buffer.from(certificate.cert).toString('base64');
  await writeFile(kubeconfig, kubeconfigText(`https://127.0.0.1:${port}`, authority), { mode: 0o600 });
  const stopApi = async (): Promise<void> => {
    running.api.close();
    await running.listener.close();
  };
  return {
    get store() {
      return store;
    },
    archive,
    port,
    kubeconfig,
    folder,
    connect: () => connectKubernetes({ kubeconfigPath: kubeconfig }),
    send: (method, path, { body, headers } = {}) =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${TOKEN}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    stopApi,
    async restartStore() {
      await stopApi();
      await store.close();
      store = await openStore();
      running = await start(port);
    },
    async restartApi() {
      await stopApi();
      running = await start(port);
    },
    async close() {
      await stopApi();
      await archive.close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A kubeconfig as `pipectl up` writes it: JSON, which is YAML too. */
export function kubeconfigText(server: string, authority?: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'pipectl',
    clusters: [{ name: 'pipectl', cluster: { server, ...(authority && { 'certificate-authority-data': authority }) } }],
    users: [{ name: 'pipectl', user: { token: TOKEN } }],
    contexts: [{ name: 'pipectl', context: { cluster: 'pipectl', user: 'pipectl', namespace: NAMESPACE } }],
  });
}

export function execution(name: string, labels: Record<string, string> = {}): Execution {
  return {
    apiVersion: 'pipectl.dev/v1',
    kind: 'Execution',
    metadata: { name, namespace: NAMESPACE, labels },
    spec: {
      repository: 'ticketing',
      commit: '0123456789abcdef0123456789abcdef01234567',
      workflow: 'forecast',
      closure: 'ab'.repeat(32),
      inputs: { a: [1, 2] },
      trigger: { kind: 'manual', by: 'ada' },
    },
  };
}

export function pod(name: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE },
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'local', command: ['true'] }] },
  };
}

/** Waits until `isTrue` holds, asking again after each turn of a short wait; fails after ten seconds. */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`timed out waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
