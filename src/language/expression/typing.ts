import type { Json } from '../../base/index.ts';
import { type Field, JSON_TYPE, optionalOf, type RecordType, STRING, type Type } from '../type.ts';
import { isAssignable, isSameType } from '../type-assign.ts';
import { printType } from '../type-print.ts';
import { floatOf, type IntegerValue } from './number.ts';

/** The type without values: of `null` less its optional, of the elements of `[]`. Assignable to every type. */
export const NEVER: Type = { kind: 'union', members: [] };

/** The type of `null`. */
export const NULL: Type = { kind: 'optional', of: NEVER };

export function isNever(type: Type): boolean {
  return type.kind === 'union' && type.members.length === 0;
}

/** Whether some part of the type is not known, as in `[]`. */
export function holdsNever(type: Type): boolean {
  switch (type.kind) {
    case 'list':
      return holdsNever(type.element);
    case 'map':
      return holdsNever(type.value);
    case 'optional':
      return holdsNever(type.of);
    case 'record':
      return [...type.fields.values()].some((field) => holdsNever(field.type));
    default:
      return isNever(type);
  }
}

/** A type for a message: as printed, `null` and `[]` by name. */
export function describeType(type: Type): string {
  if (type === NULL) return 'null';
  if (!holdsNever(type)) return printType(type);
  return type.kind === 'list' ? 'an empty list' : 'a value of unknown type';
}

/** The type that values of both types have, or undefined: the branches of a ternary, the elements of a list. */
export function joinTypes(a: Type, b: Type): Type | undefined {
  if (isAssignable(a, b)) return b;
  if (isAssignable(b, a)) return a;
  if (a.kind === 'optional' || b.kind === 'optional') {
    const of = joinTypes(a.kind === 'optional' ? a.of : a, b.kind === 'optional' ? b.of : b);
    return of === undefined ? undefined : optionalOf(of);
  }
  if (a.kind === 'enum' && b.kind === 'enum') return STRING;
  if (a.kind === 'list' && b.kind === 'list') {
    const element = joinTypes(a.element, b.element);
    return element === undefined ? undefined : { kind: 'list', element };
  }
  return undefined;
}

export function isNumber(type: Type): boolean {
  return type.kind === 'integer' || type.kind === 'float';
}

/** Strings and enums: what string functions take. */
export function isText(type: Type): boolean {
  return type.kind === 'string' || type.kind === 'enum';
}

/** Types with a text of their own, which may stand inside a string. */
export function isInterpolated(type: Type): boolean {
  switch (type.kind) {
    case 'integer':
    case 'float':
    case 'string':
    case 'boolean':
    case 'datetime':
    case 'duration':
    case 'enum':
      return true;
    case 'union':
      return !isNever(type) && type.members.every(isInterpolated);
    default:
      return false;
  }
}

/** The type of what a macro loops over: elements of lists and tables, keys of maps; undefined for all else. */
export function loopType(type: Type): Type | undefined {
  switch (type.kind) {
    case 'list':
      return type.element;
    case 'table':
      return rowType(type.columns);
    case 'map':
      return STRING;
    case 'json':
      return JSON_TYPE;
    default:
      return undefined;
  }
}

/** The record that a row of a table is. */
export function rowType(columns: ReadonlyMap<string, Type>): RecordType {
  const fields = new Map<string, Field>();
  for (const [name, type] of columns) fields.set(name, { type, optional: false });
  return { kind: 'record', fields };
}

/**
 * How a value of type `from` becomes one of type `to`, which it is assignable to; undefined when it already is.
 * Only integers beyond 2^53 differ: a string as an integer, the nearest number as a float.
 */
export function coercion(from: Type, to: Type): ((value: Json) => Json) | undefined {
  if (isSameType(from, to)) return undefined;
  if (from.kind === 'optional') {
    const inner = coercion(from.of, to.kind === 'optional' ? to.of : to);
    return inner === undefined ? undefined : (value) => (value === null ? null : inner(value));
  }
  if (to.kind === 'optional') return coercion(from, to.of);
  if (from.kind === 'integer' && to.kind === 'float') return (value) => floatOf(value as IntegerValue);
  if (from.kind === 'integer' && to.kind === 'union') {
    return to.members.some((member) => member.kind === 'integer')
      ? undefined
      : (value) => floatOf(value as IntegerValue);
  }
  if (from.kind === 'list' && to.kind === 'list') {
    const inner = coercion(from.element, to.element);
    return inner === undefined ? undefined : (value) => (value as readonly Json[]).map(inner);
  }
  if (from.kind === 'map' && to.kind === 'map') {
    const inner = coercion(from.value, to.value);
    return inner === undefined ? undefined : (value) => mapMembers(value, () => inner);
  }
  if (from.kind === 'record' && to.kind === 'record') {
    const inner = new Map<string, (value: Json) => Json>();
    for (const [name, field] of to.fields) {
      const source = from.fields.get(name);
      const convert = source && coercion(source.type, field.type);
      if (convert !== undefined) inner.set(name, convert);
    }
    return inner.size === 0 ? undefined : (value) => mapMembers(value, (name) => inner.get(name));
  }
  return undefined;
}

function mapMembers(value: Json, convert: (name: string) => ((value: Json) => Json) | undefined): Json {
  const converted: Record<string, Json> = Object.create(null);
  for (const [name, member] of Object.entries(value as Record<string, Json>)) {
    converted[name] = convert(name)?.(member) ?? member;
  }
  return converted;
}
