import type { DiagnosticCode } from './code.ts';
import { example } from './examples.ts';

/** A project of two domains with these values, and a workflow that wants the text `region`. */
function shop(production: string, development: string, ...documents: readonly (readonly string[])[]): string {
  const parts = [
    [
      'kind: Project',
      'metadata: { name: shop }',
      'spec:',
      '  paths: [pipelines]',
      '  domains:',
      `    production: { ref: main${production} }`,
      `    development: { ref: develop${development} }`,
    ],
    [
      'kind: Workflow',
      'metadata: { name: load }',
      'spec: { inputs: { region: string }, nodes: { one: { compute: { x: "${{ inputs.region }}" } } } }',
    ],
    ...documents,
  ];
  return example(
    ...parts
      .map((lines) => lines.join('\n'))
      .join('\n---\n')
      .split('\n'),
  );
}

/** A launch plan of `load`. */
function plan(metadata: string, region: string): readonly string[] {
  return [
    'kind: LaunchPlan',
    `metadata: { ${metadata} }`,
    `spec: { workflow: load, inputs: { default: { region: "${region}" } } }`,
  ];
}

function schedule(metadata: string): readonly string[] {
  return ['kind: Schedule', `metadata: { ${metadata} }`, 'spec: { launchPlan: load, every: 1d }'];
}

const READS = plan('name: load', '${{ domain.values.region }}');
const EVERYWHERE = plan('name: load', 'eu');

/** A workflow whose node runs the launch plan `load`. */
const CALLER = [
  'kind: Workflow',
  'metadata: { name: all }',
  'spec: { nodes: { one: { launchPlan: load, with: { region: eu } } } }',
];

/** What differs between domains. The examples are root files with all definitions in them. */
export const DOMAIN_CODES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-DOMAIN-001',
    severity: 'error',
    title: 'a definition is for a domain that the project does not have',
    explanation: '`metadata.domains` lists domains of `spec.domains` in `pipectl.yaml`.',
    wrong: shop('', '', plan('name: load, domains: [prodution]', 'us')),
    right: shop('', '', plan('name: load, domains: [production]', 'us')),
  },
  {
    code: 'PIPE-DOMAIN-002',
    severity: 'error',
    title: 'a definition that is the same in every domain names domains',
    explanation:
      'Launch plans, schedules and the platform may differ by domain: with what, when and how large. Tasks and workflows are the same everywhere, so that what was tried in one domain is what runs in the next; policies judge the commit as a whole.',
    wrong: shop('', '', EVERYWHERE, [
      'kind: Task',
      'metadata: { name: add, domains: [production] }',
      'spec: { run: { command: [sh, add.sh] } }',
    ]),
    right: shop('', '', EVERYWHERE, [
      'kind: Task',
      'metadata: { name: add }',
      'spec: { run: { command: [sh, add.sh] } }',
    ]),
  },
  {
    code: 'PIPE-DOMAIN-003',
    severity: 'error',
    title: 'two definitions of one name are for one domain',
    explanation:
      'In each domain one definition of a kind and name is active: the one whose `metadata.domains` lists the domain, else the one without `domains`.',
    wrong: shop(
      '',
      '',
      plan('name: load, domains: [production]', 'us'),
      plan('name: load, domains: [development, production]', 'eu'),
    ),
    right: shop(
      '',
      '',
      plan('name: load, domains: [production]', 'us'),
      plan('name: load, domains: [development]', 'eu'),
    ),
  },
  {
    code: 'PIPE-DOMAIN-004',
    severity: 'error',
    title: 'what a definition refers to is not active in one of its domains',
    explanation:
      'References are followed in each domain by itself: a schedule of production starts the launch plan as it is in production. Where a definition is active, what it refers to must be active too. Give the other one the same domains, or declare it once more without `domains`.',
    wrong: shop('', '', plan('name: load, domains: [production]', 'us'), schedule('name: load')),
    right: shop('', '', plan('name: load, domains: [production]', 'us'), schedule('name: load, domains: [production]')),
  },
  {
    code: 'PIPE-DOMAIN-005',
    severity: 'error',
    title: 'a domain does not give a value that is used in it',
    explanation:
      'A domain that tracks a branch must give every value that its launch plans and schedules read, and any domain those of fixed inputs: nobody is there to give them when it runs. A domain that only registers (`*`) may leave out what can be given by hand.',
    wrong: shop(', values: { region: us }', '', READS),
    right: shop(', values: { region: us }', ', values: { region: eu }', READS),
  },
  {
    code: 'PIPE-DOMAIN-006',
    severity: 'error',
    title: 'a value has another type in another domain',
    explanation:
      'A name of `values` means one thing, so its values are of one type in all domains. A whole number may stand beside numbers that are not.',
    wrong: shop(', values: { region: us }', ', values: { region: 7 }', READS),
    right: shop(', values: { region: us }', ', values: { region: eu }', READS),
  },
  {
    code: 'PIPE-DOMAIN-007',
    severity: 'error',
    title: 'a launch plan that a workflow runs has another interface in another domain',
    explanation:
      'A workflow is the same in every domain, so the launch plans that it runs must be alike for it: the same inputs to give, the same outputs to read. They may differ in defaults, limits and whom they tell.',
    wrong: shop('', '', EVERYWHERE, CALLER, [
      'kind: LaunchPlan',
      'metadata: { name: load, domains: [production] }',
      'spec: { workflow: load, inputs: { fixed: { region: us } } }',
    ]),
    right: shop('', '', EVERYWHERE, CALLER, plan('name: load, domains: [production]', 'us')),
  },
  {
    code: 'PIPE-DOMAIN-008',
    severity: 'error',
    title: 'the ref of a domain names no branch',
    explanation:
      'A domain tracks a branch by its short name, `main` or `release/v2`, or registers the branches that a pattern with `*` names, as `feature/*`. Tags and full names (`refs/heads/main`) are none. Several domains may name one branch.',
    wrong: shop('', '', EVERYWHERE).replace('ref: develop', 'ref: refs/heads/develop'),
    right: shop('', '', EVERYWHERE),
  },
  {
    code: 'PIPE-DOMAIN-009',
    severity: 'warning',
    title: 'nothing reads a value of the domains',
    explanation:
      'No launch plan and no schedule of the commit reads `domain.values.NAME`. It may be misspelled here or there, or what read it is gone.',
    wrong: shop(', values: { region: us }', ', values: { region: eu }', EVERYWHERE),
    right: shop(', values: { region: us }', ', values: { region: eu }', READS),
  },
  {
    code: 'PIPE-DOMAIN-010',
    severity: 'error',
    title: 'a value of a domain does not fit where it is used',
    explanation:
      'What an expression over `domain` gives is checked for each domain as if it were written in its place: against the type of the input, and by what evaluating it comes to.',
    wrong: shop(', values: { region: 1 }', ', values: { region: 2 }', READS),
    right: shop(', values: { region: us }', ', values: { region: eu }', READS),
  },
  {
    code: 'PIPE-DOMAIN-011',
    severity: 'error',
    title: 'an expression reads what there is not yet when something is launched',
    explanation:
      'Inputs of launch plans and schedules are settled before anything runs: their expressions read `domain.name` and `domain.values`, not `inputs`, `nodes` or `execution`.',
    wrong: shop(', values: { region: us }', ', values: { region: eu }', READS, plan('name: b', '${{ inputs.region }}')),
    right: shop(', values: { region: us }', ', values: { region: eu }', READS, plan('name: b', '${{ domain.name }}')),
  },
];
