import { describe, expect, it } from 'vitest';
import type { WorkflowClosure } from '../../src/compiler/index.ts';
import { commitOf, compileAll } from './commit.ts';

const ADD =
  'kind: Task\nmetadata: { name: add }\nspec: { inputs: { a: integer, b: { type: integer, default: 1 } }, outputs: { sum: integer }, run: { command: [sh] } }';

/** A workflow `w` with these nodes, beside a task. */
function compileNodes(...lines: readonly string[]) {
  const body = lines.map((line) => `    ${line}`).join('\n');
  const inputs = '{ n: integer, xs: list<integer>, ys: list<string>, rows: "table<who: string, n: integer>" }';
  return compileAll(
    commitOf(ADD, `kind: Workflow\nmetadata: { name: w }\nspec:\n  inputs: ${inputs}\n  nodes:\n${body}`),
  );
}

function findings({ diagnostics }: ReturnType<typeof compileAll>): readonly string[] {
  return diagnostics.filter(({ severity }) => severity === 'error').map(({ code, message }) => `${code}: ${message}`);
}

function nodeX(compiled: ReturnType<typeof compileAll>): WorkflowClosure['nodes'][number] | undefined {
  const entity = compiled.kind === 'compiled' ? compiled.changed.find(({ name }) => name === 'w') : undefined;
  if (entity?.closure.kind !== 'Workflow') throw new Error(JSON.stringify(compiled.diagnostics, null, 1));
  return entity.closure.nodes.find(({ id }) => id === 'x');
}

describe('outputs of a map', () => {
  it.each<readonly [string, string, Readonly<Record<string, string>>]>([
    ['are lists', 'x: { map: { task: add, over: { a: "${{ inputs.xs }}" } } }', { sum: 'list<integer>' }],
    [
      'have holes where a number of successes is enough',
      'x: { map: { task: add, over: { a: "${{ inputs.xs }}" }, minSuccesses: 3 } }',
      { sum: 'list<integer?>' },
    ],
    [
      'that computes have the types of its values',
      'x: { map: { over: "${{ inputs.xs }}", compute: { half: "${{ float(item) / 2.0 }}", at: "${{ index }}" } } }',
      { half: 'list<float>', at: 'list<integer>' },
    ],
    [
      'that computes over lists by name read them by name',
      'x: { map: { over: { a: "${{ inputs.xs }}", b: "${{ inputs.ys }}" }, compute: { t: "${{ item.b }} ${{ item.a }}" } } }',
      { t: 'list<string>' },
    ],
    [
      'that computes over a table read its rows',
      'x: { map: { over: "${{ inputs.rows }}", compute: { n: "${{ item.n + inputs.n }}" }, minSuccessRatio: 0.5 } }',
      { n: 'list<integer?>' },
    ],
  ])('%s', (_name, line, outputs) => {
    expect(nodeX(compileNodes(line))?.outputs).toEqual(outputs);
  });
});

describe('a map that computes', () => {
  it('keeps its list, its values and what must succeed', () => {
    const line = 'x: { map: { over: "${{ inputs.xs }}", compute: { y: "${{ item + 1 }}" }, minSuccesses: 2 } }';
    expect(nodeX(compileNodes(line))).toMatchObject({
      kind: 'computeMap',
      over: {},
      items: { source: 'inputs.xs' },
      values: { y: { source: 'item + 1' } },
      minSuccessRatio: 1,
      minSuccesses: 2,
    });
  });

  it('waits for what its list and its values read', () => {
    const compiled = compileNodes(
      'a: { compute: { xs: [1, 2] } }',
      'b: { compute: { n: 1 } }',
      'x: { map: { over: "${{ nodes.a.outputs.xs }}", compute: { y: "${{ item + nodes.b.outputs.n }}" } } }',
    );
    expect(nodeX(compiled)?.upstream).toEqual([0, 1]);
  });

  it.each<readonly [string, string, readonly string[]]>([
    [
      'does neither or both',
      'x: { map: { over: "${{ inputs.xs }}" } }',
      ['PIPE-SCHEMA-010: "spec.nodes.x.map": none of "task" and "compute" is given'],
    ],
    [
      'retries',
      'x: { map: { over: "${{ inputs.xs }}", compute: { y: 1 }, concurrency: 2, with: { a: 1 } }, retries: 2 }',
      [
        'PIPE-SCHEMA-014: a map that computes has no "concurrency": it starts no process',
        'PIPE-SCHEMA-014: a map that computes has no "with": it starts no process',
        'PIPE-SCHEMA-014: a map that computes has no "retries": it starts no process',
      ],
    ],
    [
      'runs over no list',
      'x: { map: { over: { a: "${{ inputs.n }}" }, compute: { y: "${{ item.a }}" } } }',
      ['PIPE-EXPR-004: a map runs over a list; this is integer'],
    ],
    [
      'reads what its elements lack',
      'x: { map: { over: "${{ inputs.rows }}", compute: { y: "${{ item.none }}" } } }',
      ['PIPE-EXPR-003: there is no field "none"'],
    ],
    [
      'says twice how many must succeed',
      'x: { map: { over: "${{ inputs.xs }}", compute: { y: 1 }, minSuccesses: 1, minSuccessRatio: 0.5 } }',
      ['PIPE-SCHEMA-014: "minSuccesses" and "minSuccessRatio" say the same twice'],
    ],
  ])('that %s is refused', (_name, line, found) => {
    const told = findings(compileNodes(line));
    expect(told.map((text, at) => text.slice(0, found[at]?.length ?? 0))).toEqual(found);
  });
});
