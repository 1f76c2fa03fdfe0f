import type { Type } from './type.ts';

/** The type as one writes it: `parseType(printType(t))` gives t again. */
export function printType(type: Type): string {
  switch (type.kind) {
    case 'list':
      return `list<${printType(type.element)}>`;
    case 'map':
      return `map<${printType(type.value)}>`;
    case 'enum':
      return `enum<${type.values.join('|')}>`;
    case 'record': {
      const fields = [...type.fields].map(
        ([name, field]) => `${name}${field.optional ? '?' : ''}: ${printType(field.type)}`,
      );
      return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
    }
    case 'table':
      return `table<${[...type.columns].map(([name, column]) => `${name}: ${printType(column)}`).join(', ')}>`;
    case 'optional':
      return type.of.kind === 'union' ? `(${printType(type.of)})?` : `${printType(type.of)}?`;
    case 'union':
      return type.members.map(printType).join(' | ');
    default:
      return type.kind;
  }
}
