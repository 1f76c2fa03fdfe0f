import type { KubeObject, Write } from '../../../src/cluster/index.ts';
import type { World } from '../world/world.ts';

/** A request that may be refused or lost, as any; `done` when it was granted. */
export function tryWrite(world: World, writes: readonly Write[], done?: () => void): void {
  world.cluster.write(writes).then(
    () => done?.(),
    () => undefined,
  );
}

/** All objects of a kind, as they are now. */
export function all<T extends KubeObject>(world: World, kind: string): T[] {
  const found: T[] = [];
  const { shelves } = world.store.table.kinds.get(kind)!;
  for (const { namespace, entries } of shelves.values()) {
    for (const name of entries.keys()) {
      const object = world.store.find({ kind, ...(namespace !== '' && { namespace }), name });
      if (object !== undefined) found.push(object as T);
    }
  }
  return found;
}
