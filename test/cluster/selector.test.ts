import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  InvalidError,
  matchesFields,
  matchesLabels,
  mergePatch,
  parseFieldSelector,
  parseLabelSelector,
} from '../../src/cluster/index.ts';

describe('a label selector', () => {
  const rows: readonly [string, Record<string, string> | undefined, boolean][] = [
    ['', undefined, true],
    [' a = b ', { a: 'b' }, true],
    ['a=', { a: '' }, true],
    ['a=', undefined, false],
    ['a!=b', undefined, true],
    ['a notin (b)', undefined, true],
    ['a in (b , c),d', { a: 'c', d: '' }, true],
    ['a in (b,c),d', { a: 'c' }, false],
    ['x.io/a-b_c==1.2', { 'x.io/a-b_c': '1.2' }, true],
    ['! a', { a: 'b' }, false],
    ['constructor', {}, false],
    ['!toString', {}, true],
  ];
  it.each(rows)('%j on %j is %j', (text, labels, expected) => {
    expect(matchesLabels(parseLabelSelector(text), labels)).toBe(expected);
  });

  it.each([
    'a in b',
    'a in (b',
    'a in b)',
    'a in ((b))',
    'a=b=c',
    '!',
    'a b',
    'a=-b',
    'a,,b',
    '/a',
    `${'a,'.repeat(300)}a`,
  ])('%j is refused', (text) => {
    expect(() => parseLabelSelector(text)).toThrow(InvalidError);
  });

  it('never throws anything but InvalidError', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab=!,() in') }), (text) => {
        try {
          parseLabelSelector(text);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidError);
        }
      }),
    );
  });
});

describe('a field selector', () => {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a,b' },
    spec: { n: 3, on: true },
    status: { phase: 'Running' },
  };
  const rows: readonly [string, boolean][] = [
    ['', true],
    ['metadata.name=a\\,b', true],
    ['status.phase=Running,spec.n==3,spec.on=true', true],
    ['status.phase!=Running', false],
    ['status.reason=', true],
    ['spec=', true],
    ['metadata.constructor=', true],
  ];
  it.each(rows)('%j is %j', (text, expected) => {
    expect(matchesFields(parseFieldSelector(text), object)).toBe(expected);
  });
  it.each(['a', '=b', 'a..b=c', 'a b=c'])('%j is refused', (text) => {
    expect(() => parseFieldSelector(text)).toThrow(InvalidError);
  });
});

describe('a merge patch', () => {
  // The table of RFC 7386, appendix A.
  const rows: readonly [unknown, unknown, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  it.each(rows)('on %j with %j gives %j', (target, patch, expected) => {
    expect(mergePatch(target, patch)).toEqual(expected);
  });
});
