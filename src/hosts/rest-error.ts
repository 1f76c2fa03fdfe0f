import { ConflictError, isJsonObject, StalledError, WaitError } from '../base/index.ts';
import { cutText } from './host-answers.ts';

/** What a host answered that is no success. */
export interface RefusedAnswer {
  readonly status: number;
  /** Its body, when that is JSON. */
  readonly data: unknown;
  /** Of `Retry-After`. */
  readonly retryAfterMs: number | undefined;
}

/** One of the five kinds of errors. `doing` names the attempt: `comment on merge request 7`. */
export function restError(host: string, doing: string, { status, data, retryAfterMs }: RefusedAnswer, token: string) {
  const cannot = `cannot ${doing}`;
  const said = saidOf(data, token);
  const why = said === '' ? '' : `: ${said}`;
  switch (status) {
    case 401:
      return new StalledError(
        'HostUnauthorized',
        `${cannot}: ${host} does not know the token (401); is it still valid?`,
      );
    case 403:
      return new StalledError('HostForbidden', `${cannot}: the token may not (403)${why}`);
    case 404:
    case 410:
      return new StalledError('HostNotFound', `${cannot}: it is not there, or not for this token (${status})`);
    case 409:
      return new ConflictError(`${cannot}: somebody else was faster (409)${why}`);
    case 429:
      return new WaitError(`${cannot}: ${host} limits the rate (429)`, retryAfterMs ?? 60_000);
    case 400:
    case 413:
    case 422:
    case 423:
    case 451:
      return new StalledError('HostRefused', `${cannot}: ${host} refuses it (${status})${why}`);
    default:
      if (status >= 300 && status < 400) {
        const advice = 'redirects are not followed, since the token would be sent along; name the place itself';
        return new StalledError('HostRefused', `${cannot}: ${host} has moved (${status}): ${advice}`);
      }
      return new WaitError(`${cannot}: ${host} does not answer as it should (${status})${why}`, retryAfterMs ?? 10_000);
  }
}

const MAX_REASON = 200;

/** `message` or `error` of the answer as one line, without what it may repeat of ours. */
function saidOf(data: unknown, token: string): string {
  if (!isJsonObject(data)) return '';
  return oneLine(textOf(data.message ?? data.error), token);
}

/** GitLab says `{ "note": ["is too long"] }` of a field that is wrong. */
function textOf(said: unknown): string {
  if (typeof said === 'string') return said;
  if (Array.isArray(said)) return said.filter((each) => typeof each === 'string').join(', ');
  if (!isJsonObject(said)) return '';
  return Object.entries(said)
    .map(([field, why]) => `${field} ${typeof why === 'string' || Array.isArray(why) ? textOf(why) : ''}`.trim())
    .join('; ');
}

/** A text of others on one line, shortened, and without the token. */
export function oneLine(text: string, token: string): string {
  const line = (token === '' ? text : text.replaceAll(token, '***')).replace(/[\p{C}\s]+/gu, ' ').trim();
  return cutText(line, MAX_REASON);
}
