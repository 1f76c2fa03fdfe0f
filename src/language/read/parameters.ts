import { isJsonObject, type Json } from '../../base/index.ts';
import type { Parameter, Path } from '../document.ts';
import { INTEGER, type Type } from '../type.ts';
import { parseType } from '../type-parse.ts';
import { printType } from '../type-print.ts';
import { checkValue } from '../value.ts';
import { mapOf, type Open, objectOf, type Reader } from './reader.ts';

/** `name: type` or `name: { type, default, description }` → parameters by name. */
export function readParameters(reader: Reader, value: Json | undefined, path: Path): ReadonlyMap<string, Parameter> {
  return mapOf(value, (inner, name) => readParameter(reader, inner, [...path, name]));
}

function readParameter(reader: Reader, value: Json, path: Path): Parameter {
  if (!isJsonObject(value)) return { type: readType(reader, value, path) ?? INTEGER };
  const type = readType(reader, value.type, [...path, 'type']);
  const given = value.default;
  if (type === undefined) return { type: INTEGER };
  const parameter: Open<Parameter> = { type };
  const checked = given === undefined ? undefined : readDefault(reader, given, type, [...path, 'default']);
  if (checked !== undefined) parameter.default = checked;
  if (typeof value.description === 'string') parameter.description = value.description;
  return parameter;
}

/** Undefined when it is no text or no type: the document is broken then and its types are never used. */
export function readType(reader: Reader, value: Json | undefined, path: Path): Type | undefined {
  if (typeof value !== 'string') return undefined;
  const result = parseType(value);
  if (result.kind === 'ok') return result.type;
  const range = { start: result.offset, end: result.offset + result.length };
  reader.tell('PIPE-TYPE-001', result.message, path, {
    range,
    ...(result.help !== undefined && { help: result.help }),
  });
  return undefined;
}

/** Checked against the type and normalised; undefined when it does not fit, which is told. */
export function readDefault(reader: Reader, value: Json, type: Type, path: Path): Json | undefined {
  const result = checkValue(value, type);
  if (result.kind === 'ok') return result.value;
  for (const problem of result.problems) {
    const help = problem.help ?? `the type is ${printType(type)}`;
    reader.tell('PIPE-VALUE-001', `the default does not fit its type: ${problem.message}`, [...path, ...problem.path], {
      help,
    });
  }
  return undefined;
}

/** Inputs whose environment variables would have one name. */
export function checkNamesDiffer(reader: Reader, value: Json | undefined, path: Path): void {
  const names = Object.keys(objectOf(value));
  if (names.length < 2) return;
  const seen = new Map<string, string>();
  for (const name of names) {
    const upper = name.toUpperCase();
    const other = seen.get(upper);
    if (other === undefined) seen.set(upper, name);
    else {
      const message = `"${name}" and "${other}" differ only in case: both would be PIPECTL_INPUT_${upper}`;
      reader.tell('PIPE-SCHEMA-012', message, [...path, name], { isKey: true, help: 'rename one of them' });
    }
  }
}
