import type { DiagnosticCode } from './code.ts';
import { example } from './examples.ts';

/** Documents of one file: each a list of lines. */
function documents(...parts: readonly (readonly string[])[]): string {
  return example(...parts.flatMap((lines, at) => (at === 0 ? lines : ['---', ...lines])));
}

const ADD = [
  'kind: Task',
  'metadata: { name: add }',
  'spec: { inputs: { a: integer }, outputs: { b: integer }, run: { command: [sh, add.sh] } }',
];

function workflow(name: string, ...lines: readonly string[]): readonly string[] {
  return ['kind: Workflow', `metadata: { name: ${name} }`, 'spec:', ...lines.map((line) => `  ${line}`)];
}

function planner(output: string): readonly string[] {
  return [
    'kind: Task',
    'metadata: { name: planner }',
    `spec: { outputs: { ${output} }, run: { command: [sh, plan.sh] } }`,
  ];
}

const DYNAMIC = workflow(
  'dynamic',
  'nodes: { all: { dynamic: { task: planner, tasks: [add], outputs: { total: integer } } } }',
);

function optional(use: string): string {
  return documents(
    ADD,
    workflow(
      'sums',
      'inputs: { n: integer }',
      'nodes:',
      '  one: { task: add, with: { a: 1 }, when: "${{ inputs.n > 0 }}" }',
      `  two: { task: add, with: { a: "\${{ ${use} }}" } }`,
    ),
  );
}

const BRANCH_TYPES = (second: string): string =>
  documents(
    workflow(
      'sizes',
      'inputs: { n: integer }',
      'nodes:',
      '  size:',
      '    switch: [{ when: "${{ inputs.n > 9 }}", then: { compute: { size: large } } }]',
      `    else: { compute: { size: ${second} } }`,
    ),
  );

const inner = (runs: string): readonly string[] => workflow('inner', `nodes: { again: { workflow: ${runs} } }`);
const OUTER = workflow('outer', 'nodes: { go: { workflow: inner } }');
const LEAF = workflow('leaf', 'nodes: { one: { compute: { x: 1 } } }');

/** Workflows that each run the one before twice: the last one has 2^count nodes. */
function doubling(count: number): string {
  const parts = Array.from({ length: count }, (_, at) =>
    workflow(`w${at + 1}`, `nodes: { a: { workflow: w${at} }, b: { workflow: w${at} } }`),
  );
  return documents(workflow('w0', 'nodes: { one: { compute: { x: 1 } } }'), ...parts);
}

/** What the compiler finds of kinds of nodes, of conditions, and of definitions that run each other. */
export const NODE_CODES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-NODE-002',
    severity: 'error',
    title: 'a default that never holds',
    explanation:
      'The `default` of `approve` and `signal` is what holds when nobody has answered within `timeout`. Without a timeout the node waits for ever.',
    wrong: documents(workflow('ship', 'nodes: { ok: { approve: { message: Ship it?, default: reject } } }')),
    right: documents(
      workflow('ship', 'nodes: { ok: { approve: { message: Ship it?, timeout: 24h, default: reject } } }'),
    ),
  },
  {
    code: 'PIPE-NODE-003',
    severity: 'error',
    title: 'a condition is not an expression',
    explanation:
      'What stands in `when` is one expression in `${{ … }}`, or true or false. Text beside it would always be text, and never false.',
    wrong: documents(
      workflow('sums', 'inputs: { n: integer }', 'nodes: { one: { compute: { x: 1 }, when: inputs.n > 0 } }'),
    ),
    right: documents(
      workflow('sums', 'inputs: { n: integer }', 'nodes: { one: { compute: { x: 1 }, when: "${{ inputs.n > 0 }}" } }'),
    ),
  },
  {
    code: 'PIPE-NODE-004',
    severity: 'error',
    title: 'outputs of a node that may be skipped are used as if they were always there',
    explanation:
      'A node with `when`, or one that needs such a node, may be skipped, and its outputs are null then. Give a default, `default(nodes.one.outputs.b, 0)`, test it, `nodes.one.outputs.b != null ? … : …`, or put the test in the `when` of the node that reads it.',
    wrong: optional('nodes.one.outputs.b'),
    right: optional('default(nodes.one.outputs.b, 0)'),
  },
  {
    code: 'PIPE-NODE-005',
    severity: 'error',
    title: 'the task of a dynamic node writes no workflow',
    explanation:
      'The task of a `dynamic` node writes the spec of a workflow to its output `workflow`, of type `json`. That workflow is compiled and run in its place; it may run the tasks listed in `tasks`, and must give the `outputs` that the node declares.',
    wrong: documents(ADD, planner('plan: json'), DYNAMIC),
    right: documents(ADD, planner('workflow: json'), DYNAMIC),
  },
  {
    code: 'PIPE-NODE-006',
    severity: 'error',
    title: 'branches of a switch give one output two types',
    explanation:
      'What a switch gives is what its branches give: an output of one name has one type in all of them. One that is missing in some branch may be null.',
    wrong: BRANCH_TYPES('1'),
    right: BRANCH_TYPES('small'),
  },
  {
    code: 'PIPE-DAG-003',
    severity: 'error',
    title: 'definitions run each other in a circle',
    explanation:
      'A workflow may run other workflows, inline or by their launch plans, but not itself: such an execution would never end. The message shows the whole circle; take one of its references away. To repeat something, map over a list, or let a task loop.',
    wrong: documents(OUTER, inner('outer'), LEAF),
    right: documents(OUTER, inner('leaf'), LEAF),
  },
  {
    code: 'PIPE-DAG-004',
    severity: 'error',
    title: 'too much runs inline in one workflow',
    explanation:
      'Nodes of a `workflow` node become part of the execution. Workflows run inline in each other at most 32 deep, 500 different ones in all, and 100,000 nodes when each is counted as often as it runs. Run a part as an execution of its own: a `launchPlan` node.',
    wrong: '# eighteen workflows, each of which runs the one before twice',
    right: doubling(2),
    wrongBytes: () => new TextEncoder().encode(doubling(18)),
  },
];
