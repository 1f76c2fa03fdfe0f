import { randomBytes } from 'node:crypto';
import { connectKubernetes, type KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import { deleteObject, findObject, type KubeObject } from '../../src/cluster/index.ts';
import { until } from '../daemon/fixtures/program.ts';

/** The cluster that KUBECONFIG names, with namespaces that are gone after the tests. */
export interface TestCluster {
  readonly cluster: KubernetesCluster;
  readonly kubeconfig: string;
  /** Begins the names of what these tests make. */
  readonly prefix: string;
  /** Makes the namespace where it is not there, and removes it at the end. */
  ownNamespace(name: string): Promise<string>;
  close(): Promise<void>;
}

export async function openTestCluster(): Promise<TestCluster> {
  const kubeconfig = process.env.KUBECONFIG ?? '';
  if (kubeconfig === '')
    throw new Error('set KUBECONFIG to the file of a cluster whose kinds of pipectl are installed');
  const cluster = await connectKubernetes({ kubeconfigPath: kubeconfig });
  // Says at once what is missing: the server, the right to look, or the kinds.
  await cluster.list('Execution', { limit: 1 });
  const prefix = `t${randomBytes(4).toString('hex')}`;
  const own: string[] = [];
  return {
    cluster,
    kubeconfig,
    prefix,
    async ownNamespace(name) {
      const key = { kind: 'Namespace', name };
      const found = await untilGoneOrStays(name, () => findObject(cluster, key));
      if (found !== undefined) return name;
      own.push(name);
      await cluster.write([{ op: 'create', object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } }]);
      return name;
    },
    async close() {
      for (const name of own) await deleteObject(cluster, { kind: 'Namespace', name }).catch(() => undefined);
    },
  };
}

/** Those of a run before may still be on their way out: nothing can be made in them any more. */
function untilGoneOrStays(name: string, find: () => Promise<KubeObject | undefined>): Promise<KubeObject | undefined> {
  return until(
    `namespace ${name} of a run before is gone`,
    async () => {
      const found = await find();
      return found?.metadata.deletionTimestamp === undefined ? { found } : undefined;
    },
    90_000,
  ).then(({ found }) => found);
}
