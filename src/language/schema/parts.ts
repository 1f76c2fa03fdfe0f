import { MAX_IDENTIFIER_LENGTH, MAX_LABEL_LENGTH, MAX_NAME_LENGTH } from '../../base/index.ts';

/** A JSON Schema (2020-12), as plain data. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

/** Titles by which a finding's wording knows what a string was to be; `read/` checks these and says more. */
export const TITLE = {
  name: 'name',
  identifier: 'identifier',
  duration: 'duration',
  quantity: 'quantity',
  type: 'type',
  instant: 'instant',
  runText: 'text without expressions',
  envValue: 'variable',
  secretName: 'name of a Secret',
  secretKey: 'key of a Secret',
  secretValue: 'reference to a secret',
  configMapName: 'name of a ConfigMap',
  configMapKey: 'key of a ConfigMap',
  objectName: 'name of an object',
} as const;

export const NAME_PATTERN = `^[a-z0-9]([-a-z0-9]{0,${MAX_LABEL_LENGTH - 2}}[a-z0-9])?$`;
export const IDENTIFIER_PATTERN = `^[A-Za-z_][A-Za-z0-9_]{0,${MAX_IDENTIFIER_LENGTH - 1}}$`;

export function ref(part: keyof typeof PARTS): Schema {
  return { $ref: `#/$defs/${part}` };
}

/** A closed object: a key that is not listed is an error. */
export function record(description: string, properties: Schema, more: Schema = {}): Schema {
  return { type: 'object', description, properties, additionalProperties: false, ...more };
}

/** An open object: names as keys, all values alike. */
export function mapOf(description: string, keys: 'name' | 'identifier', values: Schema, more: Schema = {}): Schema {
  return { type: 'object', description, propertyNames: ref(keys), additionalProperties: values, ...more };
}

export const DESCRIPTION: Schema = {
  type: 'string',
  maxLength: 10_000,
  description: 'What it is for; shown by `describe`.',
  examples: ['Loads the orders of a day into the warehouse.'],
};

const name: Schema = {
  type: 'string',
  title: TITLE.name,
  pattern: NAME_PATTERN,
  description: 'Lower-case letters, digits and `-`, at most 63, beginning and ending with a letter or digit.',
  examples: ['add-two'],
};

const identifier: Schema = {
  type: 'string',
  title: TITLE.identifier,
  pattern: IDENTIFIER_PATTERN,
  description: 'Letters, digits and `_`, at most 63, not beginning with a digit: it becomes an environment variable.',
  examples: ['max_depth'],
};

const duration: Schema = {
  type: 'string',
  title: TITLE.duration,
  pattern: '^(?:[0-9.]+(?:ms|s|m|h|d|w))+$|^P[0-9.TWDHMS]+$',
  description: 'A length of time: `90s`, `1h30m`, `30d`, or ISO 8601 as `PT5M`.',
  examples: ['5m', '1h30m', '30d'],
};

const quantity: Schema = {
  type: ['string', 'number'],
  title: TITLE.quantity,
  pattern: '^[0-9.]+(?:[eE][-+]?[0-9]+|[numkMGTPE]|[KMGTPE]i)?$',
  minimum: 0,
  description: 'A quantity as Kubernetes writes it: `500m` (half a core), `300Mi`, `2Gi`.',
  examples: ['500m', '300Mi'],
};

const type: Schema = {
  type: 'string',
  title: TITLE.type,
  description:
    'integer, float, string, boolean, datetime, duration, file, directory, json, list<T>, map<T>, enum<a|b>, {x: T, y?: T}, table<col: T>, T?, T | U.',
  examples: ['integer', 'list<string>', 'enum<small|large>', '{ day: string, sales?: integer }'],
};

const instant: Schema = {
  type: 'string',
  title: TITLE.instant,
  description: 'A date and time with its offset (RFC 3339).',
  examples: ['2026-01-02T03:04:05Z'],
};

const runText: Schema = {
  type: 'string',
  title: TITLE.runText,
  maxLength: 32_768,
  not: { pattern: '\\$\\{\\{' },
  description: 'Plain text. Inputs arrive in the environment and in the file $PIPECTL_INPUTS, never by `${{ … }}`.',
};

const secretRef: Schema = record(
  'A value of a Secret in the namespace of the execution, or of the platform that names it, set with `pipectl secret set NAME KEY`.',
  {
    name: {
      type: 'string',
      title: TITLE.secretName,
      maxLength: MAX_NAME_LENGTH,
      pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
      description: 'Name of the Secret.',
      examples: ['warehouse'],
    },
    key: {
      type: 'string',
      title: TITLE.secretKey,
      maxLength: MAX_NAME_LENGTH,
      pattern: '^[-._A-Za-z0-9]+$',
      description: 'Which of its values.',
      examples: ['password'],
    },
  },
  { required: ['name', 'key'], examples: [{ name: 'warehouse', key: 'password' }] },
);

const configMapRef: Schema = record(
  'A value of a ConfigMap in the namespace of the execution, on a cluster. One machine gives no value.',
  {
    name: {
      type: 'string',
      title: TITLE.configMapName,
      maxLength: MAX_NAME_LENGTH,
      pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
      description: 'Name of the ConfigMap.',
      examples: ['settings'],
    },
    key: {
      type: 'string',
      title: TITLE.configMapKey,
      maxLength: MAX_NAME_LENGTH,
      pattern: '^[-._A-Za-z0-9]+$',
      description: 'Which of its values.',
      examples: ['region'],
    },
  },
  { required: ['name', 'key'], examples: [{ name: 'settings', key: 'region' }] },
);

const envValue: Schema = {
  type: ['string', 'object'],
  title: TITLE.envValue,
  maxLength: 32_768,
  not: { type: 'string', pattern: '\\$\\{\\{' },
  description:
    'Plain text, or a reference to a value of a Secret or a ConfigMap. Inputs arrive in the environment and in the file $PIPECTL_INPUTS, never by `${{ … }}`.',
  examples: ['eu-central-1', { secret: { name: 'warehouse', key: 'password' } }],
  properties: { secret: ref('secretRef'), configMap: ref('configMapRef') },
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
};

const parameter: Schema = {
  type: ['string', 'object'],
  title: 'parameter',
  description: 'A type, or its long form with a default and a description.',
  examples: ['integer', { type: 'list<string>', default: ['a'], description: 'What to read.' }],
  properties: {
    type: ref('type'),
    default: { description: 'Used when no value is given.', examples: [3, 'eu-central-1'] },
    description: DESCRIPTION,
  },
  required: ['type'],
  additionalProperties: false,
};

const parameters: Schema = mapOf('Name → type.', 'identifier', ref('parameter'), {
  maxProperties: 256,
  examples: [{ day: 'datetime', regions: { type: 'list<string>', default: ['eu', 'us'] } }],
});

const bindings: Schema = {
  type: 'object',
  description: 'Input name → value. `${{ inputs.x }}` or `${{ nodes.id.outputs.y }}` alone keeps its type.',
  examples: [{ day: '${{ inputs.day }}', rows: '${{ nodes.fetch.outputs.rows }}', limit: 100 }],
  propertyNames: ref('identifier'),
  maxProperties: 256,
};

const retries: Schema = {
  type: ['integer', 'object'],
  title: 'retries',
  description: 'How often a failed attempt is repeated: a number, or a limit with a back-off.',
  examples: [3, { limit: 3, backoff: { initial: '1s', factor: 2, max: '1m' } }],
  minimum: 0,
  maximum: 100,
  properties: {
    limit: {
      type: 'integer',
      minimum: 0,
      maximum: 100,
      description: 'Retries after the first attempt.',
      examples: [3],
    },
    backoff: record(
      'The wait before each retry.',
      {
        initial: { ...ref('duration'), description: 'The first wait.', examples: ['1s'] },
        factor: {
          type: 'number',
          minimum: 1,
          maximum: 100,
          description: 'Each wait is this many times the one before.',
          examples: [2],
        },
        max: { ...ref('duration'), description: 'No wait is longer.', examples: ['1m'] },
      },
      { examples: [{ initial: '1s', factor: 2, max: '1m' }] },
    ),
  },
  additionalProperties: false,
};

const timeout: Schema = record(
  'When to give up.',
  {
    queue: { ...ref('duration'), description: 'Waiting to start.' },
    run: { ...ref('duration'), description: 'One attempt.' },
    total: { ...ref('duration'), description: 'All attempts and the waits between.' },
  },
  { examples: [{ run: '30m', total: '2h' }] },
);

const quantities: Schema = {
  type: 'object',
  description: 'Resource name → quantity.',
  examples: [{ cpu: '500m', memory: '300Mi' }],
  properties: { cpu: ref('quantity'), memory: ref('quantity'), 'ephemeral-storage': ref('quantity') },
  propertyNames: {
    type: 'string',
    title: 'resource name',
    pattern: '^([a-z0-9.-]{1,253}/)?[a-zA-Z0-9][-a-zA-Z0-9_.]{0,62}$',
    description: 'cpu, memory, ephemeral-storage or an extended resource such as nvidia.com/gpu.',
  },
  additionalProperties: ref('quantity'),
  maxProperties: 32,
};

const resources: Schema = record(
  'What an attempt asks for and may use.',
  { requests: ref('quantities'), limits: ref('quantities') },
  {
    examples: [{ requests: { cpu: '100m', memory: '300Mi' }, limits: { memory: '500Mi' } }],
  },
);

const cache: Schema = {
  type: ['boolean', 'object'],
  title: 'cache',
  description: 'Keep the outputs by task, source and inputs, and use them again.',
  examples: [true, { serialize: true, ttl: '30d' }],
  properties: {
    serialize: { type: 'boolean', description: 'One attempt fills an entry while the others wait.' },
    ttl: { ...ref('duration'), description: 'How long an entry is good; for ever when absent.', examples: ['30d'] },
    ignoreInputs: {
      type: 'array',
      // Not a $ref: that its items are strings must be in sight, for else ajv compares each item with each.
      items: identifier,
      uniqueItems: true,
      maxItems: 256,
      description: 'Inputs that do not matter to the outputs: an entry made with other values of them is used too.',
      examples: [['log_level']],
    },
  },
  additionalProperties: false,
};

const interruptible: Schema = {
  type: 'boolean',
  description: 'Attempts may run on machines that the system can take away; the last one does not.',
};

export const LABEL_KEY: Schema = {
  type: 'string',
  title: 'label key',
  pattern: '^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$',
  description: 'Letters, digits, `-`, `_`, `.`, at most 63, with an optional DNS prefix and `/`.',
};

const metadata: Schema = record(
  'Name and labels.',
  {
    name: ref('name'),
    description: DESCRIPTION,
    domains: {
      type: 'array',
      description:
        'Of a LaunchPlan, Schedule or Platform: the only domains in which it is active. There it takes the place of one of the same name without `domains`.',
      items: ref('name'),
      minItems: 1,
      maxItems: 32,
      uniqueItems: true,
      examples: [['production']],
    },
    labels: {
      type: 'object',
      description: 'Short keys and values to select by, as in Kubernetes.',
      examples: [{ team: 'data', 'example.com/tier': 'gold' }],
      propertyNames: LABEL_KEY,
      additionalProperties: {
        type: 'string',
        title: 'label value',
        pattern: '^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$',
        description: 'Letters, digits, `-`, `_`, `.`, at most 63.',
      },
      maxProperties: 64,
    },
    annotations: {
      type: 'object',
      description: 'Notes for people and tools.',
      examples: [{ 'example.com/runbook': 'https://wiki.example.com/orders' }],
      propertyNames: {
        type: 'string',
        title: 'annotation key',
        pattern: '^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$',
        description: 'Letters, digits, `-`, `_`, `.`, at most 63, with an optional DNS prefix and `/`.',
      },
      additionalProperties: { type: 'string', maxLength: 65_536 },
      maxProperties: 64,
    },
  },
  { required: ['name'], examples: [{ name: 'add-two', labels: { team: 'data' } }] },
);

const concurrency: Schema = record(
  'How many executions of the launch plan are live at a time.',
  {
    limit: { type: 'integer', minimum: 1, maximum: 100_000, description: 'Live executions.', examples: [1] },
    whenFull: { enum: ['queue', 'skip'], default: 'queue', description: 'What happens to the next one.' },
  },
  { required: ['limit'], examples: [{ limit: 1, whenFull: 'skip' }] },
);

const workflowOutput: Schema = {
  type: ['string', 'number', 'boolean', 'null', 'array', 'object'],
  title: 'workflow output',
  description: 'A value, or its long form `{ value, type, description }`.',
  examples: ['${{ nodes.report.outputs.chart }}'],
  properties: {
    value: { description: 'The value; may hold expressions.', examples: ['${{ nodes.report.outputs.chart }}'] },
    type: ref('type'),
    description: DESCRIPTION,
  },
  required: ['value'],
  additionalProperties: false,
};

/** Shared definitions; each schema file holds those that it uses. */
export const PARTS = {
  name,
  identifier,
  duration,
  quantity,
  type,
  instant,
  runText,
  secretRef,
  configMapRef,
  envValue,
  parameter,
  parameters,
  bindings,
  retries,
  timeout,
  quantities,
  resources,
  cache,
  interruptible,
  metadata,
  concurrency,
  workflowOutput,
} satisfies Record<string, Schema>;
