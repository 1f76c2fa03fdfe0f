import { MAX_DYNAMIC_TASKS, MAX_MAP_BATCH, MAX_MAP_SIZE, MAX_SWITCH_BRANCHES } from '../../base/index.ts';
import type { ActionKind, NodeKind } from '../document.ts';
import { DESCRIPTION, mapOf, PARTS, record, ref, type Schema } from './parts.ts';

/** A condition. */
const WHEN: Schema = {
  type: ['string', 'boolean'],
  title: 'condition',
  description: 'A condition, `${{ … }}`: where it does not hold, this is skipped.',
  examples: ['${{ inputs.size > 10 }}'],
};

/** Fields of every node. */
const ANY_NODE: Schema = {
  description: DESCRIPTION,
  needs: {
    type: 'array',
    description: 'Nodes that must have succeeded before, besides those whose outputs are read.',
    examples: [['prepare', 'fetch']],
    // Not a $ref: that its items are strings must be in sight, for else ajv compares each item with each.
    items: PARTS.name,
    uniqueItems: true,
    maxItems: 1000,
  },
  when: WHEN,
};

/** How a node's attempts run, where it differs from its task. */
const RUN_POLICY: Schema = {
  retries: ref('retries'),
  timeout: ref('timeout'),
  resources: ref('resources'),
  interruptible: ref('interruptible'),
  cache: ref('cache'),
};

const WITH: Schema = { with: ref('bindings') };

const message: Schema = {
  type: 'string',
  maxLength: 10_000,
  description: 'What the person who answers is told; may hold expressions.',
  examples: ['Ship version ${{ inputs.version }}?'],
};

const wait: Schema = {
  ...ref('duration'),
  description: 'How long to wait for an answer; for ever when absent.',
  examples: ['24h'],
};

const approve: Schema = record(
  'Waits until a person approves. Rejected, the node fails.',
  {
    message,
    timeout: wait,
    default: {
      enum: ['approve', 'reject'],
      description: 'What holds when the time is over; without it the node times out.',
    },
  },
  { required: ['message'], examples: [{ message: 'Ship it?', timeout: '24h', default: 'reject' }] },
);

const signal: Schema = record(
  'Waits for a value from outside: the output `value`.',
  {
    type: ref('type'),
    message,
    timeout: wait,
    default: { description: 'The value when the time is over; without it the node times out.', examples: [0.5] },
  },
  { required: ['type'], examples: [{ type: 'float', message: 'Which threshold?', timeout: '2h', default: 0.5 }] },
);

const sleep: Schema = {
  type: 'string',
  title: 'sleep',
  description: 'Waits this long: a duration, or an expression that gives one.',
  examples: ['10m', '${{ inputs.pause }}'],
};

const dynamic: Schema = record(
  'Runs a task that writes a workflow, then runs that.',
  {
    task: {
      ...ref('name'),
      description: 'A task whose output `workflow`, of type json, is the spec of a workflow.',
      examples: ['plan'],
    },
    with: ref('bindings'),
    outputs: {
      ...ref('parameters'),
      description: 'Outputs that this workflow will have: name → type.',
      examples: [{ report: 'string' }],
    },
    tasks: {
      type: 'array',
      description: 'Tasks that it may run.',
      examples: [['fetch', 'merge']],
      items: PARTS.name,
      uniqueItems: true,
      maxItems: MAX_DYNAMIC_TASKS,
    },
  },
  {
    required: ['task', 'outputs', 'tasks'],
    examples: [
      { task: 'plan', with: { day: '${{ inputs.day }}' }, outputs: { report: 'string' }, tasks: ['fetch', 'merge'] },
    ],
  },
);

const map: Schema = record(
  'Runs a task, or evaluates expressions, once per element of a list.',
  {
    task: { ...ref('name'), description: 'The task to run once per element.' },
    compute: {
      ...ref('bindings'),
      minProperties: 1,
      description: 'Output name → value or expression, evaluated once per element; reads `item` and `index`.',
      examples: [{ total: '${{ item.price * item.count }}' }],
    },
    over: {
      type: ['object', 'string', 'array'],
      title: 'over',
      description:
        'Inputs that are lists: one subtask per element. Lists of equal length go together. Or one list, whose elements `with` reads as `item`.',
      examples: [{ venue: '${{ inputs.venues }}' }, '${{ inputs.rows }}'],
      propertyNames: ref('identifier'),
      minProperties: 1,
      maxProperties: 256,
    },
    with: {
      ...ref('bindings'),
      description: 'Inputs that every subtask gets alike, save for what they read of `item` and `index`.',
      examples: [{ width: 800, name: '${{ item.name }}' }],
    },
    concurrency: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_MAP_SIZE,
      description: 'Live subtasks at a time, or live batches; all when absent.',
      examples: [10],
    },
    batch: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_MAP_BATCH,
      default: 1,
      description: 'So many neighbours share a pod, in which they run one after the other. Its image needs a shell.',
      examples: [50],
    },
    minSuccessRatio: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 1,
      default: 1,
      description: 'The node succeeds when at least this part of its subtasks does; outputs of failed ones are null.',
      examples: [0.95],
    },
    minSuccesses: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_MAP_SIZE,
      description: 'The same as a number of subtasks.',
      examples: [100],
    },
  },
  {
    required: ['over'],
    oneOf: [{ required: ['task'] }, { required: ['compute'] }],
    examples: [{ task: 'resize', over: { image: '${{ inputs.images }}' }, concurrency: 10 }],
  },
);

const compute: Schema = mapOf(
  'Output name → value or expression. No process is started.',
  'identifier',
  {},
  { minProperties: 1, maxProperties: 256, examples: [{ total: '${{ inputs.a + inputs.b }}' }] },
);

interface KindSchema {
  readonly schema: Schema;
  /** Which more fields such a node may have. */
  readonly more: Schema;
}

/** What an action does, by the one field that says it. */
const ACTION_KINDS: Readonly<Record<ActionKind, KindSchema>> = {
  task: { schema: { ...ref('name'), description: 'Runs this task once.' }, more: { ...WITH, ...RUN_POLICY } },
  map: { schema: { $ref: '#/$defs/map' }, more: RUN_POLICY },
  workflow: {
    schema: {
      ...ref('name'),
      description: 'Runs the nodes of this workflow as part of the execution.',
      examples: ['etl'],
    },
    more: { ...WITH, timeout: RUN_POLICY.timeout },
  },
  launchPlan: {
    schema: {
      ...ref('name'),
      description: 'Runs this launch plan as an execution of its own, and waits for it.',
      examples: ['nightly'],
    },
    more: { ...WITH, retries: RUN_POLICY.retries, timeout: RUN_POLICY.timeout },
  },
  approve: { schema: approve, more: {} },
  signal: { schema: signal, more: {} },
  sleep: { schema: sleep, more: {} },
  compute: { schema: compute, more: {} },
  dynamic: { schema: dynamic, more: RUN_POLICY },
};

const FAIL: Schema = {
  type: 'string',
  maxLength: 10_000,
  description: 'Fails the node with this message; may hold expressions.',
  examples: ['No such size: ${{ inputs.size }}.'],
};

/** What a branch of a switch does. */
const branch: Schema = {
  type: 'object',
  title: 'branch',
  description: 'What is done: the fields of a node, less `needs`, `when` and `switch`; or `fail` with a message.',
  properties: { ...schemasOf(ACTION_KINDS), fail: FAIL, ...WITH, ...RUN_POLICY },
  additionalProperties: false,
  oneOf: exactlyOne([...Object.keys(ACTION_KINDS), 'fail']),
  examples: [{ task: 'review', with: { order: '${{ inputs.order }}' } }, { fail: 'no such size' }],
};

const switchBranches: Schema = {
  type: 'array',
  description: 'Branches: the first whose `when` holds is taken.',
  items: record(
    'A branch.',
    Object.fromEntries([
      ['when', { ...WHEN, description: 'Takes this branch where it holds.' }],
      ['then', { $ref: '#/$defs/branch' }],
    ]),
    { title: 'switch branch', required: ['when', 'then'] },
  ),
  minItems: 1,
  maxItems: MAX_SWITCH_BRANCHES,
  examples: [
    [
      Object.fromEntries([
        ['when', '${{ inputs.size > 10 }}'],
        ['then', { task: 'review' }],
      ]),
    ],
  ],
};

const ELSE: Schema = {
  else: { $ref: '#/$defs/branch', description: 'Taken when no branch is; without it nothing is done then.' },
};

/** What a node does, by the one field that says it, and which more fields it then may have. */
export const NODE_KINDS: Readonly<Record<NodeKind, KindSchema>> = {
  ...ACTION_KINDS,
  switch: { schema: switchBranches, more: ELSE },
};

const MORE_FIELDS: Schema = { ...WITH, ...RUN_POLICY, ...ELSE };

/** A node has exactly one of the fields that say what it does. */
export const node: Schema = {
  type: 'object',
  title: 'node',
  description: 'A step of the workflow.',
  properties: { ...ANY_NODE, ...schemasOf(NODE_KINDS), ...MORE_FIELDS },
  additionalProperties: false,
  oneOf: exactlyOne(Object.keys(NODE_KINDS)),
  examples: [{ task: 'add-two', with: { a: '${{ inputs.a }}' } }],
};

const HANDLER_KINDS = ['task', 'workflow', 'launchPlan'] as const;

/** What a workflow does after it failed. */
export const failureHandler: Schema = {
  type: 'object',
  title: 'failure handler',
  description: 'Runs after the workflow failed; its expressions read `error`.',
  properties: {
    when: WHEN,
    ...Object.fromEntries(HANDLER_KINDS.map((kind) => [kind, ACTION_KINDS[kind].schema])),
    ...WITH,
    ...RUN_POLICY,
  },
  additionalProperties: false,
  oneOf: exactlyOne(HANDLER_KINDS),
  examples: [{ task: 'notify', with: { text: '${{ error.message }}' } }],
};

/** Shared definitions of nodes, beside PARTS. */
export const NODE_PARTS: Readonly<Record<string, Schema>> = { branch, map };

/** Fields that only some kinds of nodes have: those that this kind does not. */
export function foreignFields(kind: NodeKind | 'fail'): readonly string[] {
  const more = kind === 'fail' ? {} : NODE_KINDS[kind].more;
  return Object.keys(MORE_FIELDS).filter((field) => !(field in more));
}

function schemasOf(kinds: Readonly<Record<string, KindSchema>>): Schema {
  return Object.fromEntries(Object.entries(kinds).map(([kind, { schema }]) => [kind, schema]));
}

function exactlyOne(fields: readonly string[]): readonly Schema[] {
  return fields.map((field) => ({ required: [field] }));
}
