import { StalledError, type UnixMs } from '../base/index.ts';
import type { Notification, NotificationEvent, NotificationTarget, SecretRef } from '../cluster/index.ts';
import type { HttpMessage, MailMessage, Message } from './message.ts';
import { headlineOf, notificationId, particularsOf, payloadOf } from './payload.ts';
import { signature } from './signature.ts';
import { slackPayload } from './slack.ts';

/** The secrets that a message to this target needs: first where it goes, then, where it is signed, the key. */
export function secretsOf(target: NotificationTarget): readonly SecretRef[] {
  if ('webhook' in target) return [target.webhook.url.secret, target.webhook.signingKey.secret];
  if ('slack' in target) return [target.slack.url.secret];
  if ('email' in target) return [target.email.smtp.secret];
  const { url, signingKey } = target.cloudEvents;
  return signingKey === undefined ? [url.secret] : [url.secret, signingKey.secret];
}

/**
 * The message of a notification, given the values of its secrets in the order of `secretsOf`. Throws StalledError when
 * the address is none; the message does not repeat it.
 */
export function composeMessage(
  notification: Notification,
  [address, key]: readonly [Uint8Array, Uint8Array?],
  now: UnixMs,
): Message {
  const { target } = notification.spec;
  const text = new TextDecoder().decode(address).trim();
  if ('email' in target) return mail(notification, target.email, checked(text, target, ['smtp:', 'smtps:']));
  const url = checked(text, target, ['https:', 'http:']);
  const id = notificationId(notification);
  if ('slack' in target) return post(url, id, 'application/json', JSON.stringify(slackPayload(notification)));
  const payload = payloadOf(notification);
  if ('webhook' in target) {
    return signed(post(url, id, 'application/json', JSON.stringify({ id, ...payload })), key, now);
  }
  const attributes = {
    specversion: '1.0',
    id,
    source: `/pipectl/${notification.metadata.namespace ?? ''}`,
    type: EVENT_TYPES[notification.spec.event],
    subject: notification.spec.execution,
    time: notification.spec.at,
  };
  const { mode } = target.cloudEvents;
  if (mode === 'structured') {
    const event = { ...attributes, datacontenttype: 'application/json', data: payload };
    return signed(post(url, id, 'application/cloudevents+json; charset=utf-8', JSON.stringify(event)), key, now);
  }
  const headers = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]));
  const message = post(url, id, 'application/json', JSON.stringify(payload));
  return signed({ ...message, headers: { ...message.headers, ...headers } }, key, now);
}

const EVENT_TYPES: Readonly<Record<NotificationEvent, string>> = {
  Succeeded: 'dev.pipectl.execution.succeeded',
  Failed: 'dev.pipectl.execution.failed',
  TimedOut: 'dev.pipectl.execution.timedout',
  Aborted: 'dev.pipectl.execution.aborted',
  WaitingForApproval: 'dev.pipectl.execution.waitingforapproval',
};

function post(url: string, id: string, type: string, body: string): HttpMessage {
  return { kind: 'http', url, headers: { 'content-type': type, 'pipectl-notification-id': id }, body };
}

function signed(message: HttpMessage, key: Uint8Array | undefined, now: UnixMs): HttpMessage {
  if (key === undefined) return message;
  const headers = { ...message.headers, 'pipectl-signature': signature(message.body, key, now) };
  return { ...message, headers };
}

function mail(
  notification: Notification,
  { from, to }: Extract<NotificationTarget, { email: unknown }>['email'],
  smtp: string,
): MailMessage {
  const { namespace = '', name } = notification.metadata;
  const { facts, reason, command } = particularsOf(notification);
  const headline = headlineOf(notification);
  const lines = [
    `${headline}.`,
    '',
    ...facts.map(([fact, value]) => `${fact}: ${value}`),
    ...(reason === undefined ? [] : ['', reason]),
    '',
    command,
    '',
  ];
  const subject = `[${namespace}] ${headline}`;
  return { kind: 'mail', smtp, messageId: `<${name}@${namespace}.pipectl>`, from, to, subject, text: lines.join('\n') };
}

function checked(text: string, target: NotificationTarget, protocols: readonly string[]): string {
  const url = URL.parse(text);
  if (url !== null && protocols.includes(url.protocol) && url.hostname !== '') return text;
  const [ref] = secretsOf(target);
  const wanted = protocols.map((protocol) => `${protocol}//`).join(' or ');
  throw new StalledError(
    'InvalidAddress',
    `key "${ref?.key}" of secret "${ref?.name}" is no address that begins with ${wanted}`,
  );
}
