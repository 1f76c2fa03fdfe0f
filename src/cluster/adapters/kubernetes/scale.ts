import { StalledError } from '../../../base/index.ts';
import { NotFoundError } from '../../index.ts';
import type { Caller } from './kubernetes-cluster.ts';

interface Scale {
  readonly spec?: { readonly replicas?: number };
}

/** By the subresource `scale`, so that nothing else of the Deployment can be changed, nor need be allowed. */
export async function scaleDeployment(
  call: Caller,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  replicas: number,
): Promise<number | undefined> {
  const place = `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/deployments/${encodeURIComponent(name)}`;
  const asked = { kind: 'Deployment', key: { kind: 'Deployment', namespace, name } };
  try {
    const { spec } = (await call({ method: 'GET', path: `${place}/scale` }, asked)) as Scale;
    const had = spec?.replicas ?? 0;
    if (had === replicas) return had;
    const body = JSON.stringify({ spec: { replicas } });
    const contentType = 'application/merge-patch+json';
    await call({ method: 'PATCH', path: `${place}/scale`, body, contentType }, asked);
    return had;
  } catch (error) {
    // Our own control plane has no Deployments at all.
    const isNoKind = error instanceof StalledError && error.reason === 'NoSuchKind';
    if (error instanceof NotFoundError || isNoKind) return undefined;
    throw error;
  }
}
