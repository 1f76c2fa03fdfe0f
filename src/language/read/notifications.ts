import type { Json } from '../../base/index.ts';
import type { NotificationEvent, NotificationSpec, SecretValue } from '../document.ts';
import { NOTIFICATION_EVENTS } from '../schema/notifications.ts';
import { objectOf, textOf, textsOf } from './reader.ts';

/** Notifications in a form of their own: events in a fixed order, defaults filled in. Undefined: none are given. */
export function readNotifications(value: Json | undefined): readonly NotificationSpec[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.flatMap((item: Json) => readNotification(item) ?? []);
}

/** Undefined where the schema has told that it goes no way, or several. */
function readNotification(value: Json): NotificationSpec | undefined {
  const given = objectOf(value);
  const told: ReadonlySet<string> = new Set(textsOf(given.on));
  const on: readonly NotificationEvent[] = NOTIFICATION_EVENTS.filter((event) => told.has(event));
  const { webhook, slack, cloudEvents, email } = given;
  if (webhook !== undefined) {
    const { url, signingKey } = objectOf(webhook);
    return { on, webhook: { url: secretOf(url), signingKey: secretOf(signingKey) } };
  }
  if (slack !== undefined) return { on, slack: { url: secretOf(objectOf(slack).url) } };
  if (cloudEvents !== undefined) {
    const { url, mode, signingKey } = objectOf(cloudEvents);
    const signed = signingKey === undefined ? {} : { signingKey: secretOf(signingKey) };
    return { on, cloudEvents: { url: secretOf(url), mode: mode === 'binary' ? 'binary' : 'structured', ...signed } };
  }
  if (email !== undefined) {
    const { smtp, from, to } = objectOf(email);
    return { on, email: { smtp: secretOf(smtp), from: textOf(from) ?? '', to: textsOf(to) } };
  }
  return undefined;
}

function secretOf(value: Json | undefined): SecretValue {
  const { name, key } = objectOf(objectOf(value).secret);
  return { secret: { name: textOf(name) ?? '', key: textOf(key) ?? '' } };
}
