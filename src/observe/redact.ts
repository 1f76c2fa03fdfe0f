import { MAX_LOG_VALUE_LENGTH } from '../base/index.ts';

/** What stands where a secret would. */
export const REDACTED = '[redacted]';

const TELLING_NAME = /token|secret|password|passwd|authorization|credential|api[-_]?key|private[-_]?key|cookie/i;
/** `scheme://user:password@host`: the password, and a user alone, which is where tokens are put. */
const URL_USER_INFO = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@]{1,512}@/gi;
const AUTH_SCHEME = /\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi;

/**
 * A field's value fit for a log: values of telling names are replaced, credentials in URLs and headers are cut
 * out of strings, long strings are shortened, and nesting ends at four levels.
 */
export function redact(name: string, value: unknown, depth = 0): unknown {
  if (TELLING_NAME.test(name)) return REDACTED;
  switch (typeof value) {
    case 'string':
      return redactText(value);
    case 'bigint':
      return value.toString();
    case 'function':
    case 'symbol':
      return undefined;
    case 'object':
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (depth >= MAX_DEPTH) return '[…]';
  if (value instanceof Error) return { name: value.name, message: redactText(value.message) };
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.slice(0, MAX_MEMBERS).map((item) => redact('', item, depth + 1));
  const members = Object.entries(value).slice(0, MAX_MEMBERS);
  return Object.fromEntries(members.map(([key, member]) => [key, redact(key, member, depth + 1)]));
}

/** `text` without credentials, at most MAX_LOG_VALUE_LENGTH long. */
export function redactText(text: string): string {
  const cut = text.length > MAX_LOG_VALUE_LENGTH ? `${text.slice(0, MAX_LOG_VALUE_LENGTH)}…` : text;
  return cut.replace(URL_USER_INFO, `$1${REDACTED}@`).replace(AUTH_SCHEME, `$1 ${REDACTED}`);
}

const MAX_DEPTH = 4;
const MAX_MEMBERS = 50;
