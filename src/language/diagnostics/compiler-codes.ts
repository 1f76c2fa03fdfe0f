import type { DiagnosticCode } from './code.ts';
import { example, task } from './examples.ts';

/** Documents of one file, the first with the apiVersion that holds for all. */
function documents(...parts: readonly (readonly string[])[]): string {
  return example(
    ...parts
      .map((lines) => lines.join('\n'))
      .join('\n---\n')
      .split('\n'),
  );
}

const ADD = [
  'kind: Task',
  'metadata: { name: add }',
  'spec: { inputs: { a: integer }, outputs: { b: integer }, run: { command: [sh, add.sh] } }',
];

/** A workflow of these nodes beside a task `add` (a: integer → b: integer). */
function workflow(nodes: string, more = ''): string {
  return documents(ADD, [
    'kind: Workflow',
    'metadata: { name: sums }',
    `spec: { inputs: { n: integer }, ${more}nodes: ${nodes} }`,
  ]);
}

/** A schedule of a launch plan whose workflow wants the integer `n`. */
function schedule(spec: string): string {
  return documents(
    [
      'kind: Workflow',
      'metadata: { name: sums }',
      'spec: { inputs: { n: integer, at: "datetime?" }, nodes: { one: { compute: { x: "${{ inputs.n }}" } } } }',
    ],
    ['kind: LaunchPlan', 'metadata: { name: nightly }', 'spec: { workflow: sums }'],
    ['kind: Schedule', 'metadata: { name: nightly }', `spec: { launchPlan: nightly, ${spec} }`],
  );
}

function project(name: string, paths = '[pipelines]'): readonly string[] {
  return [
    'kind: Project',
    `metadata: { name: ${name} }`,
    `spec: { paths: ${paths}, domains: { production: { ref: main } } }`,
  ];
}

const EXPRESSIONS: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-EXPR-002',
    severity: 'error',
    title: 'an expression cannot be read',
    explanation:
      'Between `${{` and `}}` stands one expression of CEL: operators, fields, lists, maps and calls. See https://cel.dev for the language. A string that is to hold `${{` itself writes it as an expression: `${{ "${{" }}`.',
    wrong: workflow('{ one: { compute: { x: "${{ inputs.n + }}" } } }'),
    right: workflow('{ one: { compute: { x: "${{ inputs.n + 1 }}" } } }'),
  },
  {
    code: 'PIPE-EXPR-003',
    severity: 'error',
    title: 'an expression names something that there is not',
    explanation:
      'In scope are `inputs`, `nodes.ID.outputs` and `execution` (name, commit, startTime), loop variables, `item` and `index` in `with` of a map, and `error` in a failure handler. Fields are those that the types declare. Node ids may hold hyphens: `nodes.my-node.outputs.x`.',
    wrong: workflow('{ one: { compute: { x: "${{ inputs.m }}" } } }'),
    right: workflow('{ one: { compute: { x: "${{ inputs.n }}" } } }'),
  },
  {
    code: 'PIPE-EXPR-004',
    severity: 'error',
    title: 'the types of an expression do not fit',
    explanation:
      'Expressions are typed before anything runs. An integer may stand for a float; all else is exact. What may be null needs a default, `default(x, 0)`, or a test, `has(inputs.x) ? inputs.x : 0`. Inside a string only scalars stand.',
    wrong: workflow('{ one: { task: add, with: { a: "${{ string(inputs.n) }}" } } }'),
    right: workflow('{ one: { task: add, with: { a: "${{ inputs.n }}" } } }'),
  },
  {
    code: 'PIPE-EXPR-005',
    severity: 'error',
    title: 'an expression uses what pipectl leaves out of CEL',
    explanation:
      'Bytes, unsigned integers and optional access (`.?`) are not available, and the pattern of `matches` must be a literal: patterns from data are never compiled.',
    wrong: workflow('{ one: { compute: { x: "${{ 1u }}" } } }'),
    right: workflow('{ one: { compute: { x: "${{ 1 }}" } } }'),
  },
];

const REFERENCES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-REF-001',
    severity: 'error',
    title: 'a definition refers to one that there is not',
    explanation:
      'Tasks, workflows and launch plans are found by kind and name among all definitions of the same commit, in whichever file they stand.',
    wrong: workflow('{ one: { task: ad, with: { a: 1 } } }'),
    right: workflow('{ one: { task: add, with: { a: 1 } } }'),
  },
  {
    code: 'PIPE-REF-002',
    severity: 'error',
    title: 'a name is declared twice',
    explanation: 'Two definitions of one kind have two names, across all files of a commit.',
    wrong: documents(ADD, ADD),
    right: documents(
      ADD,
      ADD.map((line) => line.replace('name: add', 'name: add-more')),
    ),
  },
  {
    code: 'PIPE-REF-003',
    severity: 'error',
    title: 'a source folder is not in the commit',
    explanation:
      'The folder of `source` is a task’s working directory. It begins at the root of the repository and must be part of the commit: files that git ignores are not.',
    wrong: example('kind: Task', 'metadata: { name: add }', 'spec: { source: task/, run: { command: [sh, add.sh] } }'),
    right: example('kind: Task', 'metadata: { name: add }', 'spec: { source: tasks/, run: { command: [sh, add.sh] } }'),
  },
  {
    code: 'PIPE-REF-004',
    severity: 'error',
    title: 'a path leaves the repository',
    explanation: 'Paths begin at the root of the repository, separate folders by `/` and hold no `..`.',
    wrong: example(
      'kind: Task',
      'metadata: { name: add }',
      'spec: { source: ../tasks, run: { command: [sh, add.sh] } }',
    ),
    right: example('kind: Task', 'metadata: { name: add }', 'spec: { source: tasks, run: { command: [sh, add.sh] } }'),
  },
  {
    code: 'PIPE-DAG-001',
    severity: 'error',
    title: 'nodes need each other in a circle',
    explanation:
      'A node starts when all that it reads or needs has ended. The message shows the whole circle; take one of its references away.',
    wrong: workflow(
      '{ one: { compute: { x: "${{ nodes.two.outputs.x }}" } }, two: { compute: { x: "${{ nodes.one.outputs.x }}" } } }',
    ),
    right: workflow('{ one: { compute: { x: 1 } }, two: { compute: { x: "${{ nodes.one.outputs.x }}" } } }'),
  },
  {
    code: 'PIPE-DAG-002',
    severity: 'error',
    title: 'a node needs one that there is not',
    explanation: '`needs` lists ids of nodes of the same workflow.',
    wrong: workflow('{ one: { compute: { x: 1 } }, two: { needs: [on], compute: { x: 2 } } }'),
    right: workflow('{ one: { compute: { x: 1 } }, two: { needs: [one], compute: { x: 2 } } }'),
  },
];

const INPUTS: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-INPUT-001',
    severity: 'error',
    title: 'an input is missing',
    explanation:
      'An input without a default whose type does not end in `?` must be given: by the node that runs the task, or by the schedule that starts the launch plan.',
    wrong: workflow('{ one: { task: add } }'),
    right: workflow('{ one: { task: add, with: { a: 1 } } }'),
  },
  {
    code: 'PIPE-INPUT-002',
    severity: 'error',
    title: 'an input is given that there is not',
    explanation:
      'The task, workflow or launch plan does not declare this input. An input that a plan fixes is no longer one.',
    wrong: workflow('{ one: { task: add, with: { a: 1, c: 2 } } }'),
    right: workflow('{ one: { task: add, with: { a: 1 } } }'),
  },
  {
    code: 'PIPE-INPUT-003',
    severity: 'error',
    title: 'a value does not fit the type of its input',
    explanation: 'The value must be of the declared type: exact, save that an integer may stand for a float.',
    wrong: workflow('{ one: { task: add, with: { a: "1" } } }'),
    right: workflow('{ one: { task: add, with: { a: 1 } } }'),
  },
  {
    code: 'PIPE-INPUT-004',
    severity: 'error',
    title: 'an input is given twice',
    explanation:
      'A map runs over an input or gives the same to all; a launch plan has a default for an input or fixes it; a schedule gives the tick or a value.',
    wrong: workflow('{ all: { map: { task: add, over: { a: [1, 2] }, with: { a: 1 } } } }'),
    right: workflow('{ all: { map: { task: add, over: { a: [1, 2] } } } }'),
  },
];

const TIMES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-CRON-001',
    severity: 'error',
    title: 'a cron expression cannot be read, or never ticks',
    explanation:
      'Five fields (minute, hour, day of month, month, day of week), six with seconds first, or a name such as `@daily`. Fields take values, names, ranges, lists and steps, days also `L`, `W` and `#`. A date that no year has, such as 31 February, never ticks.',
    wrong: schedule('inputs: { n: 1 }, cron: "0 25 * * *"'),
    right: schedule('inputs: { n: 1 }, cron: "0 2 * * *"'),
  },
  {
    code: 'PIPE-CRON-002',
    severity: 'error',
    title: 'a time zone is unknown',
    explanation: 'Zones are named as in the IANA database: `Europe/Berlin`, `America/New_York`, `UTC`.',
    wrong: schedule('inputs: { n: 1 }, every: 1d, timeZone: Berlin'),
    right: schedule('inputs: { n: 1 }, every: 1d, timeZone: Europe/Berlin'),
  },
];

const PROJECT: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-PROJ-001',
    severity: 'error',
    title: 'a commit has no project',
    explanation:
      'The file `pipectl.yaml` at the root of the repository holds one document of kind Project: it names the paths of the definitions and the domains. `pipectl init` writes one.',
    wrong: task('add'),
    right: documents(project('ticketing'), ADD),
  },
  {
    code: 'PIPE-PROJ-002',
    severity: 'error',
    title: 'a commit has two projects',
    explanation: 'One repository is one project: its only Project document stands in the root `pipectl.yaml`.',
    wrong: documents(project('ticketing'), project('sales'), ADD),
    right: documents(project('ticketing'), ADD),
  },
  {
    code: 'PIPE-PROJ-003',
    severity: 'error',
    title: 'a path of the project leaves the repository',
    explanation: 'The paths of a project are folders or files of the commit: relative to its root, without `..`.',
    wrong: documents(project('ticketing', '[../pipelines]'), ADD),
    right: documents(project('ticketing', '[pipelines]'), ADD),
  },
  {
    code: 'PIPE-PROJ-004',
    severity: 'error',
    title: 'a project has no definitions',
    explanation:
      'No `.yaml` or `.yml` file in the paths of the project holds a definition. Files and folders whose names begin with a dot are not read. A commit without definitions would empty the domain that tracks its branch, and a misspelled path is the likeliest cause, so it is refused; to end a project, switch its schedules off.',
    wrong: documents(project('ticketing')),
    right: documents(project('ticketing'), ADD),
  },
  {
    code: 'PIPE-PROJ-005',
    severity: 'error',
    title: 'a commit has too many findings',
    explanation: 'The first findings are shown and the rest is counted: correct these, and the others will show.',
    wrong: '# a project with more than 500 findings',
    right: documents(project('ticketing'), ADD),
    wrongBytes: () => {
      const nodes = Array.from({ length: 600 }, (_, at) => `    n${at}: { task: none }`).join('\n');
      const many = ['kind: Workflow', 'metadata: { name: w }', `spec:\n  nodes:\n${nodes}`];
      return new TextEncoder().encode(documents(project('ticketing'), many));
    },
  },
];

/** A dynamic node of a cached task, with more at the node. */
function planned(more: string): string {
  const plan = [
    'kind: Task',
    'metadata: { name: plan }',
    'spec: { outputs: { workflow: json }, run: { command: [sh, plan.sh] }, cache: true }',
  ];
  const node = `{ dynamic: { task: plan, tasks: [add], outputs: { b: integer } }${more} }`;
  return documents(ADD, plan, [
    'kind: Workflow',
    'metadata: { name: sums }',
    `spec: { outputs: { b: "\${{ nodes.all.outputs.b }}" }, nodes: { all: ${node} } }`,
  ]);
}

const TASKS: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-TASK-001',
    severity: 'warning',
    title: 'a cache for a task without outputs',
    explanation:
      'A cache keeps outputs. A task without outputs runs for what it does elsewhere, which no cache can do again; so it runs each time, cache or not. Declare outputs, or leave `cache` out; `pipectl recover` does not run it again where it succeeded.',
    wrong: documents([...ADD.slice(0, 2), 'spec: { run: { command: [sh, add.sh] }, cache: { ttl: 1d } }']),
    right: documents([
      ...ADD.slice(0, 2),
      'spec: { outputs: { b: integer }, run: { command: [sh, add.sh] }, cache: { ttl: 1d } }',
    ]),
  },
  {
    code: 'PIPE-TASK-002',
    severity: 'error',
    title: 'a cache ignores an input that is none',
    explanation:
      '`ignoreInputs` names inputs of the task that do not matter to its outputs, such as the level of its log. A name that the task does not have ignores nothing.',
    wrong: documents([
      ...ADD.slice(0, 2),
      'spec: { inputs: { a: integer }, outputs: { b: integer }, run: { command: [sh, add.sh] }, cache: { ignoreInputs: [c] } }',
    ]),
    right: documents([
      ...ADD.slice(0, 2),
      'spec: { inputs: { a: integer }, outputs: { b: integer }, run: { command: [sh, add.sh] }, cache: { ignoreInputs: [a] } }',
    ]),
  },
  {
    code: 'PIPE-TASK-003',
    severity: 'warning',
    title: 'a cache of a dynamic node',
    explanation:
      'The task of a dynamic node runs each time: what it gives is a workflow to run, no outputs to keep. Tasks of the workflow that it writes are cached as they say. `cache: false` at the node says that this is meant, where the task has a cache for other nodes.',
    wrong: planned(''),
    right: planned(', cache: false'),
  },
];

/** What the compiler finds across documents. The examples of `PIPE-PROJ` are root files, the others files in its paths. */
export const COMPILER_CODES: readonly DiagnosticCode[] = [
  ...EXPRESSIONS,
  ...TASKS,
  ...REFERENCES,
  ...INPUTS,
  ...TIMES,
  ...PROJECT,
];
