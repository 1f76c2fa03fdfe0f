import { ConflictError, StalledError, WaitError } from '../../../base/index.ts';

/** What octokit throws, as far as it is looked at. */
interface RequestFailure extends Error {
  readonly status?: number;
  readonly response?: { readonly headers?: Readonly<Record<string, string | number | undefined>> };
}

/** One of the five kinds of errors for what GitHub answered. `doing` names the attempt: `comment on pull request 7`. */
export function hostError(error: unknown, doing: string, token: string): Error {
  const failure = error as RequestFailure;
  const said = reasonOf(failure, token);
  const cannot = `cannot ${doing}`;
  switch (failure.status) {
    case 401:
      return new StalledError(
        'HostUnauthorized',
        `${cannot}: GitHub does not know the token (401); is it still valid?`,
      );
    case 403:
    case 429:
      return isLimit(failure)
        ? new WaitError(`${cannot}: GitHub limits the rate (${failure.status}): ${said}`, retryAfterMs(failure))
        : new StalledError('HostForbidden', `${cannot}: the token may not (403): ${said}`);
    case 404:
    case 410:
      return new StalledError('HostNotFound', `${cannot}: it is not there, or not for this token (${failure.status})`);
    case 409:
      return new ConflictError(`${cannot}: somebody else was faster (409): ${said}`);
    case 400:
    case 422:
    case 451:
      return new StalledError('HostRefused', `${cannot}: GitHub refuses it (${failure.status}): ${said}`);
    default:
      return new WaitError(
        `${cannot}: GitHub does not answer as it should (${failure.status ?? 'no status'}): ${said}`,
        10_000,
      );
  }
}

function isLimit({ status, message, response }: RequestFailure): boolean {
  const headers = response?.headers ?? {};
  return (
    status === 429 ||
    headers['retry-after'] !== undefined ||
    String(headers['x-ratelimit-remaining']) === '0' ||
    /rate limit/i.test(message)
  );
}

function retryAfterMs({ response }: RequestFailure): number {
  const headers = response?.headers ?? {};
  const seconds = Number(headers['retry-after']);
  if (Number.isFinite(seconds) && seconds > 0) return seconds * 1_000;
  return 60_000;
}

const MAX_REASON = 200;

/** One line of what was said, without what it may repeat of ours. */
function reasonOf({ message }: RequestFailure, token: string): string {
  const line = String(message)
    .replaceAll(token === '' ? '\0' : token, '***')
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim();
  return line.length <= MAX_REASON ? line : `${line.slice(0, MAX_REASON - 1).toWellFormed()}…`;
}
