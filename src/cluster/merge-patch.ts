import { isJsonObject, type Json } from '../base/index.ts';

/**
 * RFC 7386 JSON merge patch: null removes a member, objects merge, all else replaces. Returns a new value that
 * shares unchanged parts with `target`; `undefined` members of a patch count as absent.
 */
export function mergePatch(target: unknown, patch: unknown): Json | undefined {
  if (patch === undefined) return target as Json | undefined;
  if (!isJsonObject(patch)) return patch as Json;
  const merged: Record<string, unknown> = isJsonObject(target) ? { ...target } : {};
  for (const key of Object.keys(patch)) {
    const change = patch[key];
    if (change === undefined) continue;
    if (change === null) delete merged[key];
    else setMember(merged, key, mergePatch(ownMember(merged, key), change));
  }
  return merged as Json;
}

/** Sets a member whatever its name: plain assignment to `__proto__` would change the prototype instead. */
export function setMember(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[key] = value;
  }
}

/** A member of the object itself, never one that it inherits. */
export function ownMember(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
