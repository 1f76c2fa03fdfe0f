import { type Clock, type Random, StalledError } from '../base/index.ts';
import { openFolderBlobs } from '../blobs/adapters/folder/index.ts';
import { createCredentials, createHttpExchange, createS3Blobs } from '../blobs/adapters/s3/index.ts';
import { BLOB_STALLED, type BlobStore } from '../blobs/index.ts';
import type { Cluster, ObjectStoreSettings, Secrets } from '../cluster/index.ts';
import { type ObjectStoreChecks, readKeys } from '../control/object-store/index.ts';
import type { BlobUse } from '../control/retention/index.ts';

export interface ObjectStoreOptions {
  readonly secrets: Secrets;
  /** Where the usual variables of AWS are looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  /** A folder is for one machine: pods of a cluster do not share it. */
  readonly takesFolder: boolean;
}

/** Makes the store that a Platform of this namespace names. Errors: as of calls to BlobStore. */
export function objectStoreOpener(
  options: ObjectStoreOptions,
): (settings: ObjectStoreSettings, namespace: string) => Promise<BlobStore> {
  const { secrets, environment, clock, random, takesFolder } = options;
  return async (settings, namespace) => {
    if ('folder' in settings) {
      if (takesFolder) return openFolderBlobs({ folder: settings.folder.path, clock, random });
      const message =
        'a folder is for one machine, and pods of a cluster do not share it: name a bucket, objectStore.s3';
      throw new StalledError(BLOB_STALLED.unusable, message);
    }
    if (settings.s3 === undefined) {
      throw new StalledError(BLOB_STALLED.unusable, 'objectStore names neither a folder nor a bucket');
    }
    const { bucket, prefix, endpoint, region, pathStyle } = settings.s3;
    const given = await readKeys(secrets, namespace, settings.s3);
    const exchange = createHttpExchange();
    const credentials = createCredentials({ environment, region, exchange, clock }, given);
    return createS3Blobs({ endpoint, region, bucket, prefix, isPathStyle: pathStyle, credentials, clock, random });
  };
}

/** The store that the Platform names at each call, for values. */
export function lazyStore(
  { current }: Pick<ObjectStoreChecks, 'current'>,
  use: BlobUse,
): Pick<BlobStore, 'put' | 'get'> {
  return {
    put: (content, signal) => use.storing(async () => (await current()).put(content, signal)),
    async *get(digest, signal) {
      yield* (await current()).get(digest, signal);
    },
  };
}

/** The cluster, with outputs of executions that are in the object store. */
export function withStoredOutputs(cluster: Cluster, values: Pick<BlobStore, 'get'>): Cluster {
  return { ...cluster, storedOutput: (_, { ref, signal }) => values.get(ref.digest, signal) };
}
