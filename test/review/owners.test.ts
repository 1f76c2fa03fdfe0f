import { describe, expect, it } from 'vitest';
import { ownersOf } from '../../src/review/code-owners.ts';
import { pathMatcher } from '../../src/review/path-pattern.ts';
import { commitOf, reviewed, SUMS, schedule } from './reviewed.ts';

describe('patterns of CODEOWNERS', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['*', ['a', 'a/b.yaml'], []],
    ['*.yaml', ['a.yaml', 'x/y/a.yaml'], ['a.yml']],
    ['/build/logs/', ['build/logs/a', 'build/logs/x/y'], ['x/build/logs/a', 'build/logs']],
    ['docs/*', ['docs/a.md'], ['docs/x/a.md', 'x/docs/a.md']],
    ['apps/', ['apps/a', 'x/apps/y/z'], ['apps']],
    ['/docs/', ['docs/a'], ['x/docs/a']],
    ['**/logs', ['logs/a', 'x/logs', 'x/y/logs/z'], ['xlogs']],
    ['/a/**/z', ['a/z', 'a/b/z', 'a/b/c/z/q'], ['a/bz', 'b/a/z']],
    ['a/**', ['a/b', 'a/b/c'], ['b/a']],
    ['pipe?', ['pipes', 'x/pipe1/a'], ['pipe', 'pipe/a']],
    ['/pipelines/etl.yaml', ['pipelines/etl.yaml'], ['pipelines/etlxyaml', 'x/pipelines/etl.yaml']],
  ])('%s', (pattern, fitting, others) => {
    const fits = pathMatcher(pattern)!;
    expect(fitting.filter((path) => !fits(path))).toEqual([]);
    expect(others.filter((path) => fits(path))).toEqual([]);
  });

  it('with many stars take no longer than any', () => {
    const fits = pathMatcher(`${'a*'.repeat(400)}z`)!;
    expect(fits('a'.repeat(3_000))).toBe(false);
  });
});

describe('owners', () => {
  const TEXT =
    '# Ours\n* @acme/all\n/pipelines/ @acme/data boss@acme.example # who else\n/pipelines/open/\n[Docs] @writers\n*.md\n^[Later]\n*.txt @nobody-must\n';
  it('are those of the last rule that fits, in each section', () => {
    const found = ownersOf('CODEOWNERS', TEXT, ['a', 'pipelines/b', 'pipelines/open/c', 'd.md']);
    expect(found).toEqual([
      { owners: ['@acme/all'], files: ['a', 'd.md'], because: 'CODEOWNERS:2 *' },
      { owners: ['@acme/data', 'boss@acme.example'], files: ['pipelines/b'], because: 'CODEOWNERS:3 /pipelines/' },
      { owners: ['@writers'], files: ['d.md'], because: 'CODEOWNERS:6 *.md' },
    ]);
  });

  const policy = (more = '', limit = 3600) => `kind: Policy
metadata: { name: calm, annotations: { pipectl.dev/approvers: "@acme/ops, @boss"${more} } }
spec: { rules: [{ name: hourly, match: { kinds: [Schedule] }, assert: facts.minIntervalSeconds >= ${limit}, message: too often, severity: warning }] }
`;

  it('of a policy must agree to what breaks its rule', () => {
    const calm = [SUMS, policy(), schedule('often', 'cron: "0 * * * *"')];
    const often = [SUMS, policy(), schedule('often', 'cron: "*/5 * * * *"')];
    expect(reviewed(commitOf(...calm), commitOf(...often)).approvals).toEqual([
      { owners: ['@acme/ops', '@boss'], files: ['pipelines/all.yaml'], because: 'policy calm' },
    ]);
    expect(reviewed(commitOf(...often), commitOf(...often)).approvals).toEqual([]);
  });

  it.each([
    ['changed', policy('', 60), 'policy calm, which is changed'],
    ['asks others', policy().replace('@acme/ops, @boss', '@me'), 'policy calm, which is changed'],
    ['removed', '', 'policy calm, which is removed'],
  ])('of a policy must agree when it is %s', (_name, after, because) => {
    const rest = after === '' ? [SUMS] : [SUMS, after];
    expect(reviewed(commitOf(SUMS, policy()), commitOf(...rest)).approvals).toEqual([
      { owners: ['@acme/ops', '@boss'], files: ['pipelines/all.yaml'], because },
    ]);
  });
});
