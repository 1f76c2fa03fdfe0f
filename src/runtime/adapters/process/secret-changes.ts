import { type Change, type Reflector, reflect, type Secret } from '../../../cluster/index.ts';
import type { NodeAgentOptions } from './agent-state.ts';

/** Tells those who wait for a secret that one of its namespace has changed. Watches only from the first wait on. */
export interface SecretChanges {
  /** Resolves at the next change in `namespace`, or when `wake` is called for this `id`. */
  next(namespace: string, id: string): Promise<void>;
  wake(id: string): void;
  /** Wakes all and watches no more. */
  close(): Promise<void>;
}

export function followSecrets(options: NodeAgentOptions): SecretChanges {
  const waiting = new Map<string, { readonly namespace: string; readonly done: () => void }>();
  const closing = new AbortController();
  let reflector: Reflector | undefined;
  const wake = (id: string): void => {
    waiting.get(id)?.done();
    waiting.delete(id);
  };
  const changed = (changes: readonly Change<Secret>[]): void => {
    const namespaces = new Set(
      changes.map((change) => (change.type === 'set' ? change.object.metadata.namespace : change.key.namespace)),
    );
    for (const [id, { namespace }] of [...waiting]) if (namespaces.has(namespace)) wake(id);
  };
  return {
    next(namespace, id) {
      if (closing.signal.aborted) return Promise.resolve();
      reflector ??= reflect<Secret>(options.cluster, 'Secret', options, { changed }, closing.signal);
      return new Promise((done) => waiting.set(id, { namespace, done }));
    },
    wake,
    async close() {
      closing.abort();
      for (const id of [...waiting.keys()]) wake(id);
      await reflector?.done;
    },
  };
}
