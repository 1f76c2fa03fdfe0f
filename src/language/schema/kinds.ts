import { MAX_DOMAIN_VALUES, MAX_WORKFLOW_NODES } from '../../base/index.ts';
import type { DefinitionKind } from '../document.ts';
import { failureHandler, node } from './node.ts';
import { NOTIFICATIONS } from './notifications.ts';
import { DESCRIPTION, mapOf, record, ref, type Schema } from './parts.ts';
import { platform } from './platform.ts';
import { POD } from './pod.ts';
import { policySchema } from './policy.ts';
import { schedule } from './schedule.ts';

const project: Schema = record(
  'The repository: where definitions are and which branches are which domains.',
  {
    paths: {
      type: 'array',
      description: 'Folders or files with definitions, relative to the root.',
      items: { type: 'string', minLength: 1, maxLength: 1024 },
      minItems: 1,
      maxItems: 100,
      examples: [['pipelines']],
    },
    domains: mapOf(
      'Domain → what is tracked for it.',
      'name',
      record(
        'A domain.',
        {
          ref: {
            type: 'string',
            minLength: 1,
            maxLength: 255,
            description:
              'A branch, whose head is reconciled, or a pattern as `feature/*` or `*`: such branches are registered and runnable, their schedules stay off.',
            examples: ['main', 'feature/*', '*'],
          },
          values: {
            type: 'object',
            description:
              'What `domain.values.NAME` is in this domain: in inputs of launch plans and schedules, as `${{ domain.values.NAME }}`.',
            propertyNames: ref('identifier'),
            maxProperties: MAX_DOMAIN_VALUES,
            examples: [{ region: 'eu-central-1', rows: 1_000_000 }],
          },
        },
        { title: 'domain', required: ['ref'] },
      ),
      { minProperties: 1, maxProperties: 32, examples: [{ production: { ref: 'main' }, development: { ref: '*' } }] },
    ),
    lints: {
      type: 'object',
      description: 'Code of a warning → how it is told in this project; `pipectl explain CODE` tells what each means.',
      propertyNames: {
        type: 'string',
        title: 'code',
        pattern: '^PIPE-[A-Z]{1,16}-[0-9]{3}$',
        description: 'A code as findings show it: `PIPE-LINT-003`.',
      },
      additionalProperties: {
        enum: ['off', 'warning', 'error'],
        description: '`off`: not told; `warning`: told; `error`: told, and the commit is rejected.',
      },
      maxProperties: 200,
      examples: [{ 'PIPE-LINT-001': 'error', 'PIPE-LINT-005': 'off' }],
    },
  },
  { required: ['paths', 'domains'] },
);

const task: Schema = record(
  'A command with typed inputs and outputs.',
  {
    description: DESCRIPTION,
    inputs: ref('parameters'),
    outputs: ref('parameters'),
    source: {
      type: 'string',
      minLength: 1,
      maxLength: 1024,
      description: 'A folder of the same commit: the working directory.',
      examples: ['tasks/'],
    },
    run: record(
      'What is run. Inputs come in the environment and in $PIPECTL_INPUTS; outputs go to $PIPECTL_OUTPUTS.',
      {
        image: {
          ...ref('runText'),
          description: 'The container image where there are containers.',
          examples: ['python:3.12-slim'],
        },
        command: {
          type: 'array',
          description: 'The program and its arguments. No shell is in between.',
          items: ref('runText'),
          minItems: 1,
          maxItems: 1000,
          examples: [
            ['python', 'add_two.py'],
            ['sh', 'clean.sh'],
          ],
        },
        env: {
          type: 'object',
          description: 'Environment variables: text, or references to values of Secrets and ConfigMaps.',
          propertyNames: ref('identifier'),
          additionalProperties: ref('envValue'),
          maxProperties: 256,
          examples: [{ REGION: 'eu-central-1', PGPASSWORD: { secret: { name: 'warehouse', key: 'password' } } }],
        },
      },
      { required: ['command'], examples: [{ image: 'python:3.12-slim', command: ['python', 'add_two.py'] }] },
    ),
    pod: POD,
    retries: ref('retries'),
    timeout: ref('timeout'),
    cache: ref('cache'),
    resources: ref('resources'),
    interruptible: ref('interruptible'),
    idempotent: {
      type: 'boolean',
      default: true,
      description: 'Whether a second run does no more than the first. With `false`, retries are warned of.',
    },
  },
  { required: ['run'] },
);

const workflow: Schema = record(
  'Nodes and how data flows between them.',
  {
    description: DESCRIPTION,
    inputs: ref('parameters'),
    outputs: mapOf('Name → value.', 'identifier', ref('workflowOutput'), {
      maxProperties: 256,
      examples: [{ chart: '${{ nodes.report.outputs.chart }}' }],
    }),
    nodes: mapOf('Node id → node.', 'name', node, {
      minProperties: 1,
      maxProperties: MAX_WORKFLOW_NODES,
      examples: [
        {
          fetch: { task: 'fetch', with: { day: '${{ inputs.day }}' } },
          report: { task: 'report', with: { rows: '${{ nodes.fetch.outputs.rows }}' } },
        },
      ],
    }),
    failurePolicy: {
      enum: ['failImmediately', 'failAfterExecutable'],
      default: 'failImmediately',
      description: 'After a node failed: stop the rest, or finish all that does not depend on it.',
    },
    onFailure: failureHandler,
    notifications: NOTIFICATIONS,
  },
  { required: ['nodes'] },
);

const launchPlan: Schema = record(
  'A workflow with inputs and limits: what is run by hand and by schedules.',
  {
    description: DESCRIPTION,
    workflow: { ...ref('name'), description: 'The workflow that is run.', examples: ['etl'] },
    inputs: record(
      "Values for the workflow's inputs.",
      {
        default: { ...ref('bindings'), description: 'May be given otherwise at launch.', examples: [{ limit: 100 }] },
        fixed: {
          ...ref('bindings'),
          description: 'May not be given at launch.',
          examples: [{ region: 'eu-central-1' }],
        },
      },
      { examples: [{ default: { limit: 100 }, fixed: { region: 'eu-central-1' } }] },
    ),
    maxParallelism: {
      type: 'integer',
      minimum: 1,
      maximum: 100_000,
      description: 'Live task attempts of one execution; map subtasks are not counted.',
      examples: [25],
    },
    concurrency: ref('concurrency'),
    priority: {
      type: 'integer',
      minimum: -100,
      maximum: 100,
      default: 0,
      description: 'Of executions that wait for a place, those of higher priority go first; waiting raises it.',
      examples: [10],
    },
    interruptible: {
      type: 'boolean',
      description: 'Whether attempts may run on machines that the system can take away, whatever tasks and nodes say.',
    },
    timeout: record(
      'When an execution is given up.',
      {
        queue: { ...ref('duration'), description: 'From its creation to its begin.' },
        run: { ...ref('duration'), description: 'From its begin to its end.' },
        total: { ...ref('duration'), description: 'From its creation to its end.' },
      },
      { examples: [{ queue: '10m', total: '4h' }] },
    ),
    notifications: NOTIFICATIONS,
  },
  { required: ['workflow'] },
);

export interface KindSchema {
  /** The schema file is `<file>.schema.json`. */
  readonly file: string;
  readonly spec: Schema;
}

/** All kinds that a definitions file may hold. A new kind is a row here, a type in `document.ts` and a reader in `read/`. */
export const KIND_SCHEMAS: Readonly<Record<DefinitionKind, KindSchema>> = {
  Project: { file: 'project', spec: project },
  Task: { file: 'task', spec: task },
  Workflow: { file: 'workflow', spec: workflow },
  LaunchPlan: { file: 'launch-plan', spec: launchPlan },
  Schedule: { file: 'schedule', spec: schedule },
  Platform: { file: 'platform', spec: platform },
  Policy: {
    file: 'policy',
    spec: policySchema(['Project', 'Task', 'Workflow', 'LaunchPlan', 'Schedule', 'Platform', 'Policy']),
  },
};

export const DEFINITION_KINDS = Object.keys(KIND_SCHEMAS) as readonly DefinitionKind[];
