import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../../src/base/index.ts';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import { type Lease, SYSTEM_NAMESPACE, type Token, tokenHash } from '../../src/cluster/index.ts';
import type { LeaseTiming } from '../../src/control/shards/index.ts';
import type { RunningComponent } from '../../src/main/component.ts';
import { startController } from '../../src/main/controller.ts';
import { startPropellerPod } from '../../src/main/propeller-pod.ts';
import { removeFolder } from '../remove-folder.ts';

/** Controllers and shards outside of a cluster, as people run them beside one: two of each, leases short. */
export interface Installation {
  readonly controllers: readonly RunningComponent[];
  readonly shards: readonly RunningComponent[];
  /** The URL of a repository at this controller, credentials included. */
  remote(controller: RunningComponent, name: string): string;
  /** The place of the controller that works. */
  active(): Promise<number>;
  stop(): Promise<void>;
}

const TIMING: LeaseTiming = { durationMs: 4_000, renewDeadlineMs: 3_000, retryMs: 500 };
const PUSH_TOKEN = `pct_${'t'.repeat(43)}`;

export async function install(
  kubeconfigPath: string,
  cluster: KubernetesCluster,
  log: Log = { write: () => undefined },
): Promise<Installation> {
  const folders: string[] = [];
  const newFolder = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'pipectl-controller-'));
    folders.push(folder);
    return folder;
  };
  const options = { listen: '127.0.0.1:0', connection: { kubeconfigPath }, timing: TIMING, log };
  const token: Token = {
    apiVersion: 'pipectl.dev/v1',
    kind: 'Token',
    metadata: { namespace: SYSTEM_NAMESPACE, name: 'ci' },
    spec: { scopes: [{ kind: 'admin' }], hash: tokenHash(PUSH_TOKEN) },
  };
  await cluster.write([{ op: 'create', object: token }]).catch(() => undefined);
  const controllers = await Promise.all(
    [1, 2].map(() => startController({ ...options, dataFolder: newFolder(), withoutGit: false })),
  );
  const shards = await Promise.all([1, 2].map(() => startPropellerPod(options)));
  return {
    controllers,
    shards,
    remote: ({ port }, name) => `http://pipectl:${PUSH_TOKEN}@127.0.0.1:${port}/git/${name}.git`,
    async active() {
      const key = { kind: 'Lease', namespace: SYSTEM_NAMESPACE, name: 'pipectl-controller' };
      const { spec } = await cluster.get<Lease>(key);
      return controllers.findIndex(({ port }) => spec.holderIdentity?.endsWith(`:${port}`) === true);
    },
    async stop() {
      await Promise.all([...controllers, ...shards].map((component) => component.stop()));
      for (const folder of folders) removeFolder(folder);
    },
  };
}
