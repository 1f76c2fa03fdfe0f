import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../../src/client/registry/challenge.ts';

const parsed = (header: string) =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

describe('parseChallenges', () => {
  it.each([
    ['Basic realm="x"', [['basic', { realm: 'x' }]]],
    [
      'Bearer realm="https://auth.example.com/token",service="s",scope="repository:a/b:pull,push"',
      [['bearer', { realm: 'https://auth.example.com/token', service: 's', scope: 'repository:a/b:pull,push' }]],
    ],
    ['BEARER Realm = plain , SERVICE="a \\"b\\" \\\\"', [['bearer', { realm: 'plain', service: 'a "b" \\' }]]],
    [
      'Negotiate, Basic realm="x", Bearer realm="y"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
        ['bearer', { realm: 'y' }],
      ],
    ],
    ['', []],
    ['realm="x"', []],
  ])('%s', (header, challenges) => {
    expect(parsed(header)).toEqual(challenges);
  });

  it('reads any header', () => {
    const odd = fc.string({ unit: fc.constantFrom('a', '"', '\\', '=', ',', ' ', 'Bearer ', 'realm="', '\u00e9') });
    fc.assert(fc.property(odd, (header) => Array.isArray(parseChallenges(header))));
  });
});
