import type { EnumType, RecordType, TableType, Type } from './type.ts';

/** Whether both are the same type; the order of fields, columns and members does not matter. */
export function isSameType(a: Type, b: Type): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case 'list':
      return b.kind === 'list' && isSameType(a.element, b.element);
    case 'map':
      return b.kind === 'map' && isSameType(a.value, b.value);
    case 'optional':
      return b.kind === 'optional' && isSameType(a.of, b.of);
    case 'enum':
      return b.kind === 'enum' && a.values.length === b.values.length && isSubset(a, b);
    case 'record':
      return b.kind === 'record' && isSameRecord(a, b);
    case 'table':
      return b.kind === 'table' && a.columns.size === b.columns.size && isWiderTable(a, b, isSameType);
    case 'union':
      return (
        b.kind === 'union' &&
        a.members.length === b.members.length &&
        a.members.every((member) => b.members.some((other) => isSameType(member, other)))
      );
    default:
      return a.kind === b.kind;
  }
}

/**
 * Whether a value of type `from` may stand where `to` is wanted. An integer may stand for a float, an enum for a
 * string or a larger enum, T for T? and for a union of which exactly one member takes it; records and tables by
 * width: more fields than wanted are fine. All else is exact.
 */
export function isAssignable(from: Type, to: Type): boolean {
  if (from.kind === 'optional') return to.kind === 'optional' && isAssignable(from.of, to.of);
  if (to.kind === 'optional') return isAssignable(from, to.of);
  if (from.kind === 'union') return from.members.every((member) => isAssignable(member, to));
  if (to.kind === 'union') {
    const takers = to.members.filter((member) => isAssignable(from, member));
    return takers.length === 1 || takers.some((member) => isSameType(from, member));
  }
  switch (from.kind) {
    case 'integer':
      return to.kind === 'integer' || to.kind === 'float';
    case 'list':
      return to.kind === 'list' && isAssignable(from.element, to.element);
    case 'map':
      return to.kind === 'map' && isAssignable(from.value, to.value);
    case 'enum':
      return to.kind === 'string' || (to.kind === 'enum' && isSubset(from, to));
    case 'record':
      return to.kind === 'record' && isWiderRecord(from, to);
    case 'table':
      return to.kind === 'table' && isWiderTable(from, to, isAssignable);
    default:
      return from.kind === to.kind;
  }
}

function isSubset(a: EnumType, b: EnumType): boolean {
  return a.values.every((value) => b.values.includes(value));
}

function isSameRecord(a: RecordType, b: RecordType): boolean {
  if (a.fields.size !== b.fields.size) return false;
  for (const [name, field] of a.fields) {
    const other = b.fields.get(name);
    if (other === undefined || other.optional !== field.optional || !isSameType(field.type, other.type)) return false;
  }
  return true;
}

function isWiderRecord(from: RecordType, to: RecordType): boolean {
  for (const [name, wanted] of to.fields) {
    const field = from.fields.get(name);
    if (field === undefined) {
      if (!wanted.optional) return false;
    } else if ((field.optional && !wanted.optional) || !isAssignable(field.type, wanted.type)) return false;
  }
  return true;
}

function isWiderTable(from: TableType, to: TableType, matches: (a: Type, b: Type) => boolean): boolean {
  for (const [name, wanted] of to.columns) {
    const column = from.columns.get(name);
    if (column === undefined || !matches(column, wanted)) return false;
  }
  return true;
}
