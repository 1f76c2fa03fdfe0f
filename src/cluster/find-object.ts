import { NotFoundError } from './errors.ts';
import type { KubeObject, ObjectKey } from './object.ts';
import type { Cluster } from './port.ts';

/** The object, or undefined when there is none. */
export async function findObject<T extends KubeObject>(cluster: Cluster, key: ObjectKey): Promise<T | undefined> {
  try {
    return await cluster.get<T>(key);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
