/** A type of the language. Printed and parsed by the `type-…` files beside; compared with `isAssignable`. */
export type Type = ScalarType | ListType | MapType | EnumType | RecordType | TableType | OptionalType | UnionType;

export type ScalarKind =
  | 'integer'
  | 'float'
  | 'string'
  | 'boolean'
  | 'datetime'
  | 'duration'
  | 'file'
  | 'directory'
  | 'json';

/** `integer` is 64-bit, `float` a finite double, `datetime` an instant, `json` any JSON value. */
export interface ScalarType {
  readonly kind: ScalarKind;
}

/** `list<T>` */
export interface ListType {
  readonly kind: 'list';
  readonly element: Type;
}

/** `map<T>`: any string keys, values alike. */
export interface MapType {
  readonly kind: 'map';
  readonly value: Type;
}

/** `enum<a|b>`: one of these strings. */
export interface EnumType {
  readonly kind: 'enum';
  readonly values: readonly string[];
}

/** `{x: T, y?: T}`, fields in the order written. */
export interface RecordType {
  readonly kind: 'record';
  readonly fields: ReadonlyMap<string, Field>;
}

export interface Field {
  readonly type: Type;
  /** Written `y?: T`: the field may be missing. */
  readonly optional: boolean;
}

/** `table<col: T, …>`: rows that all have these columns; as JSON a list of records. */
export interface TableType {
  readonly kind: 'table';
  readonly columns: ReadonlyMap<string, Type>;
}

/** `T?`: a T or null. Never holds another optional. */
export interface OptionalType {
  readonly kind: 'optional';
  readonly of: Type;
}

/** `T | U`: two or more members, none of them an optional or a union. */
export interface UnionType {
  readonly kind: 'union';
  readonly members: readonly Type[];
}

export const SCALAR_KINDS: readonly ScalarKind[] = [
  'integer',
  'float',
  'string',
  'boolean',
  'datetime',
  'duration',
  'file',
  'directory',
  'json',
];

export const INTEGER: ScalarType = { kind: 'integer' };
export const FLOAT: ScalarType = { kind: 'float' };
export const STRING: ScalarType = { kind: 'string' };
export const BOOLEAN: ScalarType = { kind: 'boolean' };
export const DATETIME: ScalarType = { kind: 'datetime' };
export const DURATION: ScalarType = { kind: 'duration' };
export const JSON_TYPE: ScalarType = { kind: 'json' };

export function listOf(element: Type): ListType {
  return { kind: 'list', element };
}

/** `T?`; an optional stays as it is. */
export function optionalOf(type: Type): Type {
  return type.kind === 'optional' ? type : { kind: 'optional', of: type };
}

/** Whether null, or nothing at all, is a value of the type. */
export function acceptsNull(type: Type): boolean {
  return type.kind === 'optional' || type.kind === 'json';
}
