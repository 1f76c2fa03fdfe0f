import type { IncomingHttpHeaders } from 'node:http';
import { RemoteError } from '../../index.ts';

/** Why the server will not tell, when another way of asking would not help. */
export function refusal({
  status,
  headers,
}: {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}): RemoteError | undefined {
  if (status === 401 || status === 403) {
    return new RemoteError('AuthenticationFailed', `the server refuses the credentials (${status})`);
  }
  if (status === 404 || status === 410) {
    return new RemoteError('NotFound', `the server has no such repository, or not for these credentials (${status})`);
  }
  if (status >= 300 && status < 400) {
    const to = whereTo(headers.location);
    return new RemoteError('Redirected', `the server redirects${to}: name that place in spec.source.url`);
  }
  if (status >= 500 && status !== 503) return new RemoteError('Unreachable', `the server failed (${status})`);
  if (status === 429 || status === 503) {
    const seconds = Number(headers['retry-after']);
    const waitMs = Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), MAX_RETRY_AFTER_S) * 1_000 : 0;
    return new RemoteError('RateLimited', `the server asks to come back later (${status})`, waitMs);
  }
  return undefined;
}

const MAX_RETRY_AFTER_S = 3_600;

/** Host and path of a redirect: what else is in it may be a secret. */
function whereTo(location: string | undefined): string {
  if (location === undefined || !URL.canParse(location)) return '';
  const { protocol, host, pathname } = new URL(location);
  return ` to ${protocol}//${host}${pathname.replace(/\/(?:info\/refs|git-upload-pack)$/, '')}`.slice(0, 300);
}
