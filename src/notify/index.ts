/**
 * notify: what is told to somebody outside about an execution, as messages for each channel, and the port that sends them.
 * Must not decide when or how often something is sent, nor keep anything. Adapters live below and are wired by `main/` only.
 * Keeps: a message has the same id however often it is sent; it holds what the notification says and nothing of a secret,
 * but for the address that it goes to; text of users is escaped for where it is shown.
 */
export { composeMessage, secretsOf } from './compose.ts';
export type { HttpMessage, MailMessage, Message, SendAnswer, Senders } from './message.ts';
export { notificationId } from './payload.ts';
export { signature } from './signature.ts';
