import { isJsonObject, type Json, type JsonObject, MAX_VALUE_BYTES, MAX_VALUE_PROBLEMS } from '../base/index.ts';
import { parseExactJson } from './exact-json.ts';
import { isWideInteger } from './number.ts';
import { StoredValue } from './stored-value.ts';
import { didYouMean } from './suggest.ts';
import { acceptsNull, type Type } from './type.ts';
import { checkValue, type ValueProblem } from './value.ts';

export type OutputsResult =
  | { readonly kind: 'ok'; readonly values: JsonObject }
  | { readonly kind: 'problems'; readonly problems: readonly ValueProblem[] };

/** The JSON text of a task's inputs file: integers as exact JSON numbers, in the order of `types`. Stored values are left out. */
export function taskInputsText(values: JsonObject, types: ReadonlyMap<string, Type>): string {
  const members: string[] = [];
  for (const [name, type] of types) {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined || (value as unknown) instanceof StoredValue) continue;
    members.push(`${JSON.stringify(name)}:${exactText(value, type)}`);
  }
  return `{${members.join(',')}}`;
}

/** JSON text in which integers past 2^53 stand as digits, where the type says that they are numbers. */
export function exactText(value: Json, type: Type): string {
  if (value === null) return 'null';
  switch (type.kind) {
    case 'integer':
    case 'float':
      return typeof value === 'string' && isWideInteger(value) ? value : JSON.stringify(value);
    case 'optional':
      return exactText(value, type.of);
    case 'union': {
      const member = type.members.find(
        (candidate) => checkValue(value, candidate, { undeclared: 'drop' }).kind === 'ok',
      );
      return member === undefined ? JSON.stringify(value) : exactText(value, member);
    }
    case 'list':
      return Array.isArray(value)
        ? `[${value.map((item: Json) => exactText(item, type.element)).join(',')}]`
        : JSON.stringify(value);
    case 'table':
      return Array.isArray(value)
        ? `[${value.map((row: Json) => objectText(row, (name) => type.columns.get(name))).join(',')}]`
        : JSON.stringify(value);
    case 'map':
      return objectText(value, () => type.value);
    case 'record':
      return objectText(value, (name) => type.fields.get(name)?.type);
    default:
      return JSON.stringify(value);
  }
}

function objectText(value: Json, typeOf: (name: string) => Type | undefined): string {
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.keys(value).map((name) => {
    const type = typeOf(name);
    return `${JSON.stringify(name)}:${type === undefined ? JSON.stringify(value[name]) : exactText(value[name]!, type)}`;
  });
  return `{${members.join(',')}}`;
}

/**
 * The text of a task's outputs file → its outputs, checked and normalised. Either one JSON object, or lines
 * `name=value` and `name<<END` … `END` as GitHub Actions has them; of a name that stands twice, the last counts.
 * A missing output is a problem unless its type takes null.
 */
export function parseOutputsText(
  text: string,
  types: ReadonlyMap<string, Type>,
  maxBytes: number = MAX_VALUE_BYTES,
): OutputsResult {
  if (text.length > maxBytes) return fail(`the outputs are larger than ${maxBytes} bytes`);
  const given = text.trimStart().startsWith('{') ? jsonOutputs(text, maxBytes) : lineOutputs(text, types, maxBytes);
  if (given.kind === 'problems') return given;
  const problems: ValueProblem[] = [];
  const values: Record<string, Json> = Object.create(null);
  for (const [name, type] of types) {
    const value = Object.hasOwn(given.values, name) ? given.values[name]! : undefined;
    if (value === undefined && !acceptsNull(type))
      problems.push({ path: [name], message: `the output "${name}" is missing` });
    const result =
      value === undefined ? { kind: 'ok' as const, value: null } : checkValue(value, type, { undeclared: 'drop' });
    if (result.kind === 'ok') values[name] = result.value;
    else for (const { path, ...problem } of result.problems) problems.push({ path: [name, ...path], ...problem });
  }
  for (const name of Object.keys(given.values)) {
    if (types.has(name) || problems.length >= MAX_VALUE_PROBLEMS) continue;
    const help = didYouMean(name, types.keys());
    problems.push({
      path: [name],
      message: `there is no output "${name.slice(0, 80)}"`,
      ...(help !== undefined && { help }),
    });
  }
  return problems.length === 0
    ? { kind: 'ok', values }
    : { kind: 'problems', problems: problems.slice(0, MAX_VALUE_PROBLEMS) };
}

function fail(message: string, help?: string): OutputsResult {
  return { kind: 'problems', problems: [{ path: [], message, ...(help !== undefined && { help }) }] };
}

function jsonOutputs(text: string, maxBytes: number): OutputsResult {
  const result = parseExactJson(text, maxBytes);
  if (result.kind === 'error') return fail(`the outputs are not JSON: ${result.message}`);
  return isJsonObject(result.value) ? { kind: 'ok', values: result.value } : fail('the outputs are not a JSON object');
}

function lineOutputs(text: string, types: ReadonlyMap<string, Type>, maxBytes: number): OutputsResult {
  const values: Record<string, Json> = Object.create(null);
  const problems: ValueProblem[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length && problems.length < MAX_VALUE_PROBLEMS; at++) {
    const line = lines[at]!.replace(/\r$/, '');
    if (line.trim() === '') continue;
    const found = /^([^=<]+?)(<<|=)(.*)$/s.exec(line);
    if (found === null) {
      return fail(
        `line ${at + 1} of the outputs is not "name=value"`,
        'write name=value, or name<<END and the lines up to END, or one JSON object',
      );
    }
    const name = found[1]!.trim();
    let value = found[3]!;
    if (found[2] === '<<') {
      if (value.trim() === '') return fail(`line ${at + 1} of the outputs has no end word after "<<"`);
      const end = endOf(lines, at + 1, value.trim());
      if (end === -1)
        return fail(`the value of "${name}" in line ${at + 1} of the outputs is not closed by ${value.trim()}`);
      value = lines.slice(at + 1, end).join('\n');
      at = end;
    }
    const type = types.get(name);
    const result = type === undefined ? { kind: 'ok' as const, value } : textValue(value, type, maxBytes);
    if (result.kind === 'ok') values[name] = result.value;
    else problems.push({ path: [name], message: result.message });
  }
  return problems.length === 0 ? { kind: 'ok', values } : { kind: 'problems', problems };
}

function endOf(lines: readonly string[], from: number, delimiter: string): number {
  for (let at = from; at < lines.length; at++) if (lines[at]!.replace(/\r$/, '') === delimiter) return at;
  return -1;
}

export type TextValueResult =
  | { readonly kind: 'ok'; readonly value: Json }
  | { readonly kind: 'error'; readonly message: string };

/**
 * What a text stands for where a value of the type is wanted: itself for strings, enums, datetimes, durations and
 * files; else JSON. Not yet checked against the type. A union with such a member takes text that is no JSON of it.
 */
export function textValue(text: string, type: Type, maxBytes: number = MAX_VALUE_BYTES): TextValueResult {
  switch (type.kind) {
    case 'string':
    case 'enum':
    case 'datetime':
    case 'duration':
    case 'file':
    case 'directory':
      return { kind: 'ok', value: text };
    case 'optional':
      return takesText(type.of) || !/^\s*(null)?\s*$/.test(text)
        ? textValue(text, type.of, maxBytes)
        : { kind: 'ok', value: null };
    case 'union': {
      const parsed = parseExactJson(text, maxBytes);
      if (parsed.kind === 'ok' && checkValue(parsed.value, type).kind === 'ok') return parsed;
      return type.members.some(takesText) ? { kind: 'ok', value: text } : json(text, maxBytes);
    }
    default:
      return json(text, maxBytes);
  }
}

function takesText(type: Type): boolean {
  return ['string', 'enum', 'datetime', 'duration', 'file', 'directory'].includes(type.kind);
}

function json(text: string, maxBytes: number): TextValueResult {
  const parsed = parseExactJson(text, maxBytes);
  return parsed.kind === 'ok' ? parsed : { kind: 'error', message: `${JSON.stringify(text.slice(0, 40))} is not JSON` };
}
