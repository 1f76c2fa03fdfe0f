import { isJsonObject, type JsonObject } from '../../../base/index.ts';
import { setMember } from '../../merge-patch.ts';

type Container = Record<string, unknown>;

/**
 * An object's status, patched in place where nobody else can see it. Containers copied since the status was last
 * handed out are `owned` and may be changed; any other is copied first. So a burst of small deltas to a status of
 * 10,000 nodes costs the deltas, and one copy per reader, not one copy per delta.
 */
export interface StatusTree {
  /** JSON text until the first patch or read. */
  text: string | undefined;
  root: Container | undefined;
  owned: Set<object> | undefined;
}

/** Containers remembered as owned; past it they are forgotten, which costs a copy and nothing else. */
const MAX_OWNED = 10_000;

export function statusFromText(text: string | undefined): StatusTree {
  return { text, root: undefined, owned: undefined };
}

/** The status as a value that will never change; undefined when the object has none. */
export function shareStatus(tree: StatusTree): unknown {
  const root = readStatus(tree);
  tree.owned = undefined;
  return root;
}

/** The status for a look now; the caller keeps no part of it. */
export function readStatus(tree: StatusTree): Container | undefined {
  if (tree.text !== undefined) {
    tree.root = JSON.parse(tree.text) as Container;
    tree.text = undefined;
  }
  return tree.root;
}

export function statusText(tree: StatusTree): string | undefined {
  return tree.text ?? (tree.root === undefined ? undefined : JSON.stringify(tree.root));
}

/** RFC 7386 on the status; of `patch` nothing is kept but its scalars and arrays. */
export function patchStatusTree(tree: StatusTree, patch: JsonObject): void {
  tree.owned ??= new Set();
  if (tree.owned.size > MAX_OWNED) tree.owned = new Set();
  tree.root = patched(readStatus(tree), patch, tree.owned);
}

function patched(target: unknown, patch: JsonObject, owned: Set<object>): Container {
  const container = ownedContainer(target, owned);
  for (const key in patch) {
    const change: unknown = patch[key];
    if (change === null) delete container[key];
    else if (typeof change === 'object') {
      const below = key === '__proto__' && !Object.hasOwn(container, key) ? undefined : container[key];
      setMember(container, key, isJsonObject(change) ? patched(below, change, owned) : change);
    } else if (typeof change === 'number' && !Number.isFinite(change)) {
      // JSON text has null in this place, and a restart would read it as a removal.
      delete container[key];
    } else if (change !== undefined) setMember(container, key, change);
  }
  return container;
}

function ownedContainer(target: unknown, owned: Set<object>): Container {
  if (isJsonObject(target) && owned.has(target)) return target as Container;
  const container: Container = isJsonObject(target) ? { ...target } : {};
  owned.add(container);
  return container;
}
