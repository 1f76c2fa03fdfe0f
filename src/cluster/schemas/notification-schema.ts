import type { KindSchema } from './kind-schemas.ts';
import { anything, oneOf, optional, record, text, time, whole } from './schema.ts';

/** The outbox. Its writers are the engine, which puts in, and the delivery, which says what has become of it. */
export const NOTIFICATION: KindSchema = {
  description: 'Something to be told to somebody about an execution.',
  fields: {
    spec: record(
      {
        event: oneOf(['Succeeded', 'Failed', 'TimedOut', 'Aborted', 'WaitingForApproval'], 'What happened.'),
        at: time('When it happened.'),
        execution: text('Name of the execution.'),
        uid: text('Its uid.'),
        repository: text('Repository of the workflow.'),
        commit: text('Commit that the execution is pinned to.'),
        workflow: text('Workflow that it runs.'),
        launchPlan: optional(text('Launch plan that it came from.')),
        startedAt: optional(time('When it started.')),
        error: optional(anything('Why it ended badly.')),
        node: optional(text('Path of the node that waits.')),
        message: optional(text('What the node says.')),
        target: anything('Who is told, and how: webhook, slack, cloudEvents or email.'),
      },
      'What is told, and to whom. Written by the engine alone.',
    ),
    status: record(
      {
        phase: oneOf(['Pending', 'Delivered', 'Failed'], 'Whether it was told. Failed: it was given up.'),
        attempts: whole('Tries so far.'),
        message: optional(text('Why the last try failed.')),
        retryAt: optional(time('When it is tried again.')),
        endedAt: optional(time('When it was delivered or given up.')),
      },
      'What has become of it.',
    ),
  },
};
