import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/base/index.ts';
import { checkValue, parseType, type Type } from '../../src/language/index.ts';

function type(text: string): Type {
  const result = parseType(text);
  if (result.kind === 'error') throw new Error(result.message);
  return result.type;
}

const untrusted: Json = JSON.parse('{"__proto__": 1, "constructor": 2}');

describe('checkValue', () => {
  it.each<[string, Json, Json]>([
    ['integer', 5, 5],
    ['integer', -0, 0],
    ['integer', '9007199254740993', '9007199254740993'],
    ['integer', '-9223372036854775808', '-9223372036854775808'],
    ['float', 5, 5],
    ['float', '9007199254740993', 9007199254740992],
    ['string', '', ''],
    ['boolean', false, false],
    ['datetime', '2026-01-02T04:04:05+01:00', '2026-01-02T03:04:05.000Z'],
    ['duration', '90m', '1h30m'],
    ['duration', '-PT0.5S', '-0.5s'],
    ['file', 'a/b', 'a/b'],
    ['json', { a: [1, null] }, { a: [1, null] }],
    ['json', untrusted, untrusted],
    ['map<integer>', untrusted, untrusted],
    ['enum<a|b>', 'b', 'b'],
    ['list<duration>', ['60s'], ['1m']],
    ['{ a: integer, b?: string }', { a: 1 }, { a: 1 }],
    ['{ a: integer?, b: json? }', {}, { a: null, b: null }],
    ['table<a: integer>', [{ a: 1 }, { a: 2 }], [{ a: 1 }, { a: 2 }]],
    ['integer?', null, null],
    ['integer | string', 'x', 'x'],
    ['datetime | duration', '60s', '1m'],
  ])('%s takes %j', (text, value, normal) => {
    expect(checkValue(value, type(text))).toEqual({ kind: 'ok', value: normal });
  });

  it.each<[string, Json, (string | number)[], string, string?]>([
    ['integer', 1.5, [], 'expected an integer, found the number 1.5'],
    ['integer', 2 ** 53, [], 'expected an integer, found the number 9007199254740992'],
    ['integer', '5', [], 'expected an integer, found the text "5"', 'without quotes: 5'],
    ['integer', '9223372036854775808', [], 'expected an integer, found the text "9223372036854775808"'],
    ['integer', null, [], 'expected an integer, found null'],
    ['float', 'NaN', [], 'expected a number, found the text "NaN"'],
    ['string', 5, [], 'expected a string, found the number 5', 'put it in quotes: "5"'],
    ['boolean', 'yes', [], 'expected true or false, found the text "yes"', 'write true'],
    ['datetime', '2026-02-30T00:00:00Z', [], '"2026-02-30T00:00:00Z" is not a date and time'],
    ['datetime', 0, [], 'expected a date and time, found the number 0'],
    ['duration', '5', [], '"5" has no unit'],
    ['enum<small|large>', 'smal', [], 'expected one of small, large; found the text "smal"', 'did you mean "small"?'],
    ['list<integer>', [1, 'x'], [1], 'expected an integer, found the text "x"'],
    ['list<integer>', 'x', [], 'expected a list, found the text "x"'],
    ['map<integer>', { a: 1, b: [] }, ['b'], 'expected an integer, found a list'],
    ['{ a: { b: integer } }', { a: {} }, ['a'], 'the field "b" is missing'],
    ['{ alpha?: integer }', { alhpa: 1 }, [], 'there is no field "alhpa"', 'did you mean "alpha"?'],
    ['table<a: integer>', [{ a: 1 }, 7], [1], 'expected a row (a map of columns), found the number 7'],
    ['integer | string', true, [], 'expected integer | string, found true'],
    ['json', Number.POSITIVE_INFINITY, [], 'Infinity is not a JSON number'],
  ])('%s refuses %j', (text, value, path, message, help) => {
    expect(checkValue(value, type(text))).toMatchObject({
      kind: 'problems',
      problems: [{ path, message, ...(help && { help }) }],
    });
  });

  it('takes records by width where a program made them', () => {
    expect(checkValue({ a: 1, b: 2 }, type('{ a: integer }'), { undeclared: 'drop' })).toEqual({
      kind: 'ok',
      value: { a: 1 },
    });
  });

  it('tells a bounded number of problems of a long list', () => {
    const result = checkValue(Array(100_000).fill('x'), type('list<integer>'));
    expect(result.kind === 'problems' && result.problems.length).toBe(20);
  });

  it('bounds depth', () => {
    let deep: Json = 1;
    for (let i = 0; i < 100; i++) deep = [deep];
    expect(checkValue(deep, type('json')).kind).toBe('problems');
  });

  it('never changes a normal form, and never a prototype', () => {
    const types = [
      'integer',
      'float',
      'json',
      'map<json>',
      'list<json>',
      'duration',
      'datetime',
      '{ a?: json }',
      'string | integer',
    ].map(type);
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...types), (value, of) => {
        const once = checkValue(value as Json, of);
        if (once.kind === 'problems') return;
        expect(checkValue(once.value, of)).toEqual(once);
        expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      }),
    );
  });
});
