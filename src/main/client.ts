import type { Connected, ConnectOptions } from '../client/index.ts';
import { connectKubernetes } from '../cluster/adapters/kubernetes/index.ts';
import { hostRandom } from './host.ts';

/** What the command line talks through: the cluster port over HTTP, to a local control plane as to a real cluster. */
export async function connect(options: ConnectOptions): Promise<Connected> {
  const cluster = await connectKubernetes({ ...options, random: hostRandom });
  // `default` is what kubeconfigs say when they say nothing, so it is no choice of a person.
  const namespace = cluster.namespace === 'default' ? undefined : cluster.namespace;
  return { cluster, server: cluster.server, ...(namespace !== undefined && { namespace }), close: () => {} };
}
