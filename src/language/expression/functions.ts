import type { Json } from '../../base/index.ts';
import { parseQuantity } from '../quantity.ts';
import {
  BOOLEAN,
  DATETIME,
  DURATION,
  FLOAT,
  INTEGER,
  JSON_TYPE,
  listOf as listTypeOf,
  STRING,
  type Type,
} from '../type.ts';
import { convertToBoolean, convertToFloat, convertToInteger, parseJson, textOf } from './conversion.ts';
import { LIST_FUNCTIONS } from './list-functions.ts';
import { finite, floatOf, type IntegerValue, integerOfFloat, subtractIntegers } from './number.ts';
import { charge, chargeText, checkStringLength, fail, listOf, type Run } from './run.ts';
import { DURATION_FUNCTIONS, INSTANT_FUNCTIONS, parseInstantText, parseSpanText } from './time.ts';

/** What one parameter of a function takes. `text`: string or enum; `float`: integer too. */
export type ParameterKind =
  | 'any'
  | 'text'
  | 'integer'
  | 'float'
  | 'boolean'
  | 'datetime'
  | 'duration'
  | 'json'
  | 'map'
  | 'record'
  | 'list'
  | 'numbers'
  | 'integers'
  | 'floats'
  | 'texts'
  | 'lists';

/** One form of a function. A receiver is its first parameter. */
export interface Overload {
  readonly parameters: readonly ParameterKind[];
  /** By the types of the operands where they matter; undefined when these do not fit. */
  readonly result: Type | ((operands: readonly Type[]) => Type | undefined);
  readonly apply: (run: Run, ...operands: readonly Json[]) => Json;
}

/** A form of a function over strings alone. */
function text(count: number, result: Type, apply: (run: Run, ...operands: readonly string[]) => Json): Overload {
  return {
    parameters: Array.from({ length: count }, () => 'text' as const),
    result,
    apply: (run, ...operands) => {
      for (const operand of operands) chargeText(run, (operand as string).length);
      return apply(run, ...(operands as readonly string[]));
    },
  };
}

function sizeOfMembers(_run: Run, value: Json | undefined): Json {
  return Object.keys(value as object).length;
}

function sizeOfJson(run: Run, value: Json | undefined): Json {
  if (typeof value === 'string') return codePoints(run, value);
  return value !== null && typeof value === 'object'
    ? sizeOfMembers(run, value)
    : fail('size() of a json value that has no size');
}

/** Unicode code points, as CEL counts. */
function codePoints(run: Run, value: string): number {
  charge(run, 1 + (value.length >>> 4));
  let count = 0;
  for (const _ of value) count += 1;
  return count;
}

/** Start and end are code points, as CEL counts. */
function substring(run: Run, value: string, start: number, end: number | undefined): string {
  charge(run, 1 + (value.length >>> 3));
  const points = [...value];
  const last = end ?? points.length;
  if (start < 0 || last > points.length || start > last) {
    fail(
      `substring(${start}${end === undefined ? '' : `, ${end}`}) is outside the string of ${points.length} characters`,
    );
  }
  return points.slice(start, last).join('');
}

/** An index in UTF-16 code units as one in code points. */
function pointIndex(value: string, unitIndex: number): number {
  return unitIndex < 0 ? -1 : [...value.slice(0, unitIndex)].length;
}

function replaceAll(run: Run, value: string, from: string, to: string): string {
  if (from === '') return fail('replace() of an empty string');
  const pieces = value.split(from);
  checkStringLength(run, value.length + (pieces.length - 1) * (to.length - from.length));
  return pieces.join(to);
}

function split(run: Run, value: string, separator: string): readonly string[] {
  const pieces = separator === '' ? [...value] : value.split(separator);
  charge(run, pieces.length);
  return pieces;
}

function numeric(apply: (value: number) => number): Overload {
  return {
    parameters: ['float'],
    result: INTEGER,
    apply: (_run, value) => integerOfFloat(apply(floatOf(value as IntegerValue))),
  };
}

const STRING_FUNCTIONS: readonly (readonly [string, readonly Overload[]])[] = [
  ['contains', [text(2, BOOLEAN, (_run, value, part) => (value as string).includes(part as string))]],
  ['startsWith', [text(2, BOOLEAN, (_run, value, part) => (value as string).startsWith(part as string))]],
  ['endsWith', [text(2, BOOLEAN, (_run, value, part) => (value as string).endsWith(part as string))]],
  ['indexOf', [text(2, INTEGER, (_run, value = '', part = '') => pointIndex(value, value.indexOf(part)))]],
  ['lastIndexOf', [text(2, INTEGER, (_run, value = '', part = '') => pointIndex(value, value.lastIndexOf(part)))]],
  ['lowerAscii', [text(1, STRING, (_run, value = '') => value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()))]],
  ['upperAscii', [text(1, STRING, (_run, value = '') => value.replace(/[a-z]+/g, (letters) => letters.toUpperCase()))]],
  ['trim', [text(1, STRING, (_run, value = '') => value.trim())]],
  ['replace', [text(3, STRING, (run, value = '', from = '', to = '') => replaceAll(run, value, from, to))]],
  ['split', [text(2, listTypeOf(STRING), (run, value = '', separator = '') => split(run, value, separator))]],
  [
    'substring',
    [
      {
        parameters: ['text', 'integer'],
        result: STRING,
        apply: (run, value, start) => substring(run, value as string, start as number, undefined),
      },
      {
        parameters: ['text', 'integer', 'integer'],
        result: STRING,
        apply: (run, value, start, end) => substring(run, value as string, start as number, end as number),
      },
    ],
  ],
];

const SIZE: readonly Overload[] = [
  { parameters: ['text'], result: INTEGER, apply: (run, value) => codePoints(run, value as string) },
  { parameters: ['list'], result: INTEGER, apply: (_run, value) => listOf(value as Json).length },
  { parameters: ['map'], result: INTEGER, apply: sizeOfMembers },
  { parameters: ['record'], result: INTEGER, apply: sizeOfMembers },
  { parameters: ['json'], result: INTEGER, apply: sizeOfJson },
];

/** The form of a conversion for each kind of operand that it takes. */
function conversion(
  kinds: readonly ParameterKind[],
  result: Type,
  apply: (run: Run, value: Json) => Json,
): readonly Overload[] {
  return kinds.map((kind) => ({ parameters: [kind], result, apply: (run, value) => apply(run, value as Json) }));
}

/** A Kubernetes quantity as a number of cores, bytes or pieces. */
function quantityOf(text: string): number {
  return parseQuantity(text) ?? fail(`"${text.slice(0, 60)}" is not a quantity: write for example 500m or 4Gi`);
}

const CONVERSIONS: readonly (readonly [string, readonly Overload[]])[] = [
  ['string', conversion(['text', 'integer', 'float', 'boolean', 'datetime', 'duration', 'json'], STRING, textOf)],
  ['int', conversion(['integer', 'float', 'text', 'datetime', 'json'], INTEGER, convertToInteger)],
  ['double', conversion(['float', 'text', 'json'], FLOAT, convertToFloat)],
  ['float', conversion(['float', 'text', 'json'], FLOAT, convertToFloat)],
  ['bool', conversion(['boolean', 'text', 'json'], BOOLEAN, convertToBoolean)],
  ['timestamp', conversion(['text', 'datetime', 'json'], DATETIME, parseInstantText)],
  ['datetime', conversion(['text', 'datetime', 'json'], DATETIME, parseInstantText)],
  ['duration', conversion(['text', 'duration', 'json'], DURATION, parseSpanText)],
  ['quantity', [text(1, FLOAT, (_run, value = '') => quantityOf(value))]],
  ['json', [...conversion(['text'], JSON_TYPE, parseJson), ...conversion(['any'], JSON_TYPE, (_run, value) => value)]],
  ['dyn', conversion(['any'], JSON_TYPE, (_run, value) => value)],
];

const NUMBER_FUNCTIONS: readonly (readonly [string, readonly Overload[]])[] = [
  [
    'abs',
    [
      {
        parameters: ['integer'],
        result: INTEGER,
        apply: (_run, value) => (Number(value) < 0 ? subtractIntegers(0, value as IntegerValue) : (value as Json)),
      },
      { parameters: ['float'], result: FLOAT, apply: (_run, value) => finite(Math.abs(value as number)) },
    ],
  ],
  ['ceil', [numeric(Math.ceil)]],
  ['floor', [numeric(Math.floor)]],
  ['round', [numeric(Math.round)]],
];

/** Every function by name. Macros and the names of SPECIAL_NAMES are not here: they look at the syntax of their operands. */
export const FUNCTIONS: ReadonlyMap<string, readonly Overload[]> = new Map([
  ['size', SIZE] as const,
  ...STRING_FUNCTIONS,
  ...CONVERSIONS,
  ...NUMBER_FUNCTIONS,
  ...LIST_FUNCTIONS,
  ...INSTANT_FUNCTIONS,
  ...DURATION_FUNCTIONS,
]);
