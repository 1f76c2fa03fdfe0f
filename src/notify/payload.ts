import type { Json } from '../base/index.ts';
import type { Notification, NotificationEvent } from '../cluster/index.ts';

/** The same for each try, and for no other notification. */
export function notificationId({ metadata }: Notification): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** What happened, as programs read it. */
export function payloadOf(notification: Notification): { readonly [field: string]: Json } {
  const { event, at, execution, uid, repository, commit, workflow, ...more } = notification.spec;
  const { launchPlan, startedAt, error, node, message } = more;
  return {
    event,
    at,
    execution: {
      namespace: notification.metadata.namespace ?? '',
      name: execution,
      uid,
      repository,
      commit,
      workflow,
      phase: event === 'WaitingForApproval' ? 'Running' : event,
      ...(launchPlan !== undefined && { launchPlan }),
      ...(startedAt !== undefined && { startedAt }),
      ...(error !== undefined && { error: { ...error } }),
    },
    ...(node !== undefined && { approval: { node, ...(message !== undefined && { message }) } }),
  };
}

const VERBS: Readonly<Record<NotificationEvent, string>> = {
  Succeeded: 'succeeded',
  Failed: 'failed',
  TimedOut: 'timed out',
  Aborted: 'was aborted',
  WaitingForApproval: 'waits for an approval',
};

/** One line for people: `etl-x7k2p9 failed`. */
export function headlineOf({ spec }: Notification): string {
  return `${spec.execution} ${VERBS[spec.event]}`;
}

/** The rest, for people, a line each: what it was, why, and what to type. */
export interface Particulars {
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** Why it ended badly, or what is to be approved; may have several lines. */
  readonly reason: string | undefined;
  readonly command: string;
}

export function particularsOf({ metadata, spec }: Notification): Particulars {
  const { namespace = '' } = metadata;
  const { workflow, launchPlan, commit, repository, error, node, message } = spec;
  const where = error?.node === undefined ? '' : `node ${error.node}: `;
  const reason = error === undefined ? message : `${where}${error.reason}: ${error.message}`;
  return {
    facts: [
      ['Workflow', workflow],
      ...(launchPlan === undefined ? [] : [['Launch plan', launchPlan] as const]),
      ['Commit', `${commit.slice(0, 7)} of ${repository}`],
      ['Namespace', namespace],
      ...(node === undefined ? [] : [['Node', node] as const]),
    ],
    reason,
    command:
      node === undefined
        ? `pipectl describe execution ${spec.execution} -n ${namespace}`
        : `pipectl approve ${spec.execution} ${node} -n ${namespace}`,
  };
}
