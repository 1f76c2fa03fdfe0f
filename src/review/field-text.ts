import { isJsonObject, type Json } from '../base/index.ts';
import type { FieldChange } from '../compiler/index.ts';

/** The path of a field as people say it: `nodes.each.with.a`, without the `spec` that all have. */
export function pathText({ path }: Pick<FieldChange, 'path'>): string {
  const shown = path[0] === 'spec' || path[0] === 'metadata' ? path.slice(1) : path;
  return shown.map((part) => (typeof part === 'number' ? `[${part}]` : part)).reduce(joined, '');
}

function joined(text: string, part: string): string {
  if (text === '') return part;
  return part.startsWith('[') ? text + part : `${text}.${part}`;
}

/** A value of a field in its shortest form; may have several lines when it is a text of several. */
export function fieldText({ kind }: Pick<FieldChange, 'kind'>, value: Json): string {
  if (isJsonObject(value)) {
    if (kind === 'input') return inputText(value);
    if (kind === 'output')
      return [value.type, value.value]
        .filter((part) => part !== undefined)
        .map(plain)
        .join('  ');
    if (kind === 'node') return nodeText(value);
  }
  if (kind === 'command' && Array.isArray(value)) return value.map((word) => wordText(plain(word))).join(' ');
  if (kind === 'needs' && Array.isArray(value)) return value.map(plain).join(', ');
  return plain(value);
}

function plain(value: Json | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' && value !== '' ? value : jsonText(value);
}

/** JSON with a space after each comma and colon, as people write it in flow style. */
function jsonText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(', ')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, inner]) => `${name}: ${jsonText(inner)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

/** `integer = 10`, or `string, required`. */
function inputText({ type, default: value }: Readonly<Record<string, Json>>): string {
  const shown = plain(type);
  if (value !== undefined) return `${shown} = ${jsonText(value)}`;
  return shown.endsWith('?') ? shown : `${shown}, required`;
}

/** What a node does: `task join`, `map task add-two`, `compute n, half`. */
function nodeText(node: Readonly<Record<string, Json>>): string {
  const kind = plain(node.kind);
  const own = node[kind];
  if (typeof own === 'string') return `${kind} ${own}`;
  if (!isJsonObject(own)) return kind;
  for (const called of ['task', 'workflow', 'launchPlan']) {
    if (typeof own[called] === 'string') return `${kind} ${called} ${own[called]}`;
  }
  return `${kind} ${Object.keys(own).join(', ')}`.trimEnd();
}

/** A word of a command line; quoted where a shell would need it. */
function wordText(word: string): string {
  if (word.includes('\n')) return `\n${word.replace(/\n$/, '')}`;
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
