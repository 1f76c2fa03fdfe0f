import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/base/index.ts';
import { parseInputText, resolveInputs } from '../../src/compiler/index.ts';

const parameters = {
  n: { type: 'integer' },
  limit: { type: 'integer', default: 10 },
  note: { type: 'string?' },
  at: { type: 'datetime', default: '2026-01-01T00:00:00.000Z' },
  // A name that an object has anyway.
  constructor: { type: 'list<string>', default: [] },
};

function given(values: Readonly<Record<string, Json>>, fixed: Readonly<Record<string, Json>> = {}) {
  const result = resolveInputs({ parameters, fixed, given: values });
  return result.kind === 'ok' ? { ...result.inputs } : result.problems.map(({ message, help }) => [message, help]);
}

describe('resolveInputs', () => {
  it('takes what is given, else the default, else null', () => {
    expect(given({ n: 1, at: '2026-02-03T05:06:07+02:00' })).toEqual({
      n: 1,
      limit: 10,
      note: null,
      at: '2026-02-03T03:06:07.000Z',
      constructor: [],
    });
  });

  it('adds what is fixed', () => {
    expect(given({ n: 1 }, { region: 'eu' })).toMatchObject({ n: 1, region: 'eu' });
  });

  it.each<readonly [string, Readonly<Record<string, Json>>, readonly unknown[]]>([
    ['a missing input', {}, [['the input "n" is missing', 'it is integer']]],
    ['an unknown one', { n: 1, limits: 2 }, [['there is no input "limits"', 'did you mean "limit"?']]],
    ['a wrong type', { n: 'x' }, [['n: expected an integer, found the text "x"', undefined]]],
    [
      'a wrong element',
      { n: 1, constructor: ['a', 2] },
      [['constructor.1: expected a string, found the number 2', expect.any(String)]],
    ],
    [
      'all at once',
      { m: 1 },
      [
        ['there is no input "m"', expect.any(String)],
        ['the input "n" is missing', 'it is integer'],
      ],
    ],
  ])('tells of %s', (_name, values, problems) => {
    expect(given(values)).toEqual(problems);
  });

  it('refuses what a launch plan fixes', () => {
    expect(given({ n: 1, region: 'us' }, { region: 'eu' })).toEqual([
      ['the input "region" is fixed by the launch plan', undefined],
    ]);
  });
});

describe('parseInputText', () => {
  it.each<readonly [string, string, Json]>([
    ['5', 'integer', 5],
    ['9223372036854775807', 'integer', '9223372036854775807'],
    ['5', 'string', '5'],
    ['true', 'boolean', true],
    ['[1, 2]', 'list<integer>', [1, 2]],
    ['1h', 'duration', '1h'],
    ['90m', 'duration?', '1h30m'],
    ['low', 'enum<low|high>', 'low'],
    ['2026-01-02T03:04:05Z', 'datetime', '2026-01-02T03:04:05.000Z'],
    ['null', 'integer?', null],
  ])('reads %s as %s', (text, type, value) => {
    expect(parseInputText(text, type)).toEqual({ kind: 'ok', value });
  });

  it.each([
    ['x', 'integer'],
    ['1.5', 'integer'],
    ['9223372036854775808', 'integer'],
    ['[1, "a"]', 'list<integer>'],
    ['maybe', 'boolean'],
    ['tomorrow', 'datetime'],
    ['medium', 'enum<low|high>'],
  ])('refuses %s as %s', (text, type) => {
    expect(parseInputText(text, type)).toMatchObject({ kind: 'error', message: expect.stringMatching(/.+/) });
  });
});
