import { describe, expect, it } from 'vitest';
import { commitOf, compileAll } from './commit.ts';

/** Errors as `code: message`. */
function findings({ diagnostics }: ReturnType<typeof compileAll>): readonly string[] {
  return diagnostics.filter(({ severity }) => severity === 'error').map(({ code, message }) => `${code}: ${message}`);
}

describe('definitions that run each other', () => {
  const flow = (name: string, runs: string) =>
    `kind: Workflow\nmetadata: { name: ${name} }\nspec: { nodes: { x: { ${runs} } } }`;
  const plan = (name: string, of: string) => `kind: LaunchPlan\nmetadata: { name: ${name} }\nspec: { workflow: ${of} }`;

  it.each<readonly [string, readonly string[], readonly string[]]>([
    ['itself', [flow('a', 'workflow: a')], ['PIPE-DAG-003: workflow "a" runs itself']],
    [
      'a circle of workflows, told once whatever leads to it',
      [flow('lead', 'workflow: c'), flow('c', 'workflow: b'), flow('b', 'workflow: a'), flow('a', 'workflow: c')],
      [
        'PIPE-DAG-003: these run each other in a circle: workflow "a" runs workflow "c" runs workflow "b" runs workflow "a"',
      ],
    ],
    [
      'a circle through a launch plan',
      [flow('a', 'launchPlan: nightly'), plan('nightly', 'a')],
      [
        'PIPE-DAG-003: these run each other in a circle: launch plan "nightly" runs workflow "a" runs launch plan "nightly"',
      ],
    ],
    [
      'a circle through a branch',
      [flow('a', 'switch: [{ when: true, then: { workflow: a } }]')],
      ['PIPE-DAG-003: workflow "a" runs itself'],
    ],
    [
      'no circle',
      [flow('a', 'workflow: b'), flow('b', 'launchPlan: p'), plan('p', 'c'), flow('c', 'compute: { y: 1 }')],
      [],
    ],
  ])('%s', (_name, documents, found) => {
    expect(findings(compileAll(commitOf(...documents)))).toEqual(found);
  });

  it('are checked for all else as well', () => {
    const compiled = compileAll(commitOf(flow('a', 'workflow: a, with: { n: "${{ inputs.m }}" }')));
    expect(findings(compiled)).toContain('PIPE-DAG-003: workflow "a" runs itself');
  });

  it('survive a long chain by launch plans', () => {
    const length = 1_500;
    const chain = Array.from({ length }, (_, at) => [
      flow(`w${at}`, at === length - 1 ? 'compute: { y: 1 }' : `launchPlan: p${at + 1}`),
      plan(`p${at}`, `w${at}`),
    ]);
    expect(findings(compileAll(commitOf(...chain.flat())))).toEqual([]);
  });

  it('are told of when they nest too deep inline', () => {
    const chain = Array.from({ length: 40 }, (_, at) =>
      flow(`w${at}`, at === 0 ? 'compute: { y: 1 }' : `workflow: w${at - 1}`),
    );
    expect(findings(compileAll(commitOf(...chain)))).toEqual([
      'PIPE-DAG-004: workflows run inline in each other 33 deep here; at most 32 are possible',
    ]);
  });
});
