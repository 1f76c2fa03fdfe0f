import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type Json, orderedJson, sha256 } from '../../src/base/index.ts';

/** The rule in its plainest form. */
function reference(value: Json | undefined): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(reference).join(',')}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const sorted = members.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, member]) => `${JSON.stringify(key)}:${reference(member)}`).join(',')}}`;
}

const text = fc.string({ unit: fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)) });

const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.double(),
    fc.boolean(),
    fc.constantFrom<Json>(null, -0, Number.NaN, 1e300, 2 ** 53),
    fc.array(tie('json')),
    fc.dictionary(fc.oneof(text, fc.string({ maxLength: 2 })), tie('json'), { maxKeys: 40 }),
  ),
}));

describe('canonical JSON', () => {
  it('is the sorted JSON text of any value', () => {
    fc.assert(fc.property(json, (value) => canonicalJson(value) === reference(value)));
  });

  it('is the same of a value that is in order, which needs no sorting', () => {
    fc.assert(fc.property(json, (value) => canonicalJson(orderedJson(value)) === reference(value)));
    expect(Object.keys(orderedJson({ b: { d: 1, c: 2 }, a: [{ f: 1, e: 2 }] }))).toEqual(['a', 'b']);
  });

  it('leaves undefined members out', () => {
    expect(canonicalJson({ b: undefined, a: [undefined], c: 1 } as unknown as Json)).toBe('{"a":[null],"c":1}');
  });

  it('is hashed as its UTF-8 bytes', () => {
    fc.assert(fc.property(text, (value) => sha256(value) === createHash('sha256').update(value).digest('hex')));
  });
});
