import { describe, expect, it } from 'vitest';
import { canonicalTemplate, canonicalValue } from '../../../src/language/expression/index.ts';

const SAME: readonly (readonly [name: string, ...spellings: string[]])[] = [
  ['white space', '${{ inputs.a+1 }}', '${{inputs.a + 1}}', '${{ inputs . a  +  1 }}'],
  ['parentheses', '${{ inputs.a * 2 + 1 }}', '${{ ((inputs.a) * 2) + (1) }}'],
  ['quotes', `\${{ inputs.a == 'x' }}`, '${{ inputs.a == "x" }}', '${{ inputs.a == """x""" }}'],
  ['brackets', '${{ inputs.a.b }}', '${{ inputs["a"]["b"] }}'],
  ['numbers', '${{ inputs.a + 16 }}', '${{ inputs.a + 0x10 }}'],
  ['a text around', 'at ${{ inputs.a }}!', 'at ${{inputs["a"]}}!'],
  ['node ids with hyphens', '${{ nodes.my-node.outputs.b }}', '${{ nodes.my-node.outputs["b"] }}'],
];

const DIFFERENT: readonly (readonly [string, string])[] = [
  ['${{ inputs.a - 1 }}', '${{ inputs.a + 1 }}'],
  ['${{ inputs.a - (inputs.b - 1) }}', '${{ inputs.a - inputs.b - 1 }}'],
  ['${{ 1 }}', '${{ 1.0 }}'],
  ['${{ 1 }}', '${{ "1" }}'],
  ['${{ "a" }}', '${{ b"a" }}'],
  ['${{ inputs.a }}', '${{ inputs.a }} '],
  ['${{ [1, 2] }}', '${{ [12] }}'],
  ['${{ {"a": 1, "b": 2} }}', '${{ {"a": 1, "b": 3} }}'],
  ['${{ inputs.a.map(x, x) }}', '${{ inputs.a.filter(x, x) }}'],
  ['${{ "," }}', '${{ "" }}'],
  ['inputs.a', '${{ inputs.a }}'],
  ['${{ inputs.a', '${{ inputs.a }}'],
];

describe('the canonical form', () => {
  it.each(SAME)('is one for %s', (_name, ...spellings) => {
    expect(new Set(spellings.map((text) => canonicalTemplate(text))).size).toBe(1);
  });

  it.each(DIFFERENT)('tells %s from %s', (one, other) => {
    expect(canonicalTemplate(one)).not.toBe(canonicalTemplate(other));
  });

  it('names nodes as asked, wherever they are read', () => {
    const renamed = (id: string): string => (id === 'old-one' ? 'new' : id);
    const old = '${{ nodes.old-one.outputs.a + nodes.other.outputs.b }} "nodes.old-one"';
    expect(canonicalTemplate(old, renamed)).toBe(
      canonicalTemplate('${{ nodes.new.outputs.a + nodes.other.outputs.b }} "nodes.old-one"'),
    );
  });

  it('of a value ignores the order of keys, not that of items', () => {
    expect(canonicalValue({ a: 1, b: ['${{ 1+1 }}', null] })).toBe(canonicalValue({ b: ['${{ 1 + 1 }}', null], a: 1 }));
    expect(canonicalValue([1, 2])).not.toBe(canonicalValue([2, 1]));
  });
});
