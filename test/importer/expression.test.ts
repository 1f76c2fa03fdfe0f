import { describe, expect, it } from 'vitest';
import { asBoolean, asText, translate } from '../../src/importer/argo/expression.ts';

const paths = (path: string): string | undefined =>
  path.startsWith('inputs.') ? path.replace('inputs.parameters.', 'inputs.').replaceAll('-', '_') : undefined;

function when(source: string): string | undefined {
  return asBoolean(translate(source, 'condition', paths));
}

function tag(source: string): string | undefined {
  return asText(translate(source, 'expression', paths));
}

describe('a condition of Argo', () => {
  it.each([
    ['{{inputs.parameters.a}} == heads', "inputs.a == 'heads'"],
    ['{{inputs.parameters.a}} == "two words"', "inputs.a == 'two words'"],
    ["'{{inputs.parameters.a}}' != 'x'", "inputs.a != 'x'"],
    ['{{inputs.parameters.a}} == 5', "inputs.a == '5'"],
    ['{{inputs.parameters.a}} > 5', 'float(inputs.a) > float(5)'],
    ['{{inputs.parameters.a}} =~ "^v[0-9]+"', "inputs.a.matches('^v[0-9]+')"],
    [
      '{{inputs.parameters.a}} == yes && !({{inputs.parameters.b}} == no)',
      "(inputs.a == 'yes' && !((inputs.b == 'no')))",
    ],
    ['{{inputs.parameters.a}}', "inputs.a == 'true'"],
    ['true', 'true'],
    ['{{=asInt(inputs.parameters.a) > 3}}', 'int(inputs.a) > 3'],
  ])('%s', (source, cel) => {
    expect(when(source)).toBe(cel);
  });

  it.each([
    '{{tasks.a.status}} == Succeeded',
    '{{inputs.parameters.a}} in (a, b)',
    'a b',
    '(',
    ')',
    '',
    "'{{inputs.parameters.a}}x' == 'ax'",
  ])('is left to a person: %s', (source) => {
    expect(when(source)).toBeUndefined();
  });
});

describe('an expression of Argo', () => {
  it.each([
    ["inputs.parameters['my-name'] + '!'", "(inputs.my_name + '!')"],
    ['asInt(inputs.parameters.n) * 2 + 1', 'string(((int(inputs.n) * 2) + 1))'],
    ["inputs.parameters.n == '1' ? 'one' : 'more'", "(inputs.n == '1' ? 'one' : 'more')"],
    ['sprig.trim(inputs.parameters.n)', 'trim(inputs.n)'],
  ])('%s', (source, cel) => {
    expect(tag(source)).toBe(cel);
  });

  it.each([
    "jsonpath(inputs.parameters.j, '$.x')",
    'filter([1, 2], { # > 1 })',
    `${'('.repeat(2_000)}1${')'.repeat(2_000)}`,
    `${'!'.repeat(3_000)}true`,
  ])('is left to a person: %.40s', (source) => {
    expect(tag(source)).toBeUndefined();
  });
});
