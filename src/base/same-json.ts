import type { Json, JsonObject } from './json.ts';

/** Whether two values have the same canonical text (`canonicalJson`), without writing it. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return (a ?? null) === (b ?? null);
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    for (let at = 0; at < a.length; at++) if (!sameJson(a[at], b[at])) return false;
    return true;
  }
  return sameMembers(a as JsonObject, b as JsonObject);
}

/** Members whose value is undefined are none. */
function sameMembers(a: JsonObject, b: JsonObject): boolean {
  let members = 0;
  for (const key of Object.keys(a)) {
    const member: Json | undefined = a[key];
    if (member === undefined) continue;
    members++;
    if (!Object.hasOwn(b, key) || b[key] === undefined || !sameJson(member, b[key])) return false;
  }
  for (const key of Object.keys(b)) if (b[key] !== undefined) members--;
  return members === 0;
}
