import { type Cluster, NotFoundError, type ObjectKey } from '../cluster/index.ts';
import { suggest } from '../language/index.ts';
import { FailedError } from './errors.ts';

/** Rethrows `error`; a NotFoundError comes with the name that was probably meant, when one is near. */
export async function notFoundHint(cluster: Cluster, key: ObjectKey, error: unknown): Promise<never> {
  if (!(error instanceof NotFoundError)) throw error;
  const { items } = await cluster.list(key.kind, {
    ...(key.namespace !== undefined && { namespace: key.namespace }),
    limit: MAX_LOOKED_AT,
  });
  const names = items.map(({ metadata }) => metadata.name);
  const meant = suggest(key.name, names) ?? names.find((name) => name.startsWith(key.name));
  throw new FailedError(error.message, meant === undefined ? undefined : `did you mean "${meant}"?`);
}

const MAX_LOOKED_AT = 500;
