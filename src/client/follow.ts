import {
  type Cluster,
  ExpiredError,
  type KubeObject,
  type ListOptions,
  NotFoundError,
  type ObjectKey,
} from '../cluster/index.ts';

/** What a follower sees: the state at first, then changes. After `reset` what follows is the whole state again. */
export type Followed<T extends KubeObject> =
  | { readonly type: 'reset' }
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** All of the list has been told; from here on it is news. */
  | { readonly type: 'synced' };

export interface FollowOptions extends Omit<ListOptions, 'limit' | 'continueToken'> {
  readonly signal: AbortSignal;
}

/**
 * List, then watch from there, for ever; lists again when the watch is too old to go on (410). Ends when `signal`
 * aborts. Errors of the connection are the adapter's to retry and come through when it gives up.
 */
export async function* follow<T extends KubeObject>(
  cluster: Cluster,
  kind: string,
  { signal, ...selection }: FollowOptions,
): AsyncGenerator<readonly Followed<T>[]> {
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const list = await listAll<T>(cluster, kind, selection);
    const told: Followed<T>[] = list.items.map((object) => ({ type: 'ADDED', object }));
    if (!isFirst) told.unshift({ type: 'reset' });
    yield [...told, { type: 'synced' }];
    try {
      const from = { ...selection, resourceVersion: list.resourceVersion, signal };
      for await (const batch of cluster.watch<T>(kind, from)) {
        const news = batch.filter((event) => event.type !== 'BOOKMARK');
        if (news.length > 0) yield news;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ExpiredError)) throw error;
    }
  }
}

/** One object as it is and each version that follows. Ends when it is deleted or `signal` aborts. */
export async function* followOne<T extends KubeObject>(
  cluster: Cluster,
  key: ObjectKey,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const selection = {
    ...(key.namespace !== undefined && { namespace: key.namespace }),
    fieldSelector: `metadata.name=${key.name}`,
    signal,
  };
  let isKnown = false;
  for await (const batch of follow<T>(cluster, key.kind, selection)) {
    for (const event of batch) {
      if (event.type === 'synced') {
        if (!isKnown) throw new NotFoundError(key);
      } else if (event.type === 'reset') {
        isKnown = false;
      } else if (event.type === 'DELETED') {
        return;
      } else {
        isKnown = true;
        yield event.object;
      }
    }
  }
}

/** Every page of a list, as one. */
export async function listAll<T extends KubeObject>(
  cluster: Pick<Cluster, 'list'>,
  kind: string,
  selection: Omit<ListOptions, 'limit' | 'continueToken'>,
): Promise<{ readonly items: readonly T[]; readonly resourceVersion: string }> {
  const first = await cluster.list<T>(kind, { ...selection, limit: PAGE_SIZE });
  const items = [...first.items];
  let token = first.continueToken;
  while (token !== undefined && token !== '') {
    const page = await cluster.list<T>(kind, { ...selection, limit: PAGE_SIZE, continueToken: token });
    items.push(...page.items);
    token = page.continueToken;
  }
  return { items, resourceVersion: first.resourceVersion };
}

const PAGE_SIZE = 500;
