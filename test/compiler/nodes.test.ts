import { describe, expect, it } from 'vitest';
import type { WorkflowClosure } from '../../src/compiler/index.ts';
import { commitOf, compileAll } from './commit.ts';

const TASKS = [
  'kind: Task\nmetadata: { name: add }\nspec: { inputs: { a: integer, b: { type: integer, default: 1 } }, outputs: { sum: integer }, run: { command: [sh] } }',
  'kind: Task\nmetadata: { name: say }\nspec: { inputs: { text: string, to: "string?" }, outputs: { length: integer }, run: { command: [sh] } }',
  'kind: Task\nmetadata: { name: plan }\nspec: { inputs: { n: integer }, outputs: { workflow: json }, run: { command: [sh] } }',
  'kind: Workflow\nmetadata: { name: sub }\nspec: { inputs: { n: integer }, outputs: { twice: "${{ inputs.n * 2 }}" }, nodes: { one: { task: add, with: { a: 1 } } } }',
  'kind: LaunchPlan\nmetadata: { name: child }\nspec: { workflow: sub, inputs: { default: { n: 1 } } }',
  'kind: LaunchPlan\nmetadata: { name: fixed }\nspec: { workflow: sub, inputs: { fixed: { n: 1 } } }',
];

/** A workflow `w` of these lines of its spec, beside the tasks above. */
function compileSpec(...lines: readonly string[]) {
  const body = lines.map((line) => `  ${line}`).join('\n');
  return compileAll(
    commitOf(
      ...TASKS,
      `kind: Workflow\nmetadata: { name: w }\nspec:\n  inputs: { n: integer, o: "integer?", xs: list<integer>, rows: "list<{ who: string, n: integer }>", pause: duration }\n${body}`,
    ),
  );
}

function compileNodes(...lines: readonly string[]) {
  return compileSpec('nodes:', ...lines.map((line) => `  ${line}`));
}

/** Errors as `code: message`. */
function findings({ diagnostics }: ReturnType<typeof compileAll>): readonly string[] {
  return diagnostics.filter(({ severity }) => severity === 'error').map(({ code, message }) => `${code}: ${message}`);
}

function closureOf(compiled: ReturnType<typeof compileAll>): WorkflowClosure {
  const entity = compiled.kind === 'compiled' ? compiled.changed.find(({ name }) => name === 'w') : undefined;
  if (entity?.closure.kind !== 'Workflow') throw new Error(JSON.stringify(compiled.diagnostics, null, 1));
  return entity.closure;
}

/** Types of the outputs of the node `x`, as others read them. */
function outputsOf(...lines: readonly string[]): Readonly<Record<string, string>> | undefined {
  return closureOf(compileNodes(...lines)).nodes.find(({ id }) => id === 'x')?.outputs;
}

describe('outputs of a node', () => {
  const LOW = 'when: "${{ inputs.n < 3 }}"';
  it.each<readonly [string, readonly string[], Readonly<Record<string, string>>]>([
    ['of a workflow are its own', ['x: { workflow: sub, with: { n: 1 } }'], { twice: 'integer' }],
    ['of a launch plan are its workflow’s', ['x: { launchPlan: child }'], { twice: 'integer' }],
    [
      'of an approval tell who',
      ['x: { approve: { message: ok? } }'],
      { by: 'string?', comment: 'string?', at: 'datetime' },
    ],
    ['of a signal are its value', ['x: { signal: { type: "list<float>" } }'], { value: 'list<float>' }],
    ['of a sleep are none', ['x: { sleep: 10m }'], {}],
    [
      'of a dynamic node are declared',
      ['x: { dynamic: { task: plan, with: { n: 1 }, tasks: [add], outputs: { total: float } } }'],
      { total: 'float' },
    ],
    ['with a condition are optional', [`x: { task: add, with: { a: 1 }, ${LOW} }`], { sum: 'integer?' }],
    ['with a condition, computed, are optional', [`x: { compute: { y: 1 }, ${LOW} }`], { y: 'integer?' }],
    ['always done are not', ['x: { compute: { y: 1 }, when: true }'], { y: 'integer?' }],
    [
      'that needs one with a condition are optional',
      [
        `a: { compute: { y: 1 }, ${LOW} }`,
        'b: { compute: { y: 1 }, needs: [a] }',
        'x: { compute: { y: 1 }, needs: [b] }',
      ],
      { y: 'integer?' },
    ],
    [
      'that only reads one with a condition are there',
      [`a: { compute: { y: 1 }, ${LOW} }`, 'x: { compute: { y: "${{ default(nodes.a.outputs.y, 0) }}" } }'],
      { y: 'integer' },
    ],
    [
      'of a switch are those of all branches',
      [
        'x:',
        `  switch: [{ ${LOW}, then: { task: add, with: { a: 1 } } }]`,
        '  else: { compute: { sum: 1.5, more: 1 } }',
      ],
      { sum: 'float', more: 'integer?' },
    ],
    [
      'of a switch without else are optional',
      [`x: { switch: [{ ${LOW}, then: { compute: { y: 1 } } }] }`],
      { y: 'integer?' },
    ],
    [
      'of a switch do not ask for those of a branch that fails',
      [`x: { switch: [{ ${LOW}, then: { compute: { y: 1 } } }], else: { fail: "\${{ inputs.n }} is too much" } }`],
      { y: 'integer' },
    ],
  ])('%s', (_name, lines, outputs) => {
    expect(outputsOf(...lines)).toEqual(outputs);
  });
});

describe('what is wrong with a node', () => {
  it.each<readonly [string, readonly string[], readonly string[]]>([
    ['an unknown workflow', ['x: { workflow: sup }'], ['PIPE-REF-001: there is no workflow "sup" in this commit']],
    [
      'an unknown launch plan',
      ['x: { launchPlan: chid }'],
      ['PIPE-REF-001: there is no launch plan "chid" in this commit'],
    ],
    [
      'an input that a workflow misses',
      ['x: { workflow: sub }'],
      ['PIPE-INPUT-001: workflow "sub" wants the input "n" (integer), and node "x" does not give it'],
    ],
    [
      'an input of a wrong type',
      ['x: { workflow: sub, with: { n: "${{ inputs.xs }}" } }'],
      ['PIPE-EXPR-004: expected integer, found list<integer>'],
    ],
    [
      'an input that a launch plan fixes',
      ['x: { launchPlan: fixed, with: { n: 2 } }'],
      ['PIPE-INPUT-002: launch plan "fixed" has no input "n"'],
    ],
    [
      'an input that a branch misses',
      ['x: { switch: [{ when: true, then: { task: add } }] }'],
      ['PIPE-INPUT-001: task "add" wants the input "a" (integer), and this branch of node "x" does not give it'],
    ],
    [
      'a condition that is a number',
      ['x: { compute: { y: 1 }, when: "${{ inputs.n }}" }'],
      ['PIPE-EXPR-004: expected boolean, found integer'],
    ],
    [
      'a condition in pieces',
      ['x: { compute: { y: 1 }, when: "${{ inputs.n }} > 3" }'],
      ['PIPE-NODE-003: a condition is one expression, and this is text'],
    ],
    [
      'a condition that reads itself',
      ['x: { compute: { y: 1 }, when: "${{ nodes.x.outputs.y > 0 }}" }'],
      ['PIPE-DAG-001: node "x" needs itself'],
    ],
    [
      'an output that may be missing',
      [
        'a: { task: add, with: { a: 1 }, when: "${{ inputs.n > 0 }}" }',
        'x: { task: add, with: { a: "${{ nodes.a.outputs.sum }}" } }',
      ],
      ['PIPE-NODE-004: node "a" may be skipped, and its outputs are null then: expected integer, found integer?'],
    ],
    ['a sleep that is no duration', ['x: { sleep: soon }'], ['PIPE-INPUT-003: "soon" is not a duration']],
    [
      'a sleep of a wrong type',
      ['x: { sleep: "${{ inputs.n }}" }'],
      ['PIPE-EXPR-004: expected duration, found integer'],
    ],
    [
      'a message that is no text',
      ['x: { approve: { message: "${{ inputs.xs }}" } }'],
      ['PIPE-EXPR-004: expected string, found list<integer>'],
    ],
    [
      'a default of a signal',
      ['x: { signal: { type: integer, timeout: 1h, default: many } }'],
      ['PIPE-VALUE-001: the default does not fit its type: expected an integer, found the text "many"'],
    ],
    [
      'a task that a dynamic node names',
      ['x: { dynamic: { task: plan, with: { n: 1 }, tasks: [ad], outputs: { y: float } } }'],
      ['PIPE-REF-001: there is no task "ad" in this commit'],
    ],
    [
      'an item outside of a map',
      ['x: { task: add, with: { a: "${{ item }}" } }'],
      ['PIPE-EXPR-003: there is no "item" here'],
    ],
    [
      'a map over what is no list',
      ['x: { map: { task: add, over: "${{ inputs.n }}", with: { a: "${{ item }}" } } }'],
      ['PIPE-EXPR-004: a map runs over a list; this is integer'],
    ],
    [
      'an item of a wrong type',
      ['x: { map: { task: add, over: "${{ inputs.rows }}", with: { a: "${{ item.who }}" } } }'],
      ['PIPE-EXPR-004: expected integer, found string'],
    ],
    [
      'a field that a kind does not have',
      [
        'x: { approve: { message: ok? }, timeout: { total: 1h } }',
        'y: { sleep: 1h, retries: 2 }',
        'z: { workflow: sub, timeout: { run: 1h } }',
      ],
      [
        'PIPE-SCHEMA-014: a "approve" node has no "timeout"',
        'PIPE-SCHEMA-014: a "sleep" node has no "retries"',
        'PIPE-SCHEMA-014: a "workflow" node has no "timeout.run"',
      ],
    ],
    [
      'two things in one branch',
      ['x: { switch: [{ when: true, then: { task: add, sleep: 1h } }] }'],
      ['PIPE-SCHEMA-010: "spec.nodes.x.switch.0.then": "task" and "sleep" are given together'],
    ],
  ])('%s', (_name, lines, found) => {
    expect(findings(compileNodes(...lines))).toEqual(found);
  });

  it('is told where a field of the node stands inside of what it does', () => {
    const { diagnostics } = compileNodes('x: { dynamic: { task: plan, tasks: [], outputs: {}, retries: 2 } }');
    expect(diagnostics[0]?.help).toBe('write "retries" beside "dynamic", on the node');
  });

  it('is told of a skipped output with the way out, and why it may be skipped', () => {
    const { diagnostics } = compileNodes(
      'a: { compute: { y: 1 }, when: "${{ inputs.n > 0 }}" }',
      'b: { compute: { y: 1 }, needs: [a] }',
      'x: { compute: { y: "${{ nodes.b.outputs.y + 1 }}" } }',
    );
    const finding = diagnostics.find(({ code }) => code === 'PIPE-NODE-004');
    expect(finding?.help).toContain('default(nodes.b.outputs.…, …)');
    expect(finding?.related).toMatchObject([{ message: 'it is skipped when "a" is' }]);
  });
});

describe('narrowing', () => {
  it.each<readonly [string, readonly string[]]>([
    [
      'the condition of a node guards its values',
      [
        'a: { compute: { y: 1 }, when: "${{ inputs.n > 0 }}" }',
        'x: { task: add, with: { a: "${{ nodes.a.outputs.y }}" }, when: "${{ nodes.a.outputs.y != null }}" }',
      ],
    ],
    [
      'the condition of a branch guards it, and so do those before it that did not hold',
      [
        'x:',
        '  switch: [{ when: "${{ inputs.o == null }}", then: { sleep: 1m } }]',
        '  else: { task: add, with: { a: "${{ inputs.o }}" } }',
      ],
    ],
    [
      'a test inside the expression does',
      [
        'a: { compute: { y: 1 }, when: "${{ inputs.n > 0 }}" }',
        'x: { compute: { y: "${{ nodes.a.outputs.y != null ? nodes.a.outputs.y + 1 : 0 }}" } }',
      ],
    ],
  ])('%s', (_name, lines) => {
    expect(findings(compileNodes(...lines))).toEqual([]);
  });

  it('ends with the branch', () => {
    const lines = [
      'x:',
      '  switch:',
      '    - { when: "${{ inputs.o != null }}", then: { sleep: 1m } }',
      '    - { when: true, then: { task: add, with: { a: "${{ inputs.o }}" } } }',
    ];
    expect(findings(compileNodes(...lines))).toEqual(['PIPE-EXPR-004: expected integer, found integer?']);
  });
});

describe('closures', () => {
  it('hold the conditions, and with whom a node is skipped', () => {
    const { nodes } = closureOf(
      compileNodes(
        'a: { compute: { y: 1 }, when: "${{ inputs.n > 0 }}" }',
        'b: { compute: { y: 1 } }',
        'x: { compute: { y: 1 }, needs: [b, a] }',
      ),
    );
    expect(nodes).toMatchObject([
      { id: 'a', when: { kind: 'expression', source: 'inputs.n > 0' } },
      { id: 'b' },
      { id: 'x', upstream: [0, 1], skipsWith: [0] },
    ]);
  });

  it('part what subtasks have alike from what each has', () => {
    const { nodes } = closureOf(
      compileNodes(
        'x: { map: { task: say, over: "${{ inputs.rows }}", with: { text: "${{ index }}: ${{ item.who }}", to: all } } }',
        'y: { map: { task: add, over: { a: "${{ inputs.xs }}" }, with: { b: "${{ item.a + index }}" } } }',
      ),
    );
    expect(nodes).toMatchObject([
      { over: {}, items: { source: 'inputs.rows' }, with: { to: { value: 'all' } }, each: { text: { kind: 'text' } } },
      { over: { a: {} }, with: {}, each: { b: { source: 'item.a + index' } } },
    ]);
  });

  it('hold every workflow that runs inline once, and what it runs', () => {
    const outer =
      'kind: Workflow\nmetadata: { name: outer }\nspec: { nodes: { a: { workflow: sub, with: { n: 1 } } } }';
    const w =
      'kind: Workflow\nmetadata: { name: w }\nspec: { nodes: { a: { workflow: outer }, b: { workflow: outer }, c: { workflow: sub, with: { n: 2 } } } }';
    const compiled = compileAll(commitOf(...TASKS, outer, w));
    const closure = closureOf(compiled);
    const digests = new Map(
      compiled.kind === 'compiled' ? compiled.changed.map(({ name, kind, digest }) => [`${kind}/${name}`, digest]) : [],
    );
    expect(Object.keys(closure.workflows ?? {}).sort()).toEqual(
      [digests.get('Workflow/outer'), digests.get('Workflow/sub')].sort(),
    );
    expect(Object.keys(closure.tasks)).toEqual([digests.get('Task/add')]);
    expect(JSON.stringify(closure).split('"one"')).toHaveLength(2);
  });

  it('name a launch plan with its closure', () => {
    const compiled = compileNodes('x: { launchPlan: child, retries: 2, timeout: { total: 1h } }');
    const child = compiled.kind === 'compiled' ? compiled.changed.find(({ name }) => name === 'child') : undefined;
    expect(closureOf(compiled).nodes).toMatchObject([
      { launchPlan: { name: 'child', closure: child?.digest }, retries: { limit: 2 }, timeout: { totalMs: 3_600_000 } },
    ]);
  });

  it('merge what a node says of interruption into its task', () => {
    const { nodes, tasks } = closureOf(compileNodes('x: { task: add, with: { a: 1 }, interruptible: true }'));
    const [node] = nodes;
    expect(node?.kind === 'task' && tasks[node.task]).toMatchObject({ name: 'add', interruptible: true });
  });
});

describe('a failure handler', () => {
  const handled = (handler: string) =>
    compileSpec('nodes: { a: { task: add, with: { a: 1 } } }', `onFailure: ${handler}`);

  it('reads the error, and outputs of nodes as optional', () => {
    const compiled = handled(
      '{ task: say, with: { text: "${{ error.message }} ${{ size(error.failures) }}", to: "${{ error.node }}" }, when: "${{ nodes.a.outputs.sum == null }}" }',
    );
    expect(findings(compiled)).toEqual([]);
    expect(closureOf(compiled).onFailure).toMatchObject({ kind: 'task', when: { kind: 'expression' } });
  });

  it.each<readonly [string, string, string]>([
    [
      'an unknown field',
      '{ task: say, with: { text: "${{ error.text }}" } }',
      'PIPE-EXPR-003: there is no field "text" in',
    ],
    [
      'an output as if it were there',
      '{ task: add, with: { a: "${{ nodes.a.outputs.sum }}" } }',
      'PIPE-EXPR-004: expected integer, found integer?',
    ],
    [
      'a missing input',
      '{ task: say }',
      'PIPE-INPUT-001: task "say" wants the input "text" (string), and the failure handler',
    ],
    [
      'a kind that waits',
      '{ sleep: 1h }',
      'PIPE-SCHEMA-010: "spec.onFailure": none of "task", "workflow" and "launchPlan" is given',
    ],
  ])('is told of %s', (_name, handler, found) => {
    expect(findings(handled(handler))[0]).toContain(found);
  });

  it('is the only place that has an error', () => {
    const compiled = compileNodes('x: { task: say, with: { text: "${{ error.message }}" } }');
    expect(findings(compiled)).toEqual(['PIPE-EXPR-003: there is no "error" here']);
  });
});
