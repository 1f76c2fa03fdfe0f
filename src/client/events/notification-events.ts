import { instantMs } from '../../base/index.ts';
import { type Cluster, channelOf, type Execution, LABEL, labelValue, type Notification } from '../../cluster/index.ts';
import { listAll } from '../follow.ts';
import type { EventWhat, ExecutionEvent } from './event.ts';

/** What is in the outbox about an execution: what ended a while ago is not any more. */
export async function loadNotifications(cluster: Cluster, { metadata }: Execution): Promise<readonly Notification[]> {
  const { namespace, name, uid } = metadata;
  const { items } = await listAll<Notification>(cluster, 'Notification', {
    ...(namespace !== undefined && { namespace }),
    labelSelector: `${LABEL.execution}=${labelValue(name)}`,
  });
  return items.filter(({ spec }) => spec.uid === uid);
}

/** Who was told of an execution, who could not be told yet, and who never was, by time. */
export function notificationEvents(notifications: readonly Notification[]): readonly ExecutionEvent[] {
  return notifications.map(eventOf).sort((a, b) => a.at - b.at);
}

const WHATS = {
  Pending: 'NotificationPending',
  Delivered: 'Notified',
  Failed: 'NotificationFailed',
} as const satisfies Record<string, EventWhat>;

function eventOf({ spec, status }: Notification): ExecutionEvent {
  const { event, node, target } = spec;
  const { phase = 'Pending', message, endedAt } = status ?? {};
  const cause = `${event} by ${channelOf(target)}`;
  return {
    at: instantMs(endedAt) ?? instantMs(spec.at) ?? 0,
    what: WHATS[phase],
    by: { kind: 'engine' },
    ...(node !== undefined && { node }),
    cause: message === undefined ? cause : `${cause}: ${message}`,
  };
}
