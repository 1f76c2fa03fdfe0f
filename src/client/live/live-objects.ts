import { MAX_LIVE_OBJECTS } from '../../base/index.ts';
import { type KubeObject, reflect } from '../../cluster/index.ts';
import { rowId } from './execution-row.ts';
import type { LiveOptions } from './live-executions.ts';

/** The objects of one kind, kept equal to the cluster. */
export interface LiveObjects {
  readonly kind: string;
  readonly objects: ReadonlyMap<string, KubeObject>;
  readonly isLoaded: boolean;
  /** Why it cannot be read, when it cannot. */
  readonly error: Error | undefined;
  /** How many there are that are not held, for want of room. */
  readonly left: number;
  readonly version: number;
  close(): void;
}

export interface LiveObjectsOptions extends Omit<LiveOptions, 'interrupted'> {
  readonly kind: string;
}

export function liveObjects(options: LiveObjectsOptions): LiveObjects {
  const { cluster, clock, random, log, namespace, kind } = options;
  const ending = new AbortController();
  const objects = new Map<string, KubeObject>();
  const state = { left: 0, isLoaded: false, version: 0, error: undefined as Error | undefined };
  const told = (): void => {
    state.version += 1;
    options.changed();
  };
  const reflector = reflect<KubeObject>(
    cluster,
    kind,
    { clock, random, log, ...(namespace !== undefined && { namespace }) },
    {
      changed(changes) {
        for (const change of changes) {
          if (change.type === 'gone') objects.delete(rowId(change.key.namespace ?? '', change.key.name));
          else {
            const id = rowId(change.object.metadata.namespace ?? '', change.object.metadata.name);
            if (objects.has(id) || objects.size < MAX_LIVE_OBJECTS) objects.set(id, change.object);
            else state.left += 1;
          }
        }
        told();
      },
      synced() {
        state.isLoaded = true;
        told();
      },
      interrupted(error) {
        state.error = error;
        told();
      },
    },
    ending.signal,
  );
  reflector.done.catch((error: unknown) => {
    state.error = error instanceof Error ? error : new Error(String(error));
    told();
  });
  return {
    kind,
    objects,
    get isLoaded() {
      return state.isLoaded;
    },
    get error() {
      return state.error;
    },
    get left() {
      return state.left;
    },
    get version() {
      return state.version;
    },
    close: () => ending.abort(),
  };
}
