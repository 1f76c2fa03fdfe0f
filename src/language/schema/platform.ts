import { objectStore } from './object-store.ts';
import { DESCRIPTION, record, ref, type Schema } from './parts.ts';
import { scheduler } from './schedule.ts';

const KEEP_COUNT: Schema = {
  type: 'integer',
  minimum: 0,
  maximum: 100_000_000,
  description: 'At most so many; the newest stay.',
  examples: [10_000],
};
const KEEP_AGE: Schema = { ...ref('duration'), description: 'None that ended longer ago.', examples: ['30d'] };

const retention: Schema = record(
  'How long what is over is kept; what is left out has its default.',
  {
    live: record(
      'Executions that are over among the live objects, where kubectl lists them.',
      {
        maxAge: KEEP_AGE,
        maxCount: KEEP_COUNT,
      },
      { examples: [{ maxAge: '1h', maxCount: 1000 }] },
    ),
    executions: record(
      'Executions in the archive, with what describe and events tell of them.',
      {
        maxAge: KEEP_AGE,
        maxCount: KEEP_COUNT,
      },
      { examples: [{ maxAge: '90d', maxCount: 1_000_000 }] },
    ),
    pods: record(
      'Pods that ended, of executions that are live objects.',
      { maxAge: KEEP_AGE, maxCount: KEEP_COUNT },
      { examples: [{ maxAge: '1h', maxCount: 500 }] },
    ),
    logs: record(
      'What attempts wrote.',
      {
        maxAge: KEEP_AGE,
        maxSize: { ...ref('quantity'), description: 'All together; the newest stay.', examples: ['10Gi'] },
      },
      { examples: [{ maxAge: '14d', maxSize: '10Gi' }] },
    ),
  },
  { examples: [{ executions: { maxAge: '90d' }, logs: { maxAge: '14d', maxSize: '10Gi' } }] },
);

const QUOTA_NAME: Schema = { type: 'string', minLength: 1, maxLength: 63 };

const quotas: Schema = {
  type: 'array',
  maxItems: 1_000,
  description: 'What executions may take at a time. The first entry that fits a namespace counts, for each by itself.',
  items: record(
    'A quota; what it does not name fits any project or domain.',
    {
      project: { ...QUOTA_NAME, description: 'Only of this project.', examples: ['ticketing'] },
      domain: { ...QUOTA_NAME, description: 'Only of this domain.', examples: ['production'] },
      maxExecutions: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000,
        description: 'Running executions.',
        examples: [50],
      },
      maxTasks: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000,
        description: 'Live task attempts, subtasks included.',
        examples: [200],
      },
      cpu: { ...ref('quantity'), description: 'What live attempts request together.', examples: ['16'] },
      memory: { ...ref('quantity'), description: 'What live attempts request together.', examples: ['64Gi'] },
    },
    { title: 'quota' },
  ),
  examples: [
    [
      { domain: 'production', maxTasks: 200 },
      { maxTasks: 20, cpu: '8', memory: '16Gi' },
    ],
  ],
};

/** The spec of a platform. */
export const platform: Schema = record('Settings of the engine itself.', {
  description: DESCRIPTION,
  propeller: record(
    'The workers that move executions on.',
    {
      workers: { type: 'integer', minimum: 1, maximum: 100_000, description: 'Workers per shard.', examples: [500] },
      maxParallelism: {
        type: 'integer',
        minimum: 1,
        maximum: 100_000,
        description: 'Live task attempts of one execution, where nothing says less.',
        examples: [25],
      },
      sharding: {
        type: 'object',
        description: 'How executions are spread over shards.',
        properties: {
          strategy: {
            enum: ['hash', 'project', 'domain'],
            description: '`hash`: evenly; `project`, `domain`: by name.',
          },
          shards: {
            type: ['integer', 'array'],
            description: 'With `hash` how many; else which ids each takes, `*` the rest.',
            examples: [4, [{ ids: ['ticketing', 'billing'] }, { ids: ['*'] }]],
            minimum: 1,
            maximum: 1024,
            minItems: 1,
            maxItems: 1024,
            items: record(
              'A shard.',
              {
                ids: {
                  type: 'array',
                  minItems: 1,
                  maxItems: 1024,
                  items: { type: 'string', minLength: 1, maxLength: 63 },
                  description: 'Names, or `*`.',
                  examples: [['ticketing', 'billing'], ['*']],
                },
              },
              { title: 'shard', required: ['ids'] },
            ),
          },
        },
        required: ['strategy', 'shards'],
        additionalProperties: false,
        examples: [
          { strategy: 'hash', shards: 4 },
          { strategy: 'project', shards: [{ ids: ['a', 'b'] }, { ids: ['*'] }] },
        ],
      },
      autoscale: record(
        'How many shards run.',
        {
          min: { type: 'integer', minimum: 1, maximum: 1024, description: 'Never fewer.', examples: [1] },
          max: { type: 'integer', minimum: 1, maximum: 1024, description: 'Never more.', examples: [8] },
          freeWorkersTarget: {
            type: 'number',
            exclusiveMinimum: 0,
            exclusiveMaximum: 1,
            description: 'The part of the workers that should be free.',
            examples: [0.2],
          },
        },
        { required: ['min', 'max'], examples: [{ min: 1, max: 8, freeWorkersTarget: 0.2 }] },
      ),
    },
    { examples: [{ workers: 500, maxParallelism: 25, sharding: { strategy: 'hash', shards: 4 } }] },
  ),
  retention,
  quotas,
  scheduler,
  objectStore,
});
