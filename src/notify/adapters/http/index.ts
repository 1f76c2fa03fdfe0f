/**
 * notify/adapters/http: posts messages over HTTP and HTTPS.
 * Must not follow redirects, use a proxy, or tell what an address is or what the other side wrote.
 * Keeps: a post ends within DELIVERY_TIMEOUT_MS, and nothing of the answer but its status and `Retry-After` is read.
 */
export { createHttpSender, type HttpSenderOptions } from './http-sender.ts';
