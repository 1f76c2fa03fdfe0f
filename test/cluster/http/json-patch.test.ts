import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/base/index.ts';
import { applyJsonPatch } from '../../../src/cluster/adapters/http/json-patch.ts';
import { mergeDiff } from '../../../src/cluster/adapters/http/merge-diff.ts';

describe('a JSON patch', () => {
  // Examples of RFC 6902, appendix A, and the cases around them.
  const rows: readonly [string, Json, Json, Json][] = [
    ['adds a member', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    [
      'adds an item before another',
      { a: ['x', 'z'] },
      [{ op: 'add', path: '/a/1', value: 'y' }],
      { a: ['x', 'y', 'z'] },
    ],
    ['adds an item at the end', { a: ['x'] }, [{ op: 'add', path: '/a/-', value: 'y' }], { a: ['x', 'y'] }],
    ['removes a member', { a: 1, b: 2 }, [{ op: 'remove', path: '/b' }], { a: 1 }],
    ['removes an item', { a: ['x', 'y'] }, [{ op: 'remove', path: '/a/0' }], { a: ['y'] }],
    ['replaces', { a: { b: 1 } }, [{ op: 'replace', path: '/a/b', value: null }], { a: { b: null } }],
    ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: { b: 1 } }], { b: 1 }],
    ['moves', { a: { b: 1 } }, [{ op: 'move', from: '/a/b', path: '/c' }], { a: {}, c: 1 }],
    ['copies', { a: { b: [1] } }, [{ op: 'copy', from: '/a/b', path: '/c' }], { a: { b: [1] }, c: [1] }],
    [
      'unescapes names',
      { 'a/b': { 'c~d': 1 } },
      [{ op: 'replace', path: '/a~1b/c~0d', value: 2 }],
      { 'a/b': { 'c~d': 2 } },
    ],
    [
      'tests with key order aside',
      { a: { b: 1, c: 2 } },
      [{ op: 'test', path: '/a', value: { c: 2, b: 1 } }],
      { a: { b: 1, c: 2 } },
    ],
  ];
  it.each(rows)('%s', (_, document, patch, expected) => {
    const before = structuredClone(document);
    expect(applyJsonPatch(document, patch)).toEqual(expected);
    expect(document).toEqual(before);
  });

  const refused: readonly [string, Json, string][] = [
    ['is a list', {}, 'a list of operations'],
    ['has known operations', [{ op: 'spoil', path: '/a' }], 'unknown operation'],
    ['needs its value', [{ op: 'add', path: '/a' }], 'needs a value'],
    ['replaces only what exists', [{ op: 'replace', path: '/z', value: 1 }], '/z, which does not exist'],
    ['removes only what exists', [{ op: 'remove', path: '/a/9' }], '/a/9, which does not exist'],
    ['adds below what exists', [{ op: 'add', path: '/z/y', value: 1 }], '/z/y, which does not exist'],
    ['fails at a failed test', [{ op: 'test', path: '/a/0', value: 'q' }], 'holds another value'],
    ['moves nothing into itself', [{ op: 'move', from: '/a', path: '/a/0' }], 'into itself'],
    ['never reaches the prototype', [{ op: 'add', path: '/constructor/prototype/x', value: 1 }], 'does not exist'],
  ];
  it.each(refused)('%s', (_, patch, message) => {
    expect(() => applyJsonPatch({ a: ['x'] }, patch)).toThrow(message);
  });

  it('takes __proto__ for a name like any other', () => {
    const patched = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }]) as JsonObject;
    expect(Object.keys(patched)).toEqual(['__proto__']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

/** RFC 7386's own algorithm, written as it stands there. */
function merged(target: Json | undefined, patch: Json): Json {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result = new Map<string, Json>(isObject ? Object.entries(target as JsonObject) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, merged(result.get(key), value));
  }
  return Object.fromEntries(result);
}

describe('the difference of two objects', () => {
  // Null cannot be written by a merge patch, so no object of the API holds one.
  const value = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 3 },
      fc.boolean(),
      fc.integer(),
      fc.string({ maxLength: 3 }),
      fc.array(fc.integer(), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), tie('json'), { maxKeys: 3 }),
    ),
  })).json as fc.Arbitrary<Json>;
  const object = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'constructor'), value) as fc.Arbitrary<JsonObject>;

  it('merged into the first gives the second', () => {
    fc.assert(
      fc.property(object, object, (from, to) => {
        expect(merged(from, mergeDiff(from, to) ?? {})).toEqual(merged({}, to));
      }),
    );
  });

  it('of equal objects is none', () => {
    fc.assert(fc.property(object, (it) => mergeDiff(it, structuredClone(it)) === undefined));
  });
});
