import type { DiagnosticCode } from './code.ts';
import { example } from './examples.ts';

/** Documents of one file, the first with the apiVersion that holds for all. */
function documents(...parts: readonly (readonly string[])[]): string {
  return example(...parts.flatMap((lines, at) => (at === 0 ? lines : ['---', ...lines])));
}

/** A task `add` with these settings, and a workflow that runs it. */
function usedTask(...settings: readonly string[]): string {
  return documents(
    [
      'kind: Task',
      'metadata: { name: add }',
      'spec:',
      '  outputs: { sum: integer }',
      ...settings.map((line) => `  ${line}`),
    ],
    [
      'kind: Workflow',
      'metadata: { name: sums }',
      'spec: { outputs: { sum: "${{ nodes.one.outputs.sum }}" }, nodes: { one: { task: add } } }',
    ],
  );
}

const DIGEST = `sha256:${'6f'.repeat(32)}`;

function image(reference: string): string {
  return usedTask(`run: { image: "${reference}", command: [sh, add.sh] }`);
}

function workflow(spec: string): readonly string[] {
  return ['kind: Workflow', 'metadata: { name: sums }', `spec: { ${spec} }`];
}

/** A workflow whose compute value is an output. */
const HELLO = workflow(
  'inputs: { n: { type: integer, default: 1 } }, outputs: { x: "${{ nodes.one.outputs.y }}" }, nodes: { one: { compute: { y: "${{ inputs.n }}" } } }',
);

function plan(inputs: string): readonly string[] {
  return ['kind: LaunchPlan', 'metadata: { name: nightly }', `spec: { workflow: sums${inputs} }`];
}

function schedule(spec: string): string {
  return documents(HELLO, plan(''), [
    'kind: Schedule',
    'metadata: { name: nightly }',
    `spec: { launchPlan: nightly, ${spec} }`,
  ]);
}

function policy(assert: string): string {
  return documents([
    'kind: Policy',
    'metadata: { name: labels }',
    'spec:',
    '  rules:',
    `    - { name: team, match: { kinds: [Task] }, assert: ${assert}, message: name the team in a label }`,
  ]);
}

const IMAGES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-LINT-001',
    severity: 'warning',
    title: 'an image has no tag, or the tag latest',
    explanation:
      '`latest` is whatever was pushed last, so the same commit runs another program tomorrow. Name a version, or pin the image by its digest; `pipectl lock` does so for all images at once.',
    wrong: image('python'),
    right: image('python:3.12-slim'),
  },
  {
    code: 'PIPE-LINT-002',
    severity: 'warning',
    isOffByDefault: true,
    title: 'an image is not pinned by a digest',
    explanation:
      'A tag can be moved to another image. With a digest, written in the reference or by `pipectl lock`, a commit runs the same program for ever. Off unless the project sets its level: `lints: { PIPE-LINT-002: warning }`.',
    wrong: image('python:3.12-slim'),
    right: image(`python:3.12-slim@${DIGEST}`),
  },
];

const USAGE: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-LINT-003',
    severity: 'warning',
    title: 'an input of a workflow is not used',
    explanation:
      'No expression of the workflow reads it: take it away, or use it. People who launch the workflow would give a value that changes nothing.',
    wrong: documents(
      workflow(
        'inputs: { n: integer }, nodes: { one: { compute: { x: 1 } } }, outputs: { x: "${{ nodes.one.outputs.x }}" }',
      ),
    ),
    right: documents(
      workflow(
        'inputs: { n: integer }, nodes: { one: { compute: { x: "${{ inputs.n }}" } } }, outputs: { x: "${{ nodes.one.outputs.x }}" }',
      ),
    ),
  },
  {
    code: 'PIPE-LINT-004',
    severity: 'warning',
    title: 'a computed value is not used',
    explanation:
      'Nothing reads this value of a compute node, and computing it has no other effect. Outputs of tasks are not looked at: a task is often run for what it does.',
    wrong: documents(
      workflow('nodes: { one: { compute: { x: 1, y: 2 } } }, outputs: { x: "${{ nodes.one.outputs.x }}" }'),
    ),
    right: documents(workflow('nodes: { one: { compute: { x: 1 } } }, outputs: { x: "${{ nodes.one.outputs.x }}" }')),
  },
  {
    code: 'PIPE-LINT-005',
    severity: 'warning',
    title: 'a task is not used',
    explanation:
      'No workflow of this commit runs the task: take it away, or run it. A repository that only offers tasks sets `lints: { PIPE-LINT-005: off }`.',
    wrong: documents(['kind: Task', 'metadata: { name: add }', 'spec: { run: { command: [sh, add.sh] } }']),
    right: usedTask('run: { command: [sh, add.sh] }'),
  },
];

const TIMES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-LINT-006',
    severity: 'warning',
    title: 'a schedule never ticks between its start and its end',
    explanation:
      'The pattern has dates, but none of them lies at or after `start` and before `end`. A date that no year has, such as 31 February, is the error PIPE-CRON-001.',
    wrong: schedule('cron: "0 2 1 6 *", start: 2027-01-01T00:00:00Z, end: 2027-06-01T00:00:00Z'),
    right: schedule('cron: "0 2 1 6 *", start: 2027-01-01T00:00:00Z, end: 2028-01-01T00:00:00Z'),
  },
  {
    code: 'PIPE-LINT-007',
    severity: 'warning',
    title: 'day of month and day of week are both set',
    explanation:
      'As in every cron since Vixie, such a schedule ticks when either matches: `0 8 13 * fri` is each 13th and each Friday, not Friday the 13th. Set one of them to `*`; for the first Monday of a month write `mon#1` as day of the week.',
    wrong: schedule('cron: "0 8 1-7 * mon"'),
    right: schedule('cron: "0 8 * * mon#1"'),
  },
];

const RUNS: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-LINT-008',
    severity: 'warning',
    title: 'a task that is not idempotent is retried',
    explanation:
      'The task says `idempotent: false`: a second run does more than the first, for example sends a message again. A retry is a second run. Take the retries away, or make the task idempotent, for example by $PIPECTL_IDEMPOTENCY_KEY.',
    wrong: usedTask('run: { command: [sh, pay.sh] }', 'idempotent: false', 'retries: 2'),
    right: usedTask('run: { command: [sh, pay.sh] }', 'idempotent: false'),
  },
  {
    code: 'PIPE-LINT-009',
    severity: 'warning',
    title: 'a secret stands in plain text',
    explanation:
      'The name of the variable says password, token, secret or key and its value is written out, or the text begins as the keys of a known service do (AWS, GitHub, GitLab, Slack, Google, Stripe, npm, PyPI, private keys). Everyone who can read the repository can read it, and git keeps it for ever: take it out, and replace it where it is valid. Keep the new one with `pipectl secret set NAME KEY`, and name it in `run.env` with `{ secret: { name: NAME, key: KEY } }`. The finding does not show it.',
    wrong: usedTask('run:', '  command: [sh, load.sh]', '  env: { API_TOKEN: hunter2-hunter2 }'),
    right: usedTask(
      'run:',
      '  command: [sh, load.sh]',
      '  env: { API_TOKEN: { secret: { name: shop-api, key: token } } }',
    ),
  },
];

const VALUES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-LINT-010',
    severity: 'warning',
    title: 'a condition is always true or always false',
    explanation:
      'Whatever the values are, this condition comes out the same: it decides nothing. Often a part of it was meant otherwise.',
    wrong: policy('"has(object.metadata.description) || 1 < 2"'),
    right: policy('has(object.metadata.description)'),
  },
  {
    code: 'PIPE-LINT-011',
    severity: 'warning',
    title: 'a value repeats the default',
    explanation:
      'A launch plan gives an input the default that its workflow has, or a schedule gives what its launch plan has: the line changes nothing today, and shadows the default when that is changed. Take it away; to hold on to the value, give it under `inputs.fixed`.',
    wrong: documents(HELLO, plan(', inputs: { default: { n: 1 } }')),
    right: documents(HELLO, plan(', inputs: { default: { n: 2 } }')),
  },
];

const IGNORES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-LINT-013',
    severity: 'warning',
    title: 'an ignore comment silences nothing',
    explanation:
      '`# pipectl: ignore CODE` silences warnings of that code on its own line, or, when it stands alone, on the next line with content. There is none here, so the comment is a leftover, or stands at the wrong line. Errors cannot be silenced.',
    wrong: documents(HELLO, [...plan(''), '# pipectl: ignore PIPE-LINT-011']),
    right: documents(HELLO, [
      ...plan('').slice(0, 2),
      'spec: { workflow: sums, inputs: { default: { n: 1 } } } # pipectl: ignore PIPE-LINT-011',
    ]),
  },
  {
    code: 'PIPE-LINT-014',
    severity: 'warning',
    title: 'an ignore comment names no known code',
    explanation:
      'Write the code as the finding shows it: `# pipectl: ignore PIPE-LINT-003`, several parted by commas; a reason may follow.',
    wrong: documents(HELLO, [
      'kind: LaunchPlan',
      'metadata: { name: nightly }',
      'spec:',
      '  workflow: sums',
      '  # pipectl: ignore PIPE-LNT-011',
      '  inputs: { fixed: { n: 1 } }',
    ]),
    right: documents(HELLO, [
      'kind: LaunchPlan',
      'metadata: { name: nightly }',
      'spec:',
      '  workflow: sums',
      '  # pipectl: ignore PIPE-LINT-011, the plan is to stay at 1',
      '  inputs: { default: { n: 1 } }',
    ]),
  },
];

function project(lints: string): string {
  return documents(
    [
      'kind: Project',
      'metadata: { name: sales }',
      `spec: { paths: [pipelines], domains: { production: { ref: main } }, lints: { ${lints} } }`,
    ],
    HELLO,
  );
}

/** Told at the project's own document. */
export const LEVEL_CODES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-PROJ-006',
    severity: 'error',
    title: 'a project sets the level of a code that has none',
    explanation:
      'Under `lints` stand codes of warnings. An unknown code is a slip of the pen; the level of an error is fixed, because a commit with one has no meaning.',
    wrong: project('PIPE-LINT-999: off'),
    right: project('PIPE-LINT-003: error'),
  },
];

/** What is valid and probably not meant: warnings whose levels a project may set. */
export const LINT_CODES: readonly DiagnosticCode[] = [...IMAGES, ...USAGE, ...TIMES, ...RUNS, ...VALUES, ...IGNORES];
