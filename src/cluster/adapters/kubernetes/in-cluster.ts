import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { join } from 'node:path';
import { SERVICE_ACCOUNT_TOKEN_MS, StalledError } from '../../../base/index.ts';
import type { Connection } from './kubeconfig.ts';
import { secureAgent } from './secure-agent.ts';

/** Where a kubelet puts a pod's service account (https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/). */
export const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The API server as a pod sees it. The token is read anew from time to time, since kubelets replace it before it expires.
 * Throws a StalledError where the account is not mounted.
 */
export async function inClusterConnection(
  env: Readonly<Record<string, string | undefined>>,
  folder = SERVICE_ACCOUNT,
): Promise<Connection> {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = env;
  const read = (name: string): Promise<string> => readAccount(folder, name);
  const [ca, namespace] = await Promise.all([read('ca.crt'), read('namespace')]);
  const agent = await secureAgent({ ca });
  let known: { readonly request: RequestOptions; readonly until: number } | undefined;
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: namespace.trim(),
    async authorize() {
      if (known === undefined || Date.now() > known.until) {
        const authorization = `Bearer ${(await read('token')).trim()}`;
        known = { request: { agent, headers: { authorization } }, until: Date.now() + SERVICE_ACCOUNT_TOKEN_MS };
      }
      return known.request;
    },
  };
}

async function readAccount(folder: string, name: string): Promise<string> {
  try {
    return await readFile(join(folder, name), 'utf8');
  } catch (error) {
    const message = `the service account of this pod cannot be read: ${(error as Error).message}`;
    throw new StalledError('ServiceAccount', `${message}; set automountServiceAccountToken, or give --kubeconfig`);
  }
}
