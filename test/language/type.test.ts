import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_TYPE_LENGTH } from '../../src/base/index.ts';
import { isAssignable, isSameType, parseType, printType, SCALAR_KINDS, type Type } from '../../src/language/index.ts';

function type(text: string): Type {
  const result = parseType(text);
  if (result.kind === 'error') throw new Error(`${text}: ${result.message}`);
  return result.type;
}

const scalar: fc.Arbitrary<Type> = fc.constantFrom(...SCALAR_KINDS).map((kind) => ({ kind }));
const name = fc.constantFrom('a', 'b', 'constructor', '__proto__', 'max_depth');
const anyType: fc.Arbitrary<Type> = fc.letrec<{ type: Type; plain: Type }>((tie) => ({
  plain: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc
      .uniqueArray(fc.constantFrom('x', 'y-1', '3.12'), { minLength: 1 })
      .map((values): Type => ({ kind: 'enum', values })),
    tie('type').map((element): Type => ({ kind: 'list', element })),
    tie('type').map((value): Type => ({ kind: 'map', value })),
    fc.array(fc.tuple(name, tie('type'), fc.boolean()), { maxLength: 3 }).map((fields): Type => {
      return { kind: 'record', fields: new Map(fields.map(([key, of, optional]) => [key, { type: of, optional }])) };
    }),
    fc
      .array(fc.tuple(name, tie('type')), { minLength: 1, maxLength: 3 })
      .map((columns): Type => ({ kind: 'table', columns: new Map(columns) })),
  ),
  type: fc.oneof(
    tie('plain'),
    tie('plain').map((of): Type => ({ kind: 'optional', of })),
    fc
      .uniqueArray(tie('plain'), { minLength: 2, maxLength: 3, comparator: isSameType })
      .map((members): Type => ({ kind: 'union', members })),
  ),
})).type;

describe('parseType', () => {
  it.each([
    ['integer', 'integer'],
    [' list< integer > ', 'list<integer>'],
    ['map<list<string>>', 'map<list<string>>'],
    ['enum<a|b-1|3.12>', 'enum<a|b-1|3.12>'],
    ['{x: integer, y?: string,}', '{ x: integer, y?: string }'],
    ['{}', '{}'],
    ['table<day: datetime, sales: integer>', 'table<day: datetime, sales: integer>'],
    ['string?', 'string?'],
    ['integer | string', 'integer | string'],
    ['integer | string?', '(integer | string)?'],
    ['(integer | string)?', '(integer | string)?'],
    ['(integer | float) | string', 'integer | float | string'],
    ['list<integer | string>', 'list<integer | string>'],
    ['{__proto__: integer, constructor: string}', '{ __proto__: integer, constructor: string }'],
  ])('reads %s', (text, printed) => {
    expect(printType(type(text))).toBe(printed);
  });

  it.each([
    ['', 0, 'expected a type, but the type ends', undefined],
    ['int', 0, 'there is no type "int"', 'did you mean "integer"?'],
    ['list<strng>', 5, 'there is no type "strng"', 'did you mean "string"?'],
    ['list', 3, 'expected `<`, but the type ends', 'say of what: `list<integer>`'],
    ['list<integer', 11, 'expected `>`, but the type ends', undefined],
    ['list<integer>>', 13, 'expected the type to end here, but found `>`', undefined],
    ['integer??', 8, 'this type is optional already', 'write one `?`'],
    ['(integer?)?', 10, 'this type is optional already', 'write one `?`'],
    ['integer | integer', 10, 'this member stands twice in the union', undefined],
    ['enum<a|a>', 7, '"a" stands twice', undefined],
    ['enum<>', 5, 'expected a value: letters, digits, `_`, `.` and `-`, but found `>`', undefined],
    ['{x: integer, x: string}', 13, '"x" stands twice', undefined],
    ['{x integer}', 3, 'expected `:`, but found `i`', undefined],
    ['table<>', 6, 'a table has at least one column', undefined],
    ['${{ inputs.t }}', 0, 'expected a type, but found `$`', undefined],
  ])('refuses %s at %i', (text, offset, message, help) => {
    expect(parseType(text)).toMatchObject({ kind: 'error', offset, message, ...(help !== undefined && { help }) });
  });

  it.each([
    ['deep lists', 'list<'.repeat(40)],
    ['deep groups', '('.repeat(1000)],
    ['deep records', '{a:'.repeat(1000)],
    ['long text', 'a'.repeat(MAX_TYPE_LENGTH + 1)],
    ['many members', `{${Array.from({ length: 300 }, (_, i) => `a${i}: json`).join(',')}}`],
    ['many enum values', `enum<${Array.from({ length: 300 }, (_, i) => `a${i}`).join('|')}>`],
    ['many parts', `{${Array.from({ length: 250 }, (_, i) => `a${i}: list<list<json>>`).join(',')}}`],
  ])('bounds %s', (_name, text) => {
    expect(parseType(text).kind).toBe('error');
  });

  it('reads what it prints', () => {
    fc.assert(fc.property(anyType, (given) => isSameType(type(printType(given)), given)));
  });

  it('never throws', () => {
    const noise = fc.string({
      unit: fc.constantFrom(
        'list',
        '<',
        '>',
        '{',
        '}',
        '(',
        ')',
        '|',
        '?',
        ',',
        ':',
        'a',
        'enum',
        'table',
        ' ',
        '\u0000',
      ),
    });
    fc.assert(
      fc.property(noise, (text) => {
        const result = parseType(text);
        return result.kind === 'ok' || (result.offset >= 0 && result.offset <= text.length && result.length > 0);
      }),
    );
  });
});

describe('isAssignable', () => {
  it.each([
    ['integer', 'float', true],
    ['float', 'integer', false],
    ['integer', 'string', false],
    ['string', 'json', false],
    ['datetime', 'string', false],
    ['integer', 'integer?', true],
    ['integer?', 'integer', false],
    ['integer?', 'float?', true],
    ['list<integer>', 'list<float>', true],
    ['list<integer>', 'list<string>', false],
    ['list<integer?>', 'list<integer>', false],
    ['map<integer>', 'map<float>', true],
    ['map<integer>', '{ a: integer }', false],
    ['enum<a|b>', 'string', true],
    ['string', 'enum<a|b>', false],
    ['enum<a>', 'enum<a|b>', true],
    ['enum<a|b>', 'enum<a>', false],
    ['{ a: integer, b: string }', '{ a: float }', true],
    ['{ a: integer }', '{ a: integer, b: string }', false],
    ['{ a: integer }', '{ a: integer, b?: string }', true],
    ['{ a?: integer }', '{ a: integer }', false],
    ['{ a: integer }', '{ a?: integer }', true],
    ['table<a: integer, b: string>', 'table<a: float>', true],
    ['table<a: integer>', 'table<a: integer, b: string>', false],
    ['integer', 'integer | string', true],
    ['integer', 'integer | float', true],
    ['integer', 'float | string', true],
    ['enum<a>', 'string | enum<a|b>', false],
    ['boolean', 'integer | string', false],
    ['integer | string', 'string | integer', true],
    ['integer | string', 'integer', false],
    ['integer | string', '(integer | string)?', true],
  ])('%s → %s: %s', (from, to, expected) => {
    expect(isAssignable(type(from), type(to))).toBe(expected);
  });

  it('is reflexive, and sameness is symmetric', () => {
    fc.assert(fc.property(anyType, (given) => isAssignable(given, given)));
    fc.assert(fc.property(anyType, anyType, (a, b) => isSameType(a, b) === isSameType(b, a)));
  });
});
