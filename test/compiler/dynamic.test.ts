import { describe, expect, it } from 'vitest';
import { digestOf, type Json, sha256 } from '../../src/base/index.ts';
import { compileProduced, type TaskClosure } from '../../src/compiler/index.ts';

const task = (name: string, outputs: TaskClosure['outputs']): TaskClosure => ({
  kind: 'Task',
  name,
  inputs: { a: { type: 'integer' } },
  outputs,
  run: { command: ['./work'] },
  retries: { limit: 0, backoff: { initialMs: 1_000, factor: 2, maxMs: 60_000 } },
  timeout: {},
  resources: {},
});
const work = task('work', { x: { type: 'integer' } });
const tasks = new Map([['work', { closure: work, digest: digestOf(work as unknown as Json) }]]);

const compileSpec = (spec: Json, outputs: Readonly<Record<string, string>> = {}) =>
  compileProduced({ name: 'made', spec, tasks, outputs });

describe('a produced workflow', () => {
  it('is compiled as one of the commit: references, types, order', () => {
    const result = compileSpec(
      {
        outputs: { sum: '${{ nodes.b.outputs.x }}' },
        nodes: {
          b: { task: 'work', with: { a: '${{ nodes.a.outputs.x + 1 }}' } },
          a: { task: 'work', with: { a: 1 }, retries: 2 },
        },
      },
      { sum: 'integer' },
    );
    if (result.kind !== 'ok') throw new Error(result.problems.join('\n'));
    expect(result.closure.nodes.map(({ id, upstream }) => [id, upstream])).toEqual([
      ['a', []],
      ['b', [0]],
    ]);
    expect(
      Object.values(result.closure.tasks)
        .map(({ retries }) => retries.limit)
        .sort(),
    ).toEqual([0, 2]);
    expect(sha256(result.text)).toBe(result.digest);
  });

  it('may hold names that objects have already, and any text', () => {
    const result = compileSpec({ nodes: { constructor: { compute: { __proto__x: 'a\u0001"\\ ü \u{1F600}' } } } });
    expect(result.kind === 'ok' ? [] : result.problems).toEqual([]);
  });

  const nodes = { a: { task: 'work', with: { a: 1 } } };
  it.each<readonly [string, Json, Readonly<Record<string, string>>, RegExp]>([
    ['is no object', 7, {}, /PIPE-SCHEMA/],
    ['has no nodes', {}, {}, /PIPE-SCHEMA-\d+: .*nodes/],
    ['has a field that is none', { nodes, nods: {} }, {}, /nods/],
    [
      'runs a task that it may not',
      { nodes: { a: { task: 'wrok' } } },
      {},
      /PIPE-REF-001: .*"wrok".*"task": "wrok".*work/,
    ],
    ['runs a workflow', { nodes: { a: { workflow: 'main' } } }, {}, /PIPE-REF-001/],
    ['gives a wrong value', { nodes: { a: { task: 'work', with: { a: 'one' } } } }, {}, /PIPE-INPUT-003/],
    ['has a circle', { nodes: { a: { ...nodes.a, needs: ['a'] } } }, {}, /PIPE-DAG-001/],
    ['wants inputs', { inputs: { n: 'integer' }, nodes }, {}, /input "n" has no default/],
    ['lacks an output', { nodes }, { y: 'integer' }, /no output "y" \(integer\)/],
    ['has an output of another type', { nodes, outputs: { y: 'text' } }, { y: 'integer' }, /"y" is string/],
  ])('that %s is refused in words', (_name, spec, outputs, words) => {
    const result = compileSpec(spec, outputs);
    expect(result.kind === 'error' ? result.problems.join('\n') : 'compiled').toMatch(words);
  });

  it('that is too deep costs a problem, no crash', () => {
    let deep: Json = 1;
    for (let i = 0; i < 3_000; i++) deep = [deep];
    expect(compileSpec({ nodes: { a: { compute: { x: deep } } } }).kind).toBe('error');
  });
});
