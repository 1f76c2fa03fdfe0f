import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Who sends webhooks, which says how they are signed. */
export type WebhookProvider = 'github' | 'gitlab' | 'gitea';

/** Headers of a request, names in lower case. */
export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Checks one request while its body comes in; nothing of the body is kept. */
export interface WebhookCheck {
  update(chunk: Uint8Array): void;
  /** Whether the sender knows the secret. Takes the same time whatever is wrong. */
  isGenuine(): boolean;
}

/**
 * GitHub and Gitea sign the body (X-Hub-Signature-256: `sha256=<hex>`, X-Gitea-Signature: `<hex>`, both HMAC-SHA256);
 * GitLab sends the secret itself (X-Gitlab-Token).
 */
export function checkWebhook(provider: WebhookProvider, headers: WebhookHeaders, secret: Uint8Array): WebhookCheck {
  if (provider === 'gitlab') {
    const given = sha256(Buffer.from(textOf(headers['x-gitlab-token'])));
    const isGenuine = timingSafeEqual(given, sha256(secret)) && secret.length > 0;
    return { update: () => undefined, isGenuine: () => isGenuine };
  }
  const hmac = createHmac('sha256', secret);
  const header = provider === 'github' ? headers['x-hub-signature-256'] : headers['x-gitea-signature'];
  const hex = provider === 'github' ? /^sha256=([0-9a-f]{64})$/i : /^([0-9a-f]{64})$/i;
  const given = hex.exec(textOf(header))?.[1];
  return {
    update: (chunk) => void hmac.update(chunk),
    isGenuine() {
      const expected = hmac.digest();
      const claimed = given === undefined ? Buffer.alloc(expected.length) : Buffer.from(given, 'hex');
      return timingSafeEqual(expected, claimed) && given !== undefined && secret.length > 0;
    },
  };
}

/** Whether the event can mean that a ref moved; a `ping` and all that is about people cannot. */
export function isAboutRefs(provider: WebhookProvider, headers: WebhookHeaders): boolean {
  const event = textOf(headers[`x-${provider}-event`]).toLowerCase();
  return /^(?:push|create|delete|push hook|tag push hook)$/.test(event);
}

/** Whether the event can mean that a pull request was opened, or its head or what it goes to has changed. */
export function isAboutPullRequests(provider: WebhookProvider, headers: WebhookHeaders): boolean {
  const event = textOf(headers[`x-${provider}-event`]).toLowerCase();
  return /^(?:pull_request(?:_sync)?|merge request hook)$/.test(event);
}

/** The sender's name of this delivery, the same when it is sent again; '' when there is none. */
export function deliveryId(provider: WebhookProvider, headers: WebhookHeaders): string {
  const id = provider === 'gitlab' ? headers['x-gitlab-event-uuid'] : headers[`x-${provider}-delivery`];
  return textOf(id).slice(0, 100);
}

function textOf(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' ? header : '';
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
