import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type Json, sameJson } from '../../src/base/index.ts';

describe('sameJson', () => {
  it.each<[what: string, a: Json | undefined, b: Json | undefined, same: boolean]>([
    ['the order of members does not matter', { a: 1, b: [2] }, { b: [2], a: 1 }, true],
    ['that of items does', [1, 2], [2, 1], false],
    ['a member more', { a: 1 }, { a: 1, b: null }, false],
    ['a member less', { a: 1, b: null }, { a: 1 }, false],
    ['a member that is undefined is none', { a: 1, b: undefined } as unknown as Json, { a: 1 }, true],
    ['what every object inherits is no member', { constructor: 1 }, {}, false],
    ['a list is no object', [], {}, false],
    ['text is no number', '1', 1, false],
    ['minus zero is zero', -0, 0, true],
  ])('%s', (_what, a, b, same) => {
    expect(sameJson(a, b)).toBe(same);
    expect(sameJson(b, a)).toBe(same);
    expect(canonicalJson(a) === canonicalJson(b)).toBe(same);
  });

  it('is what canonical texts say', () => {
    const values = fc.jsonValue({ depthSize: 'small' }) as fc.Arbitrary<Json>;
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(sameJson(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
        expect(sameJson(a, structuredClone(a))).toBe(true);
      }),
    );
  });
});
