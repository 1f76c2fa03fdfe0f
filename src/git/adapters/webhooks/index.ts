/**
 * webhooks: POST /webhooks/<repository>, by which a host says that something was pushed.
 * Owns the check of its signature and the bounds of size, time and rate. Must not read what the body says: a webhook is a
 * hint to poll and nothing more, so a forged or replayed one could at most cause what happens anyway.
 * Keeps: strangers learn from the answer neither which repositories there are nor how close they came.
 */
export { createWebhookEndpoint, type WebhookEndpoint, type WebhookOptions, type WebhookSecret } from './endpoint.ts';
