import { isJsonObject, type Json, type JsonObject, MAX_VALUE_DEPTH, MAX_VALUE_PROBLEMS } from '../base/index.ts';
import type { Path } from './document.ts';
import { parseDuration, printDuration } from './duration.ts';
import { normalInstant } from './instant.ts';
import { isWideInteger } from './number.ts';
import { didYouMean } from './suggest.ts';
import type { Field, Type, UnionType } from './type.ts';
import { printType } from './type-print.ts';

export interface ValueProblem {
  /** Into the value: names of fields, indexes of items. */
  readonly path: Path;
  readonly message: string;
  readonly help?: string;
}

export type ValueResult =
  | { readonly kind: 'ok'; readonly value: Json }
  | { readonly kind: 'problems'; readonly problems: readonly ValueProblem[] };

export interface CheckOptions {
  /**
   * Fields that a record type does not name. `refuse` (the default) suits what a person wrote, where they are
   * mistakes; `drop` suits what a program made, where records and tables are taken by width.
   */
  readonly undeclared?: 'refuse' | 'drop';
}

/**
 * Whether `value` is of the type, and its normal form: integers as numbers up to 2^53 − 1 and decimal strings past
 * that, datetimes in UTC with milliseconds, durations as `1h30m0.5s`. At most MAX_VALUE_PROBLEMS are told. Bounded.
 */
export function checkValue(value: Json, type: Type, options: CheckOptions = {}): ValueResult {
  const checker: Checker = { problems: [], path: [], dropsUndeclared: options.undeclared === 'drop' };
  const normal = check(checker, value, type);
  return checker.problems.length === 0
    ? { kind: 'ok', value: normal }
    : { kind: 'problems', problems: checker.problems };
}

interface Checker {
  readonly problems: ValueProblem[];
  readonly path: (string | number)[];
  readonly dropsUndeclared: boolean;
}

function problem(checker: Checker, message: string, help?: string): null {
  if (checker.problems.length < MAX_VALUE_PROBLEMS) {
    checker.problems.push({ path: [...checker.path], message, ...(help !== undefined && { help }) });
  }
  return null;
}

function check(checker: Checker, value: Json, type: Type): Json {
  switch (type.kind) {
    case 'integer':
      if (typeof value === 'number' && Number.isSafeInteger(value)) return value === 0 ? 0 : value;
      return typeof value === 'string' && isWideInteger(value) ? value : expected(checker, 'an integer', value);
    case 'float':
      if (typeof value === 'number' && Number.isFinite(value)) return value === 0 ? 0 : value;
      return typeof value === 'string' && isWideInteger(value) ? Number(value) : expected(checker, 'a number', value);
    case 'boolean':
      return typeof value === 'boolean' ? value : expected(checker, 'true or false', value);
    case 'string':
    case 'file':
    case 'directory':
      return typeof value === 'string' ? value : expected(checker, `a ${type.kind}`, value);
    case 'datetime':
      return instant(checker, value);
    case 'duration':
      return duration(checker, value);
    case 'json':
      return copyJson(checker, value, 0);
    case 'enum':
      return typeof value === 'string' && type.values.includes(value) ? value : notInEnum(checker, value, type.values);
    case 'list':
      return Array.isArray(value)
        ? list(checker, value, (item) => check(checker, item, type.element))
        : expected(checker, 'a list', value);
    case 'map':
      return isJsonObject(value) ? map(checker, value, type.value) : expected(checker, 'a map', value);
    case 'record':
      return isJsonObject(value)
        ? record(checker, value, type.fields)
        : expected(checker, `a record ${printType(type)}`, value);
    case 'table': {
      if (!Array.isArray(value)) return expected(checker, 'a list of rows', value);
      const fields = new Map(
        [...type.columns].map(([name, column]) => [name, { type: column, optional: false }] as const),
      );
      return list(checker, value, (row) =>
        isJsonObject(row) ? record(checker, row, fields) : expected(checker, 'a row (a map of columns)', row),
      );
    }
    case 'optional':
      return value === null ? null : check(checker, value, type.of);
    case 'union':
      return union(checker, value, type);
  }
}

function expected(checker: Checker, wanted: string, value: Json): null {
  return problem(checker, `expected ${wanted}, found ${describeJson(value)}`, helpFor(wanted, value));
}

function helpFor(wanted: string, value: Json): string | undefined {
  if (wanted === 'a string' && (typeof value === 'number' || typeof value === 'boolean'))
    return `put it in quotes: "${value}"`;
  if (wanted === 'an integer' && typeof value === 'string' && /^-?\d+$/.test(value)) return `without quotes: ${value}`;
  if (wanted === 'true or false' && typeof value === 'string' && /^(yes|no|on|off|true|false)$/i.test(value)) {
    return `write ${/^(yes|on|true)$/i.test(value)}`;
  }
  return undefined;
}

/** A few words for a value in a message: `the text "abc"`, `the number 5`, `a list`. Long text is cut. */
export function describeJson(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return `the text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
    case 'number':
      return `the number ${value}`;
    case 'boolean':
      return String(value);
    default:
      return 'a map';
  }
}

function instant(checker: Checker, value: Json): Json {
  if (typeof value !== 'string') return expected(checker, 'a date and time', value);
  return (
    normalInstant(value) ??
    problem(
      checker,
      `"${cut(value)}" is not a date and time`,
      'write it with its offset, for example 2026-01-02T03:04:05Z',
    )
  );
}

function duration(checker: Checker, value: Json): Json {
  if (typeof value !== 'string') return expected(checker, 'a duration such as 5m', value);
  const result = parseDuration(value);
  return result.kind === 'ok' ? printDuration(result.ms) : problem(checker, cut(result.message), result.help);
}

function cut(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function notInEnum(checker: Checker, value: Json, values: readonly string[]): null {
  const help = typeof value === 'string' ? didYouMean(value, values) : undefined;
  return problem(checker, `expected one of ${values.join(', ')}; found ${describeJson(value)}`, help);
}

function list(checker: Checker, items: readonly Json[], checkItem: (item: Json) => Json): Json {
  const normal: Json[] = [];
  for (let index = 0; index < items.length && checker.problems.length < MAX_VALUE_PROBLEMS; index++) {
    checker.path.push(index);
    normal.push(checkItem(items[index]!));
    checker.path.pop();
  }
  return normal;
}

function map(checker: Checker, object: JsonObject, type: Type): Json {
  const normal: Record<string, Json> = Object.create(null);
  for (const key of Object.keys(object)) normal[key] = at(checker, key, object[key]!, type);
  return normal;
}

function record(checker: Checker, object: JsonObject, fields: ReadonlyMap<string, Field>): Json {
  const normal: Record<string, Json> = Object.create(null);
  for (const [name, field] of fields) {
    const value = Object.hasOwn(object, name) ? object[name]! : undefined;
    // A missing field that may be null is null: what an optional type means in an interface.
    if (value !== undefined) normal[name] = at(checker, name, value, field.type);
    else if (!field.optional && field.type.kind === 'optional') normal[name] = null;
    else if (!field.optional) problem(checker, `the field "${name}" is missing`);
  }
  if (!checker.dropsUndeclared) {
    for (const name of Object.keys(object)) {
      if (!fields.has(name)) problem(checker, `there is no field "${cut(name)}"`, didYouMean(name, fields.keys()));
    }
  }
  return normal;
}

function at(checker: Checker, name: string, value: Json, type: Type): Json {
  checker.path.push(name);
  const normal = check(checker, value, type);
  checker.path.pop();
  return normal;
}

/** The first member that takes the value in its exact form; `integer | float` takes 5 as an integer. */
function union(checker: Checker, value: Json, type: UnionType): Json {
  for (const member of type.members) {
    const trial: Checker = { problems: [], path: [], dropsUndeclared: checker.dropsUndeclared };
    const normal = check(trial, value, member);
    if (trial.problems.length === 0) return normal;
  }
  return problem(checker, `expected ${printType(type)}, found ${describeJson(value)}`);
}

/** JSON as it is, in objects without prototype; bounded in depth, numbers finite. */
function copyJson(checker: Checker, value: Json, depth: number): Json {
  if (depth > MAX_VALUE_DEPTH) return problem(checker, `values nest at most ${MAX_VALUE_DEPTH} deep`);
  if (typeof value === 'number' && !Number.isFinite(value)) return problem(checker, `${value} is not a JSON number`);
  if (Array.isArray(value)) return value.map((item: Json) => copyJson(checker, item, depth + 1));
  if (!isJsonObject(value)) return value;
  const copy: Record<string, Json> = Object.create(null);
  for (const key of Object.keys(value)) copy[key] = copyJson(checker, value[key]!, depth + 1);
  return copy;
}
