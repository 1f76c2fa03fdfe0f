import { type Clock, type Digest, INDEX_CACHE_IDLE_MS, MAX_CACHED_INDEXES } from '../../base/index.ts';
import type { Cluster } from '../../cluster/index.ts';
import { type IndexState, loadIndexState } from './index-state.ts';

/** Index states by root digest: the few last used, dropped when nobody pushed for a while. */
export interface IndexCache {
  load(root: Digest): Promise<IndexState>;
  keep(state: IndexState): void;
}

export function createIndexCache(cluster: Cluster, clock: Clock): IndexCache {
  /** In order of use, the last used at the end. */
  const states = new Map<Digest, IndexState>();
  let cancel: () => void = () => undefined;

  function keep(state: IndexState): void {
    states.delete(state.root);
    states.set(state.root, state);
    if (states.size > MAX_CACHED_INDEXES) states.delete(states.keys().next().value as Digest);
    cancel();
    cancel = clock.at(clock.now() + INDEX_CACHE_IDLE_MS, () => states.clear());
  }

  return {
    keep,
    async load(root) {
      const state = states.get(root) ?? (await loadIndexState(cluster, root));
      keep(state);
      return state;
    },
  };
}
