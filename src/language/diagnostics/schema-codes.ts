import type { DiagnosticCode } from './code.ts';
import { example, task } from './examples.ts';

/** What the fields of a document may be wrong about, by its kind's JSON Schema. */
export const SCHEMA_CODES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-SCHEMA-001',
    severity: 'error',
    title: 'a document is not a definition',
    explanation:
      'Each document of a definitions file is a map with `apiVersion`, `kind`, `metadata` and `spec`. Other YAML files belong outside the folders that the project names.',
    wrong: '- just\n- a list\n',
    right: task('add'),
  },
  {
    code: 'PIPE-SCHEMA-002',
    severity: 'error',
    title: 'apiVersion is missing or unknown',
    explanation:
      'The first document of a file says `apiVersion: pipectl.dev/v1`; later ones may leave it out and then mean the same.',
    wrong: 'kind: Task\nmetadata: { name: add }\nspec: { run: { command: [sh, add.sh] } }\n',
    right: task('add'),
  },
  {
    code: 'PIPE-SCHEMA-003',
    severity: 'error',
    title: 'the kind is missing or unknown',
    explanation: '`kind` says what the document defines: Project, Task, Workflow, LaunchPlan, Schedule or Platform.',
    wrong: example('kind: Job', 'metadata: { name: add }', 'spec: {}'),
    right: task('add'),
  },
  {
    code: 'PIPE-SCHEMA-004',
    severity: 'error',
    title: 'a field is unknown',
    explanation:
      'A field that is not known would be ignored, and a mistyped one with it; so it is refused. The message names the nearest field, or all that may stand there.',
    wrong: example('kind: Task', 'metadata: { name: add }', 'spec: { run: { command: [sh, add.sh] }, retrys: 3 }'),
    right: example('kind: Task', 'metadata: { name: add }', 'spec: { run: { command: [sh, add.sh] }, retries: 3 }'),
  },
  {
    code: 'PIPE-SCHEMA-005',
    severity: 'error',
    title: 'a required field is missing',
    explanation: 'The map at this place needs the named field.',
    wrong: example('kind: Task', 'metadata: { name: add }', 'spec: { run: { image: alpine } }'),
    right: example('kind: Task', 'metadata: { name: add }', 'spec: { run: { image: alpine, command: [sh, add.sh] } }'),
  },
  {
    code: 'PIPE-SCHEMA-006',
    severity: 'error',
    title: 'a value has the wrong form',
    explanation:
      'The field wants another kind of value, for example text and not a number. In YAML, quotes make text: `"1"`. `yes` and `on` are text; booleans are `true` and `false`.',
    wrong: example('kind: Task', 'metadata: { name: add }', 'spec: { run: { command: [sleep, 1] } }'),
    right: example('kind: Task', 'metadata: { name: add }', 'spec: { run: { command: [sleep, "1"] } }'),
  },
  {
    code: 'PIPE-SCHEMA-007',
    severity: 'error',
    title: 'a value is not one of those allowed',
    explanation: 'The field takes one of a few words; the message lists them.',
    wrong: example(
      'kind: Workflow',
      'metadata: { name: w }',
      'spec: { failurePolicy: stop, nodes: { a: { compute: { x: 1 } } } }',
    ),
    right: example(
      'kind: Workflow',
      'metadata: { name: w }',
      'spec: { failurePolicy: failImmediately, nodes: { a: { compute: { x: 1 } } } }',
    ),
  },
  {
    code: 'PIPE-SCHEMA-008',
    severity: 'error',
    title: 'a number is out of range',
    explanation: 'The field takes numbers within the bounds that the message names.',
    wrong: example('kind: Task', 'metadata: { name: add }', 'spec: { run: { command: [sh, add.sh] }, retries: -1 }'),
    right: example('kind: Task', 'metadata: { name: add }', 'spec: { run: { command: [sh, add.sh] }, retries: 1 }'),
  },
  {
    code: 'PIPE-SCHEMA-009',
    severity: 'error',
    title: 'a name or text has a form that is not allowed',
    explanation:
      'Names of definitions and nodes are lower-case letters, digits and `-`, at most 63, as Kubernetes has them. Names of inputs and outputs are letters, digits and `_`: they become environment variables.',
    wrong: example('kind: Task', 'metadata: { name: Add_Two }', 'spec: { run: { command: [sh, add.sh] } }'),
    right: task('add-two'),
  },
  {
    code: 'PIPE-SCHEMA-010',
    severity: 'error',
    title: 'not exactly one of several fields is given',
    explanation:
      'A node does one thing: `task`, `map`, `compute`, `workflow`, `launchPlan`, `switch`, `approve`, `signal`, `sleep` or `dynamic`. A schedule ticks by one of `cron` and `every`.',
    wrong: example(
      'kind: Workflow',
      'metadata: { name: w }',
      'spec: { nodes: { a: { needs: [b] }, b: { compute: { x: 1 } } } }',
    ),
    right: example(
      'kind: Workflow',
      'metadata: { name: w }',
      'spec: { nodes: { a: { needs: [b], task: add }, b: { compute: { x: 1 } } } }',
    ),
  },
  {
    code: 'PIPE-SCHEMA-011',
    severity: 'error',
    title: 'a list, map or text is too short or too long',
    explanation: 'The message names the bound.',
    wrong: example('kind: Task', 'metadata: { name: add }', 'spec: { run: { command: [] } }'),
    right: task('add'),
  },
  {
    code: 'PIPE-SCHEMA-012',
    severity: 'error',
    title: 'two inputs differ only in case',
    explanation:
      'A scalar input `day` is the environment variable PIPECTL_INPUT_DAY, and so would be `Day`. Rename one.',
    wrong: example(
      'kind: Task',
      'metadata: { name: add }',
      'spec: { inputs: { day: string, Day: string }, run: { command: [sh, add.sh] } }',
    ),
    right: example(
      'kind: Task',
      'metadata: { name: add }',
      'spec: { inputs: { day: string, holiday: string }, run: { command: [sh, add.sh] } }',
    ),
  },
  {
    code: 'PIPE-SCHEMA-013',
    severity: 'error',
    title: 'a list names the same thing twice',
    explanation: 'Remove one of the two.',
    wrong: example(
      'kind: Workflow',
      'metadata: { name: w }',
      'spec: { nodes: { a: { task: add, needs: [b, b] }, b: { task: add } } }',
    ),
    right: example(
      'kind: Workflow',
      'metadata: { name: w }',
      'spec: { nodes: { a: { task: add, needs: [b] }, b: { task: add } } }',
    ),
  },
  {
    code: 'PIPE-SCHEMA-014',
    severity: 'error',
    title: 'a field does not go with this kind of node',
    explanation:
      'Each kind of node has its own fields. A `compute` node starts no process: it has no inputs of its own, nothing to retry, to time out or to cache. `map` and `dynamic` have their `with` inside, `approve` and `signal` their `timeout`; a `workflow` node has only `timeout.total`.',
    wrong: example(
      'kind: Workflow',
      'metadata: { name: w }',
      'spec: { nodes: { a: { compute: { x: 1 }, retries: 2 } } }',
    ),
    right: example('kind: Workflow', 'metadata: { name: w }', 'spec: { nodes: { a: { compute: { x: 1 } } } }'),
  },
  {
    code: 'PIPE-EXPR-001',
    severity: 'error',
    title: 'an expression stands where none is read',
    explanation:
      'Expressions are read in `with`, `over`, `compute`, `when`, `sleep`, messages and workflow outputs only. Never in `run`: inputs reach a command in its environment (PIPECTL_INPUT_<NAME>) and in the file $PIPECTL_INPUTS, so that data cannot become code.',
    wrong: example(
      'kind: Task',
      'metadata: { name: hi }',
      'spec: { inputs: { name: string }, run: { command: [sh, -c, "echo ${{ inputs.name }}"] } }',
    ),
    right: example(
      'kind: Task',
      'metadata: { name: hi }',
      'spec: { inputs: { name: string }, run: { command: [sh, -c, \'echo "$PIPECTL_INPUT_NAME"\'] } }',
    ),
  },
];
