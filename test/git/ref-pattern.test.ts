import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesRef } from '../../src/git/index.ts';

describe('matchesRef', () => {
  it.each([
    ['main', 'refs/heads/main', true],
    ['main', 'refs/heads/maintenance', false],
    ['main', 'refs/heads/old/main', false],
    ['main', 'refs/tags/main', false],
    ['release/*', 'refs/heads/release/1.0', true],
    ['release/*', 'refs/heads/release/1/hotfix', true],
    ['release/*', 'refs/heads/release', false],
    ['*', 'refs/heads/a/b', true],
    ['*', 'refs/tags/v1', false],
    ['refs/tags/v*', 'refs/tags/v1', true],
    ['refs/tags/v*', 'refs/heads/v1', false],
    ['refs/*', 'refs/notes/x', true],
    ['*-lts', 'refs/heads/v1-lts', true],
    ['*-lts', 'refs/heads/lts', false],
    ['a*a', 'refs/heads/a', false],
    ['a*a', 'refs/heads/aa', true],
    ['v*.*.*', 'refs/heads/v1.2.3', true],
    ['v*.*.*', 'refs/heads/v1.2', false],
    ['m.in', 'refs/heads/main', false],
    ['', 'refs/heads/', true],
    ['', 'refs/heads/main', false],
  ])('%s of %s: %s', (pattern, ref, isMatch) => {
    expect(matchesRef(pattern, ref)).toBe(isMatch);
  });

  it('says what a regular expression says', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*'), maxLength: 8 });
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 12 });
    fc.assert(
      fc.property(word, name, (pattern, branch) => {
        const expected = new RegExp(`^refs/heads/${pattern.replaceAll('*', '.*')}$`).test(`refs/heads/${branch}`);
        return matchesRef(pattern, `refs/heads/${branch}`) === expected;
      }),
    );
  });
});
