import { type Json, MAX_MAP_SIZE } from '../../base/index.ts';
import { FLOAT, INTEGER, listOf as listTypeOf, optionalOf, STRING, type Type } from '../type.ts';
import type { Overload } from './functions.ts';
import { addIntegers, compareNumbers, finite, type IntegerValue } from './number.ts';
import { charge, checkStringLength, fail, listOf, memberOf, type Run } from './run.ts';
import { loopType } from './typing.ts';

const LARGEST: Readonly<Record<'min' | 'max', (order: number) => boolean>> = {
  min: (order) => order < 0,
  max: (order) => order > 0,
};

/** The functions over lists and maps. */
export const LIST_FUNCTIONS: readonly (readonly [string, readonly Overload[]])[] = [
  [
    'join',
    [
      { parameters: ['texts'], result: STRING, apply: (run, list) => join(run, list as Json, '') },
      {
        parameters: ['texts', 'text'],
        result: STRING,
        apply: (run, list, separator) => join(run, list as Json, separator as string),
      },
    ],
  ],
  [
    'sum',
    [
      { parameters: ['integers'], result: INTEGER, apply: (run, list) => sumOfIntegers(run, list as Json) },
      { parameters: ['floats'], result: FLOAT, apply: (run, list) => sumOfFloats(run, list as Json) },
    ],
  ],
  ['min', [{ parameters: ['numbers'], result: elementOf, apply: (run, list) => extreme(run, list as Json, 'min') }]],
  ['max', [{ parameters: ['numbers'], result: elementOf, apply: (run, list) => extreme(run, list as Json, 'max') }]],
  [
    'range',
    [{ parameters: ['integer'], result: listTypeOf(INTEGER), apply: (run, count) => range(run, count as Json) }],
  ],
  [
    'flatten',
    [
      {
        parameters: ['lists'],
        result: elementOf,
        apply: (run, lists) => charged(run, listOf(lists as Json).flat() as Json[]),
      },
    ],
  ],
  [
    'reverse',
    [{ parameters: ['list'], result: sameList, apply: (run, list) => charged(run, listOf(list as Json).toReversed()) }],
  ],
  [
    'sort',
    [
      { parameters: ['numbers'], result: sameList, apply: (run, list) => sort(run, list as Json, compareNumeric) },
      { parameters: ['texts'], result: sameList, apply: (run, list) => sort(run, list as Json, compareText) },
    ],
  ],
  [
    'first',
    [{ parameters: ['list'], result: optionalElement, apply: (_run, list) => listOf(list as Json)[0] ?? null }],
  ],
  [
    'last',
    [{ parameters: ['list'], result: optionalElement, apply: (_run, list) => listOf(list as Json).at(-1) ?? null }],
  ],
  [
    'keys',
    [
      {
        parameters: ['map'],
        result: listTypeOf(STRING),
        apply: (run, map) => charged(run, Object.keys(map as object)),
      },
    ],
  ],
  [
    'values',
    [
      {
        parameters: ['map'],
        result: mapValues,
        apply: (run, map) =>
          charged(
            run,
            Object.keys(map as object).map((key) => memberOf(map as Json, key)),
          ),
      },
    ],
  ],
];

function elementOf(types: readonly Type[]): Type | undefined {
  return types[0]?.kind === 'list' ? types[0].element : undefined;
}

function sameList(types: readonly Type[]): Type | undefined {
  const element = types[0] && loopType(types[0]);
  return element && listTypeOf(element);
}

function optionalElement(types: readonly Type[]): Type | undefined {
  const element = types[0] && loopType(types[0]);
  return element && optionalOf(element);
}

function mapValues(types: readonly Type[]): Type | undefined {
  return types[0]?.kind === 'map' ? listTypeOf(types[0].value) : undefined;
}

function charged(run: Run, list: readonly Json[]): readonly Json[] {
  if (list.length > MAX_MAP_SIZE) fail(`a list made by an expression has at most ${MAX_MAP_SIZE} elements`);
  charge(run, list.length);
  return list;
}

function join(run: Run, list: Json, separator: string): string {
  const texts = listOf(list) as readonly string[];
  let length = 0;
  for (const text of texts) length += text.length + separator.length;
  checkStringLength(run, length);
  charge(run, texts.length);
  return texts.join(separator);
}

function sumOfIntegers(run: Run, list: Json): Json {
  const numbers = listOf(list) as readonly IntegerValue[];
  charge(run, numbers.length);
  return numbers.reduce(addIntegers, 0);
}

function sumOfFloats(run: Run, list: Json): Json {
  const numbers = listOf(list) as readonly number[];
  charge(run, numbers.length);
  return finite(numbers.reduce((total, number) => total + number, 0));
}

function extreme(run: Run, list: Json, which: 'min' | 'max'): Json {
  const numbers = listOf(list) as readonly IntegerValue[];
  charge(run, numbers.length);
  let found = numbers[0] ?? fail(`${which}() of an empty list`);
  for (const number of numbers) if (LARGEST[which](compareNumbers(number, found))) found = number;
  return found;
}

function range(run: Run, count: Json): readonly Json[] {
  if (typeof count !== 'number' || count < 0 || count > MAX_MAP_SIZE)
    return fail(`range() makes 0 to ${MAX_MAP_SIZE} elements`);
  charge(run, count);
  return Array.from({ length: count }, (_, at) => at);
}

function compareNumeric(a: Json, b: Json): number {
  return compareNumbers(a as IntegerValue, b as IntegerValue);
}

function compareText(a: Json, b: Json): number {
  return (a as string) < (b as string) ? -1 : a === b ? 0 : 1;
}

function sort(run: Run, list: Json, compare: (a: Json, b: Json) => number): readonly Json[] {
  const items = listOf(list);
  charge(run, items.length * (1 + Math.ceil(Math.log2(items.length + 1))));
  return items.toSorted(compare);
}
