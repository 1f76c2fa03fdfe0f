import type { Platform } from './definitions.ts';
import type { Change } from './reflector.ts';

/**
 * The active Platforms, as a reflector tells of them. One control plane serves all projects, so of several one counts: the first by
 * namespace and name.
 */
export interface Platforms {
  take(changes: readonly Change<Platform>[]): void;
  all(): readonly Platform[];
  chosen(): Platform | undefined;
}

export function createPlatforms(): Platforms {
  const active = new Map<string, Platform>();
  return {
    take(changes) {
      for (const change of changes) {
        const { namespace = '', name } = change.type === 'set' ? change.object.metadata : change.key;
        if (change.type === 'set') active.set(`${namespace}/${name}`, change.object);
        else active.delete(`${namespace}/${name}`);
      }
    },
    all: () => [...active.values()],
    chosen() {
      const [first] = [...active.keys()].sort();
      return first === undefined ? undefined : active.get(first);
    },
  };
}
