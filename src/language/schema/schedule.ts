import {
  MAX_EXCLUDE_RULES,
  MAX_EXCLUDED_DATES,
  MAX_PRIORITY,
  MAX_QUEUED,
  MAX_RATE_LIMIT_TICKS,
  MAX_TICKS_PER_SECOND,
  MIN_PRIORITY,
} from '../../base/index.ts';
import { DESCRIPTION, record, ref, type Schema } from './parts.ts';

const LOCAL_TIME = '^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?$';

const exclude: Schema = {
  type: 'array',
  maxItems: MAX_EXCLUDE_RULES,
  description: 'When it does not tick, by the clocks of its zone. A tick that falls in there is left out, not moved.',
  items: record(
    'A span of time, days, or a file of days.',
    {
      from: {
        type: 'string',
        pattern: LOCAL_TIME,
        description: 'Where the span begins: a day, or a day and time. With `to`.',
        examples: ['2026-12-24T18:00', '2026-12-24'],
      },
      to: {
        type: 'string',
        pattern: LOCAL_TIME,
        description: 'Where it ends: a time that is not part of it, or a day that is, to its end.',
        examples: ['2027-01-02T06:00', '2027-01-01'],
      },
      dates: {
        type: 'array',
        minItems: 1,
        maxItems: MAX_EXCLUDED_DATES,
        items: { type: 'string', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' },
        description: 'Whole days.',
        examples: [['2026-12-25', '2026-12-26']],
      },
      calendar: {
        type: 'string',
        minLength: 1,
        maxLength: 1024,
        pattern: '\\.dates$',
        description:
          'A file of this commit with one day on each line; what follows a day is its name, `#` begins a comment.',
        examples: ['calendars/holidays.dates'],
      },
    },
    { oneOf: [{ required: ['from'] }, { required: ['dates'] }, { required: ['calendar'] }] },
  ),
  examples: [[{ calendar: 'calendars/holidays.dates' }, { from: '2026-12-24T18:00', to: '2027-01-01' }]],
};

const catchUp: Schema = record(
  'Ticks missed while nobody watched.',
  {
    policy: { enum: ['all', 'latest', 'none'], default: 'latest', description: 'Which of them run.' },
    limit: { type: 'integer', minimum: 1, maximum: 100_000, description: 'At most so many.', examples: [100] },
    window: { ...ref('duration'), description: 'None older than this.', examples: ['7d'] },
  },
  { examples: [{ policy: 'all', limit: 100, window: '7d' }] },
);

const rateLimit: Schema = record(
  'How many executions it starts in a time; what is more waits.',
  {
    ticks: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_RATE_LIMIT_TICKS,
      description: 'Executions.',
      examples: [10],
    },
    per: { ...ref('duration'), description: 'In any such time, from 1s to 1d.', examples: ['1m'] },
  },
  { required: ['ticks', 'per'], examples: [{ ticks: 10, per: '1m' }] },
);

/** The spec of a schedule. */
export const schedule: Schema = record(
  'When a launch plan runs.',
  {
    description: DESCRIPTION,
    launchPlan: { ...ref('name'), description: 'The launch plan that runs at each tick.', examples: ['nightly'] },
    cron: {
      type: 'string',
      minLength: 1,
      maxLength: 1000,
      description:
        'Minute, hour, day of month, month, day of week, with seconds before them when there are six; names, ranges, steps, `L`, `W`, `#`; or `@hourly`, `@daily` and their like.',
      examples: ['0 2 * * *', '@hourly'],
    },
    every: { ...ref('duration'), description: 'A fixed rate, counted from `start`.', examples: ['15m'] },
    timeZone: {
      type: 'string',
      minLength: 1,
      maxLength: 64,
      default: 'UTC',
      description: 'An IANA zone.',
      examples: ['Europe/Berlin'],
    },
    start: { ...ref('instant'), description: 'No tick before.' },
    end: { ...ref('instant'), description: 'No tick at or after.' },
    spread: {
      ...ref('duration'),
      description: 'Each schedule is moved by its own constant part of this.',
      examples: ['10m'],
    },
    exclude,
    catchUp,
    overlap: {
      enum: ['allow', 'forbid', 'replace', 'queue'],
      default: 'allow',
      description:
        'What a tick does while executions of earlier ticks are not over: run beside them, be skipped, abort them, or wait.',
    },
    maxQueued: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_QUEUED,
      description:
        'With `overlap: queue`: executions that wait at most; a tick that finds so many is skipped. 10 when absent.',
      examples: [3],
    },
    priority: {
      type: 'integer',
      minimum: MIN_PRIORITY,
      maximum: MAX_PRIORITY,
      description: "Of its executions, instead of the launch plan's: those with a higher one go first.",
      examples: [10],
    },
    rateLimit,
    inputs: {
      ...ref('bindings'),
      description: "Values for the launch plan's inputs.",
      examples: [{ region: 'eu-central-1', limit: 100 }],
    },
    kickoffTime: {
      ...ref('identifier'),
      description: 'The datetime input that gets the tick.',
      examples: ['scheduled_at'],
    },
    active: { type: 'boolean', default: true, description: 'Whether it ticks.' },
  },
  { required: ['launchPlan'], oneOf: [{ required: ['cron'] }, { required: ['every'] }] },
);

const RATE: Schema = { type: 'integer', minimum: 1, maximum: MAX_TICKS_PER_SECOND };

/** Of the platform. */
export const scheduler: Schema = record(
  'All schedules together.',
  {
    suspended: {
      type: 'boolean',
      description: 'Whether none ticks. What is missed meanwhile is made up for as each schedule says.',
      examples: [true],
    },
    ticksPerSecond: { ...RATE, description: 'Executions that due ticks start in a second.', examples: [1000] },
    catchUpPerSecond: { ...RATE, description: 'Executions that missed ticks start in a second.', examples: [50] },
  },
  { examples: [{ catchUpPerSecond: 50 }] },
);
