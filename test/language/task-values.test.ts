import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../src/base/index.ts';
import { parseOutputsText, parseType, type Type, taskInputsText, textValue } from '../../src/language/index.ts';

function types(spec: Readonly<Record<string, string>>): ReadonlyMap<string, Type> {
  return new Map(Object.entries(spec).map(([name, text]) => [name, type(text)] as const));
}

function type(text: string): Type {
  const result = parseType(text);
  if (result.kind === 'error') throw new Error(result.message);
  return result.type;
}

const WIDE = '9007199254740993';

describe('taskInputsText', () => {
  it.each<[Readonly<Record<string, string>>, JsonObject, string]>([
    [{ a: 'integer', b: 'string' }, { b: WIDE, a: WIDE }, `{"a":${WIDE},"b":"${WIDE}"}`],
    [{ a: 'float' }, { a: WIDE }, `{"a":${WIDE}}`],
    [{ a: 'list<integer?>' }, { a: [1, WIDE, null] }, `{"a":[1,${WIDE},null]}`],
    [{ a: 'map<integer>' }, { a: { x: WIDE } }, `{"a":{"x":${WIDE}}}`],
    [{ a: '{ x: integer, y: json }' }, { a: { x: WIDE, y: WIDE } }, `{"a":{"x":${WIDE},"y":"${WIDE}"}}`],
    [{ a: 'table<x: integer>' }, { a: [{ x: WIDE }] }, `{"a":[{"x":${WIDE}}]}`],
    [{ a: 'boolean | integer' }, { a: WIDE }, `{"a":${WIDE}}`],
    [{ a: 'integer?' }, {}, '{}'],
  ])('%j', (interfaceOf, values, text) => {
    expect(taskInputsText(values, types(interfaceOf))).toBe(text);
  });
});

/** Integral floats past 2^53 come back as text where the type is json: their digits are kept, not their doubles. */
function withoutWide(_key: string, value: unknown): unknown {
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? 0 : value;
}

describe('parseOutputsText', () => {
  it.each<[string, Readonly<Record<string, string>>, string, JsonObject]>([
    ['a JSON object', { a: 'integer', b: 'list<string>' }, '{"a": 1, "b": ["x"]}', { a: 1, b: ['x'] }],
    ['exact integers in JSON', { a: 'integer' }, `{"a": ${WIDE}}`, { a: WIDE }],
    [
      'lines',
      { a: 'integer', b: 'string', c: 'boolean', d: 'list<integer>' },
      'a=1\nb=x=y\r\n\nc=true\nd=[1, 2]\n',
      { a: 1, b: 'x=y', c: true, d: [1, 2] },
    ],
    ['exact integers in lines', { a: 'integer' }, `a=${WIDE}`, { a: WIDE }],
    ['heredocs', { text: 'string', n: 'integer' }, 'text<<EOF\none\n\ntwo=2\nEOF\nn=1', { text: 'one\n\ntwo=2', n: 1 }],
    ['a heredoc of JSON', { a: '{ x: integer }' }, 'a<<END\n{\n"x": 1\n}\nEND\n', { a: { x: 1 } }],
    ['numbers as text where text is wanted', { a: 'string', e: 'enum<1|2>' }, 'a=007\ne=1', { a: '007', e: '1' }],
    ['the last of a name', { a: 'integer' }, 'a=1\na=2', { a: 2 }],
    [
      'normal forms',
      { t: 'datetime', d: 'duration' },
      't=2026-01-02T04:04:05+01:00\nd=90s',
      { t: '2026-01-02T03:04:05.000Z', d: '1m30s' },
    ],
    ['null for what is optional', { a: 'integer?', b: 'string?', c: 'json' }, 'a=', { a: null, b: null, c: null }],
    ['records by width', { a: '{ x: integer }' }, '{"a": {"x": 1, "y": 2}}', { a: { x: 1 } }],
    ['nothing where nothing is declared', {}, '', {}],
    [
      'untrusted names',
      { __proto__x: 'integer', constructor: 'integer' },
      '{"constructor": 1, "__proto__x": 2}',
      { __proto__x: 2, constructor: 1 },
    ],
    ['unions', { a: 'integer | string', b: 'integer | string' }, 'a=5\nb=five', { a: 5, b: 'five' }],
  ])('reads %s', (_name, interfaceOf, text, values) => {
    expect(parseOutputsText(text, types(interfaceOf))).toEqual({ kind: 'ok', values });
  });

  it.each<[string, Readonly<Record<string, string>>, string, string]>([
    ['a missing output', { a: 'integer' }, '', 'the output "a" is missing'],
    ['an undeclared output', { total: 'integer' }, 'total=1\ntotl=2', 'there is no output "totl"'],
    ['a wrong type', { a: 'integer' }, 'a="1"', 'expected an integer, found the text "1"'],
    ['no JSON where JSON is wanted', { a: 'integer' }, 'a=one', '"one" is not JSON'],
    ['a line without a name', { a: 'string' }, 'hello', 'line 1 of the outputs is not "name=value"'],
    ['an open heredoc', { a: 'string' }, 'a<<EOF\nx', 'the value of "a" in line 1 of the outputs is not closed by EOF'],
    [
      'a heredoc without an end word',
      { a: 'string' },
      'a<<\nx\n\n',
      'line 1 of the outputs has no end word after "<<"',
    ],
    ['broken JSON', { a: 'string' }, '{"a": ', 'the outputs are not JSON'],
    ['too much', { a: 'string' }, `a=${'x'.repeat(1024 * 1024)}`, 'the outputs are larger than 1048576 bytes'],
    ['too deep', { a: 'json' }, `a=${'['.repeat(1000)}`, 'is not JSON'],
  ])('refuses %s', (_name, interfaceOf, text, message) => {
    const result = parseOutputsText(text, types(interfaceOf));
    expect(result.kind === 'problems' && result.problems[0]?.message).toContain(message);
  });

  it('gives back the inputs it is handed', () => {
    const interfaceOf = types({ a: 'integer', b: 'json', c: 'list<map<integer>>' });
    const value = fc.record({
      a: fc
        .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
        .map((n): Json => (Number.isSafeInteger(Number(n)) ? Number(n) : n.toString())),
      b: fc.jsonValue().map((json): Json => JSON.parse(JSON.stringify(json), withoutWide)),
      c: fc.array(fc.dictionary(fc.string(), fc.integer())) as fc.Arbitrary<Json>,
    });
    fc.assert(
      fc.property(value, (values) => {
        const result = parseOutputsText(taskInputsText(values, interfaceOf), interfaceOf);
        expect(result.kind === 'ok' && JSON.parse(JSON.stringify(result.values))).toEqual(
          JSON.parse(JSON.stringify(values)),
        );
      }),
    );
  });

  it('never throws', () => {
    const interfaceOf = types({ a: 'integer', b: 'string?', c: 'list<json>' });
    const noise = fc.string({
      unit: fc.constantFrom('a', 'b', '=', '<<', '\n', '{', '}', '"', ':', '[', '1', '\r', 'EOF'),
    });
    fc.assert(fc.property(noise, (text) => ['ok', 'problems'].includes(parseOutputsText(text, interfaceOf).kind)));
  });
});

describe('textValue', () => {
  it.each<[string, string, Json]>([
    ['string', '5', '5'],
    ['integer', '5', 5],
    ['string?', 'null', 'null'],
    ['integer?', 'null', null],
    ['list<integer>', '[1]', [1]],
  ])('%s of %s', (of, text, value) => {
    expect(textValue(text, type(of))).toEqual({ kind: 'ok', value });
  });
});
