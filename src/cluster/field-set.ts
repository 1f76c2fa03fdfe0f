import { setMember } from './merge-patch.ts';

/**
 * Names of fields as Kubernetes writes them (FieldsV1): `{ "f:spec": { "f:ref": {} } }`. An element without members is a
 * field as a whole; one that has `.` among its members is one as well. `f:` names a member, `v:` a value of a set, `k:` an
 * item of a list by its key.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

export const NO_FIELDS: FieldSet = {};

export function isNoField(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** The fields of both. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isNoField(a)) return b;
  const joined: Record<string, FieldSet> = { ...a };
  for (const [element, below] of Object.entries(b)) {
    const own = memberOf(a, element);
    if (own === undefined) setMember(joined, element, below);
    else if (isNoField(own) !== isNoField(below)) setMember(joined, element, { '.': NO_FIELDS, ...own, ...below });
    else setMember(joined, element, union(own, below));
  }
  return joined;
}

/** The fields of `a` without those of `b` and without all that lies below one of these. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  const rest: Record<string, FieldSet> = {};
  for (const [element, below] of Object.entries(a)) {
    const taken = memberOf(b, element);
    if (taken === undefined) setMember(rest, element, below);
    else if (isNoField(taken)) continue;
    else if (isNoField(below)) {
      if (memberOf(taken, '.') === undefined) setMember(rest, element, below);
    } else {
      const left = difference(below, taken);
      if (!isNoField(left)) setMember(rest, element, left);
    }
  }
  return rest;
}

/** The fields of `b` that `a` has as well, or something below them. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const both: Record<string, FieldSet> = {};
  for (const [element, below] of Object.entries(a)) {
    const other = memberOf(b, element);
    if (other === undefined) continue;
    if (isNoField(other)) setMember(both, element, NO_FIELDS);
    else if (isNoField(below)) {
      if (memberOf(other, '.') !== undefined) setMember(both, element, NO_FIELDS);
    } else {
      const shared = intersection(below, other);
      if (!isNoField(shared)) setMember(both, element, shared);
    }
  }
  return both;
}

export function memberOf(set: FieldSet, element: string): FieldSet | undefined {
  return Object.hasOwn(set, element) ? set[element] : undefined;
}

/** The fields as people read them, in order: `.spec.ref`, `.metadata.finalizers[="a"]`. */
export function fieldPaths(set: FieldSet, prefix = ''): readonly string[] {
  return Object.keys(set)
    .sort()
    .flatMap((element) => {
      const below = set[element] as FieldSet;
      const path = element === '.' ? prefix : `${prefix}${elementText(element)}`;
      return isNoField(below) ? [path] : fieldPaths(below, path);
    });
}

/** As Kubernetes' fieldpath.PathElement prints itself. */
function elementText(element: string): string {
  const name = element.slice(2);
  if (element.startsWith('v:')) return `[=${name}]`;
  if (!element.startsWith('k:')) return `.${name}`;
  const keys = JSON.parse(name) as Readonly<Record<string, unknown>>;
  return `[${Object.entries(keys)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',')}]`;
}
