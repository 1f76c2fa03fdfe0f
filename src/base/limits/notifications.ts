/** Bounds of notifications: what is written, kept and sent. Times in milliseconds. */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Of one workflow or launch plan; each is an object for each end of an execution. */
export const MAX_NOTIFICATIONS = 20;
export const MAX_NOTIFICATION_RECIPIENTS = 50;
/** Characters of an error or of an approval's message in a notification: chats and mail cut what is longer. */
export const MAX_NOTIFICATION_TEXT = 2_000;
/** Notifications to be delivered that are remembered; those past it are read again when half of these are gone. */
export const MAX_PENDING_NOTIFICATIONS = 50_000;
/** Deliveries under way, all together and to one receiver: one that hangs must not hold up the others. */
export const MAX_DELIVERIES = 16;
export const MAX_DELIVERIES_TO_ONE = 2;
/** Connecting, sending and the answer together. */
export const DELIVERY_TIMEOUT_MS = 15 * SECOND;
/** Wait after a failed delivery; a receiver may ask for another one, up to the longest. */
export const DELIVERY_BACKOFF = { initialMs: 5 * SECOND, factor: 3, maxMs: 10 * MINUTE } as const;
/** Nobody wants to hear of what failed long ago: then it is given up. */
export const DELIVERY_GIVE_UP_MS = DAY;
/** How long it is kept that a notification was delivered, and that it never was; and so many of each, the newest. */
export const NOTIFICATION_RETENTION = {
  sweepMs: 10 * MINUTE,
  delivered: { maxAgeMs: DAY, maxCount: 1_000 },
  failed: { maxAgeMs: 7 * DAY, maxCount: 1_000 },
} as const;
