import { DELIVERY_GIVE_UP_MS, instantMs, instantText, StalledError, type UnixMs } from '../../base/index.ts';
import {
  channelOf,
  findObject,
  NotFoundError,
  type Notification,
  type NotificationStatus,
  patchStatus,
} from '../../cluster/index.ts';
import { composeMessage, type Message, type SendAnswer, secretsOf } from '../../notify/index.ts';
import type { Courier } from './deliveries.ts';
import { backoffMs, type Item } from './outbox.ts';

/**
 * One try, and what is written of it. Resolves with when to try again; undefined: it is dealt with. Rejects when the
 * cluster does not answer; then the same is to be called again.
 */
export async function attempt(courier: Courier, item: Item): Promise<UnixMs | undefined> {
  const { clock } = courier.options;
  item.outcome ??= await outcomeOf(courier, item);
  // Gone, or dealt with.
  if (item.outcome === undefined) return undefined;
  const { phase, retryAt } = item.outcome;
  await write(courier, item, item.outcome);
  item.attempts = item.outcome.attempts;
  item.outcome = undefined;
  return phase === 'Pending' ? (instantMs(retryAt) ?? clock.now()) : undefined;
}

async function outcomeOf(courier: Courier, item: Item): Promise<NotificationStatus | undefined> {
  const { cluster, clock, log } = courier.options;
  const key = { kind: 'Notification', namespace: item.namespace, name: item.name };
  const notification = await findObject<Notification>(cluster, key);
  if (notification === undefined || (notification.status?.phase ?? 'Pending') !== 'Pending') return undefined;
  const { receiver } = item;
  const givesUpAt = (instantMs(notification.spec.at) ?? clock.now()) + DELIVERY_GIVE_UP_MS;
  if (clock.now() >= givesUpAt) {
    return givenUp(courier, item, notification.status?.message ?? receiver.problem ?? 'it was never tried');
  }
  const answer = await send(courier, notification);
  // Ended with the process: nobody knows whether it was taken, so it is sent again.
  if (courier.ending.signal.aborted && answer.kind !== 'Sent') return undefined;
  const attempts = item.attempts + 1;
  if (answer.kind === 'Sent') {
    receiver.failures = 0;
    receiver.problem = undefined;
    courier.counters.delivered++;
    return { phase: 'Delivered', attempts, endedAt: instantText(clock.now()) };
  }
  const { message } = answer;
  courier.counters.failedAttempts++;
  const afterMs = wait(item, answer, attempts);
  const retryAt = clock.now() + afterMs * (0.8 + courier.options.random.unit() * 0.2);
  if (answer.kind === 'Unavailable') receiver.notBefore = Math.max(receiver.notBefore, retryAt);
  log.write('warn', 'notification not delivered', {
    notification: item.key,
    channel: channelOf(notification.spec.target),
    attempts,
    why: message,
  });
  return { phase: 'Pending', attempts, message, retryAt: instantText(retryAt) };
}

/** A receiver that takes nothing makes all wait that is for it; a message that is refused waits alone. */
function wait({ receiver }: Item, answer: Exclude<SendAnswer, { kind: 'Sent' }>, attempts: number): number {
  if (answer.kind === 'Refused') {
    receiver.failures = 0;
    return backoffMs(attempts, undefined);
  }
  receiver.failures++;
  receiver.problem = answer.message;
  return backoffMs(receiver.failures, answer.afterMs);
}

function givenUp({ counters, options }: Courier, item: Item, why: string): NotificationStatus {
  counters.failed++;
  const message = `given up after ${item.attempts} ${item.attempts === 1 ? 'try' : 'tries'}: ${why}`;
  options.log.write('error', 'notification given up', { notification: item.key, why });
  return { phase: 'Failed', attempts: item.attempts, message, endedAt: instantText(options.clock.now()) };
}

async function send({ options, ending }: Courier, notification: Notification): Promise<SendAnswer> {
  const { secrets, senders, clock } = options;
  const values: Uint8Array[] = [];
  for (const ref of secretsOf(notification.spec.target)) {
    const answer = await secrets.read(notification.metadata.namespace ?? '', ref);
    if (answer.kind === 'missing') return { kind: 'Unavailable', message: answer.message };
    values.push(answer.bytes);
  }
  const [address, key] = values;
  if (address === undefined) return { kind: 'Unavailable', message: 'it names no address' };
  let message: Message;
  try {
    message = composeMessage(notification, [address, key], clock.now());
  } catch (error) {
    if (error instanceof StalledError) return { kind: 'Unavailable', message: error.message };
    throw error;
  }
  return message.kind === 'http' ? senders.http(message, ending.signal) : senders.mail(message, ending.signal);
}

async function write({ options }: Courier, item: Item, outcome: NotificationStatus): Promise<void> {
  const key = { kind: 'Notification', namespace: item.namespace, name: item.name };
  const { phase, attempts, message = null, retryAt = null, endedAt = null } = outcome;
  try {
    await patchStatus(options.cluster, key, { phase, attempts, message, retryAt, endedAt });
  } catch (error) {
    // Somebody deleted it meanwhile.
    if (!(error instanceof NotFoundError)) throw error;
  }
}
