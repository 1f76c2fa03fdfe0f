import { canonicalJson, type Json } from '../../base/index.ts';
import { parseCron } from '../../calendar/index.ts';
import { parseQuantity, type Type } from '../../language/index.ts';

/** Texts that are equal for all spellings of one meaning. Each begins with its own word, so that no two sorts are equal. */

/** `@daily` and `0 0 * * *`. A pattern that cannot be read stands for itself. */
export function cronForm(text: string): string {
  const parsed = parseCron(text);
  if (parsed.kind === 'error') return `text ${text}`;
  return `cron ${canonicalJson({ ...parsed.pattern, text: '' } as unknown as Json)}`;
}

/** `1Gi` and `1024Mi`. */
export function quantityForm(text: string): string {
  const amount = parseQuantity(text);
  return amount === undefined ? `text ${text}` : `quantity ${amount}`;
}

/** `{x: T, y: U}` and `{y: U, x: T}`; members of enums and unions in any order. */
export function typeForm(type: Type): string {
  switch (type.kind) {
    case 'list':
      return `list<${typeForm(type.element)}>`;
    case 'map':
      return `map<${typeForm(type.value)}>`;
    case 'optional':
      return `${typeForm(type.of)}?`;
    case 'enum':
      return `enum<${[...type.values].sort().join('|')}>`;
    case 'union':
      return `(${type.members.map(typeForm).sort().join(' | ')})`;
    case 'record': {
      const fields = [...type.fields].map(([name, field]) => {
        return `${name}${field.optional ? '?' : ''}: ${typeForm(field.type)}`;
      });
      return `{${fields.sort().join(', ')}}`;
    }
    case 'table':
      return `table<${[...type.columns]
        .map(([name, column]) => `${name}: ${typeForm(column)}`)
        .sort()
        .join(', ')}>`;
    default:
      return type.kind;
  }
}
