import type { ConnectOptions } from '../client/index.ts';
import { type ApiServer, connectApiServer } from '../cluster/adapters/kubernetes/index.ts';
import { hostRandom } from './host.ts';

/** What installing talks through: an API server, by the paths of objects. */
export function connectManifests(options: ConnectOptions): Promise<ApiServer> {
  return connectApiServer({ ...options, random: hostRandom });
}
