import { type Cluster, NotFoundError, type ObjectKey } from '../cluster/index.ts';
import { suggest } from '../language/index.ts';
import { FailedError } from './errors.ts';

/** Rethrows `error`; a NotFoundError comes with the name that was probably meant, when one is near, or where it is. */
export async function notFoundHint(cluster: Cluster, key: ObjectKey, error: unknown): Promise<never> {
  if (!(error instanceof NotFoundError)) throw error;
  const elsewhere = key.namespace === undefined ? [] : await namespacesWith(cluster, key);
  if (elsewhere.length > 0) {
    throw new FailedError(error.message, `it is in ${elsewhere.join(', ')}: add -n ${elsewhere[0]}`);
  }
  const { items } = await cluster.list(key.kind, {
    ...(key.namespace !== undefined && { namespace: key.namespace }),
    limit: MAX_LOOKED_AT,
  });
  const names = items.map(({ metadata }) => metadata.name);
  const meant = suggest(key.name, names) ?? names.find((name) => name.startsWith(key.name));
  throw new FailedError(error.message, meant === undefined ? undefined : `did you mean "${meant}"?`);
}

/** Other namespaces that have an object of this name: executions of a branch are in that of its domain. */
async function namespacesWith(cluster: Cluster, { kind, name }: ObjectKey): Promise<readonly string[]> {
  const { items } = await cluster.list(kind, { fieldSelector: `metadata.name=${name}`, limit: MAX_NAMED });
  return items.flatMap(({ metadata }) => metadata.namespace ?? []);
}

const MAX_NAMED = 3;
const MAX_LOOKED_AT = 500;
