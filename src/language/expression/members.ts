import { MAX_IDENTIFIER_LENGTH, MAX_TYPE_DEPTH, MAX_TYPE_MEMBERS, MAX_TYPE_PARTS } from '../../base/index.ts';
import type { Type } from '../type.ts';
import { parseType } from '../type-parse.ts';
import { printType } from '../type-print.ts';
import { joinTypes, NEVER } from './typing.ts';

/**
 * The type of an object with these members: a record, so that each keeps its type; a map when some name is none that a
 * record may have. Undefined when such a map would have values of several types.
 */
export function objectType(members: ReadonlyMap<string, Type>): Type | undefined {
  const isName = (name: string) => /^[A-Za-z_]\w*$/.test(name) && name.length <= MAX_IDENTIFIER_LENGTH;
  if (members.size <= MAX_TYPE_MEMBERS && [...members.keys()].every(isName)) {
    const fields = [...members].map(([name, type]) => [name, { type, optional: false }] as const);
    return { kind: 'record', fields: new Map(fields) };
  }
  let value: Type | undefined = NEVER;
  for (const type of members.values()) value = value && joinTypes(value, type);
  return value && { kind: 'map', value };
}

/** The type that the member `name` of a value of the wanted type must have, as far as that is told. */
export function memberWanted(wanted: Type | undefined, name: string): Type | undefined {
  if (wanted?.kind === 'map') return wanted.value;
  if (wanted?.kind === 'record') return wanted.fields.get(name)?.type;
  return wanted?.kind === 'json' ? wanted : undefined;
}

/**
 * Whether a type is larger than one may write. Types are made by sharing, so one of a few objects may be huge when printed:
 * its parts are counted as often as they would be, and the count stops at the bound.
 */
export function isTooLarge(type: Type): boolean {
  let parts = 0;
  const count = (part: Type, depth: number): boolean => {
    parts += 1;
    if (parts > MAX_TYPE_PARTS || depth > MAX_TYPE_DEPTH) return true;
    return insideOf(part).some((inner) => count(inner, depth + 1));
  };
  return count(type, 0);
}

function insideOf(type: Type): readonly Type[] {
  switch (type.kind) {
    case 'list':
      return [type.element];
    case 'map':
      return [type.value];
    case 'optional':
      return [type.of];
    case 'record':
      return [...type.fields.values()].map((field) => field.type);
    case 'table':
      return [...type.columns.values()];
    case 'union':
      return type.members;
    default:
      return [];
  }
}

/** Whether an inferred type can be written down, as closures do. */
export function isWritable(type: Type): boolean {
  return !isTooLarge(type) && (insideOf(type).length === 0 || parseType(printType(type)).kind === 'ok');
}
