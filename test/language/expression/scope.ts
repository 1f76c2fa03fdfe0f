import type { Json, JsonObject } from '../../../src/base/index.ts';
import {
  compileExpression,
  type Evaluated,
  type TypeScope,
  type ValueScope,
} from '../../../src/language/expression/index.ts';
import { parseType, printType, type RecordType, type Type } from '../../../src/language/index.ts';

export function typeOf(text: string): Type {
  const parsed = parseType(text);
  if (parsed.kind === 'error') throw new Error(`${text}: ${parsed.message}`);
  return parsed.type;
}

export function record(fields: Readonly<Record<string, string>>): RecordType {
  return {
    kind: 'record',
    fields: new Map(Object.entries(fields).map(([name, type]) => [name, { type: typeOf(type), optional: false }])),
  };
}

export const types: TypeScope = {
  inputs: record({
    x: 'integer',
    big: 'integer',
    f: 'float',
    s: 'string',
    yes: 'boolean',
    xs: 'list<integer>',
    names: 'list<string>',
    r: '{ a: integer, b?: string }',
    o: 'integer?',
    j: 'json',
    m: 'map<integer>',
    d: 'datetime',
    u: 'duration',
    e: 'enum<low|high>',
    t: 'table<city: string, sold: integer>',
    nested: 'list<list<integer>>',
  }),
  nodes: new Map([
    ['my-node', record({ x: 'integer', text: 'string' })],
    ['if', record({ x: 'list<string?>' })],
    ['7', record({ x: 'integer' })],
  ]),
  variables: new Map([['execution', record({ name: 'string', commit: 'string', startTime: 'datetime' })]]),
};

const outputs: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  ['my-node', { x: 7, text: 'seven' }],
  ['if', { x: ['a', null] }],
  ['7', { x: 70 }],
]);

export const values: ValueScope = {
  inputs: {
    x: 5,
    big: '9223372036854775807',
    f: 1.5,
    s: 'héllo',
    yes: true,
    xs: [1, 2, 3],
    names: ['b', 'a'],
    r: { a: 1 },
    o: null,
    j: { a: { b: [1, 'x'] }, n: null },
    m: { k: 1, constructor: 2 },
    d: '2026-01-02T03:04:05.000Z',
    u: '1h30m',
    e: 'low',
    t: [
      { city: 'Oslo', sold: 3 },
      { city: 'Rome', sold: 4 },
    ],
    nested: [[1], [2, 3]],
  },
  nodeOutputs: (id) => outputs.get(id),
  variables: { execution: { name: 'run-1', commit: 'abc', startTime: '2026-01-02T03:04:05.000Z' } },
};

/** Compiles and runs; throws when it does not compile. */
export function evaluate(
  source: string,
  expected?: string,
): { readonly type: string; readonly result: Evaluated<Json> } {
  const compiled = compileExpression(source, types, expected === undefined ? undefined : typeOf(expected));
  if (compiled.kind === 'error') throw new Error(`${source}: ${compiled.problem.message}`);
  return { type: printType(compiled.expression.type), result: compiled.expression.evaluate(values) };
}
