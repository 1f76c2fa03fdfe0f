import { canonicalJson, isJsonObject, type Json } from '../../../base/index.ts';

/** The JSON merge patch (RFC 7386) that turns `from` into `to`; undefined when nothing differs. */
export function mergeDiff(from: Json | undefined, to: Json | undefined): { [key: string]: Json } | undefined {
  const before = isJsonObject(from) ? from : {};
  const after = isJsonObject(to) ? to : {};
  const patch: { [key: string]: Json } = Object.create(null);
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    if (isJsonObject(value) && isJsonObject(old)) {
      const inner = mergeDiff(old, value);
      if (inner !== undefined) patch[key] = inner;
    } else if (old === undefined || canonicalJson(old) !== canonicalJson(value)) {
      patch[key] = value;
    }
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}
