import { MAX_NOTIFICATION_RECIPIENTS, MAX_NOTIFICATIONS } from '../../base/index.ts';
import { record, ref, type Schema, TITLE } from './parts.ts';

/** What notifications may be about. */
export const NOTIFICATION_EVENTS = ['Succeeded', 'Failed', 'TimedOut', 'Aborted', 'WaitingForApproval'] as const;

const SECRET: Schema = { $ref: '#/$defs/secretValue' };
const URL_SECRET: Schema = {
  ...SECRET,
  description: 'The address to post to, http or https: it is a secret as a whole.',
};

const secretValue: Schema = {
  type: 'object',
  title: TITLE.secretValue,
  description: 'A value that stands in a secret and not in git.',
  properties: { secret: ref('secretRef') },
  required: ['secret'],
  additionalProperties: false,
  examples: [{ secret: { name: 'alerts', key: 'url' } }],
};

const address: Schema = {
  type: 'string',
  title: 'mail address',
  pattern: '^[^\\s@<>(),;:"\\\\]{1,64}@[A-Za-z0-9]([-.A-Za-z0-9]{0,251}[A-Za-z0-9])?$',
  description: 'An address alone, without a name: `team@example.com`.',
  examples: ['team@example.com'],
};

const notification: Schema = record(
  'Whom to tell, and of what.',
  {
    on: {
      type: 'array',
      items: { enum: NOTIFICATION_EVENTS, description: 'How an execution ended, or that it waits to be approved.' },
      minItems: 1,
      uniqueItems: true,
      description: 'What is told: how an execution ends, or that a node of it waits for an approval.',
      examples: [['Failed', 'TimedOut']],
    },
    webhook: record(
      'Posts JSON, signed.',
      { url: URL_SECRET, signingKey: { ...SECRET, description: 'The key of the signature in `Pipectl-Signature`.' } },
      {
        required: ['url', 'signingKey'],
        examples: [
          {
            url: { secret: { name: 'alerts', key: 'url' } },
            signingKey: { secret: { name: 'alerts', key: 'signing-key' } },
          },
        ],
      },
    ),
    slack: record(
      'Posts a message to an incoming webhook as Slack has them.',
      { url: URL_SECRET },
      { required: ['url'], examples: [{ url: { secret: { name: 'slack', key: 'url' } } }] },
    ),
    cloudEvents: record(
      'Posts a CloudEvent, version 1.0.',
      {
        url: URL_SECRET,
        mode: {
          enum: ['structured', 'binary'],
          default: 'structured',
          description: '`structured`: all of it as one JSON body; `binary`: its attributes as headers.',
        },
        signingKey: { ...SECRET, description: 'Signs it as a webhook is signed.' },
      },
      { required: ['url'], examples: [{ url: { secret: { name: 'events', key: 'url' } }, mode: 'binary' }] },
    ),
    email: record(
      'Sends a mail.',
      {
        smtp: {
          ...SECRET,
          description:
            'The mail server: `smtps://user:password@host` or, with STARTTLS, `smtp://user:password@host:587`.',
        },
        from: { ...address, description: 'Whose mail it is.' },
        to: {
          type: 'array',
          items: address,
          minItems: 1,
          maxItems: MAX_NOTIFICATION_RECIPIENTS,
          uniqueItems: true,
          description: 'Who gets it.',
          examples: [['team@example.com']],
        },
      },
      {
        required: ['smtp', 'from', 'to'],
        examples: [
          { smtp: { secret: { name: 'mail', key: 'smtp' } }, from: 'pipelines@example.com', to: ['team@example.com'] },
        ],
      },
    ),
  },
  {
    title: 'notification',
    required: ['on'],
    oneOf: [{ required: ['webhook'] }, { required: ['slack'] }, { required: ['cloudEvents'] }, { required: ['email'] }],
  },
);

const notifications: Schema = {
  type: 'array',
  items: notification,
  maxItems: MAX_NOTIFICATIONS,
  description: 'Who is told when an execution ends, or waits for an approval.',
  examples: [[{ on: ['Failed', 'TimedOut'], slack: { url: { secret: { name: 'slack', key: 'url' } } } }]],
};

/** A field that holds notifications. */
export const NOTIFICATIONS: Schema = { $ref: '#/$defs/notifications' };

export const NOTIFICATION_PARTS = { notifications, secretValue } satisfies Record<string, Schema>;
