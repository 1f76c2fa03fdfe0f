import { MAX_REMOTE_PROCESSES } from '../../base/index.ts';
import {
  type Cluster,
  findObject,
  type Repository,
  remoteSourceOf,
  type Secrets,
  SYSTEM_NAMESPACE,
} from '../../cluster/index.ts';
import { type FetchBlobs, type ObjectReader, type ProxyFor, withMissingBlobs } from '../../git/index.ts';
import { openRemote } from './credentials.ts';
import { createLanes } from './lanes.ts';

export interface SourceObjectsOptions {
  readonly cluster: Cluster;
  readonly secrets: Secrets;
  readonly proxyFor: ProxyFor;
  readonly fetchBlobs: FetchBlobs;
  /** Reads what a repository has. */
  readonly stored: (repository: string) => ObjectReader;
  /** Ends what is being fetched. */
  readonly signal: AbortSignal;
}

/**
 * Readers of repositories for work that needs blobs: of one whose fetches leave blobs out, those that are missing are
 * asked for at its remote, with the login that it has then. Of all others it is the reader of what is stored.
 */
export function createSourceObjects(options: SourceObjectsOptions): (repository: string) => Promise<ObjectReader> {
  const { cluster, stored, fetchBlobs, signal } = options;
  const lanes = createLanes({ total: MAX_REMOTE_PROCESSES, perGroup: 1 });
  return async (name) => {
    const found = await findObject<Repository>(cluster, { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name });
    const source = found && remoteSourceOf(found.spec.source);
    if (source === undefined) return stored(name);
    const reader = withMissingBlobs(stored(name), (blobs) =>
      lanes.run(name, async () => fetchBlobs(name, await openRemote(options, source), blobs, signal)),
    );
    // Without a filter only what an earlier one left out is missing: too little to look for ahead.
    return source.filter === undefined ? { read: reader.read } : reader;
  };
}
