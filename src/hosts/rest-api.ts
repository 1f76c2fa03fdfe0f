import { setTimeout } from 'node:timers/promises';
import {
  HOST_PAGE_SIZE,
  HOST_TIMEOUT_MS,
  MAX_HOST_ANSWER_BYTES,
  MAX_HOST_RETRIES,
  MAX_HOST_WAIT_MS,
  MAX_TAGGED_ANSWERS,
  WaitError,
} from '../base/index.ts';
import { listOf } from './host-answers.ts';
import { oneLine, restError } from './rest-error.ts';

export interface RestOptions {
  /** `https://gitlab.example.org/api/v4`. */
  readonly apiUrl: string;
  /** For messages: `GitLab`. */
  readonly host: string;
  readonly token: string;
  /** How the host is shown the token, and what else each request says. */
  readonly headers: Readonly<Record<string, string>>;
  /** What one page is called in a query: `per_page`, or `limit`. */
  readonly pageSizeWord: string;
  /** Ends all requests and what they wait for. */
  readonly signal?: AbortSignal | undefined;
  /** Told when the host makes us wait; tokens are not in it. */
  readonly onWait?: ((message: string) => void) | undefined;
  /** What a second of waiting takes; absent: 1,000. Tests wait less. */
  readonly secondMs?: number | undefined;
}

export type Method = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A host's API as JSON over HTTP. `doing` names the attempt in messages. Errors: see CodeHost. */
export interface RestApi {
  get(path: string, doing: string): Promise<unknown>;
  /** All members of a list, by pages; the first `most` pages of it. */
  pages(path: string, doing: string, most: number): Promise<readonly unknown[]>;
  send(method: Method, path: string, body: object | undefined, doing: string): Promise<unknown>;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly data: unknown;
}

/**
 * One client with one token. What has not changed since it was asked last is not sent again; who limits us is waited for as long
 * as it says, up to MAX_HOST_WAIT_MS; what may be sent twice is tried again when the host fails.
 */
export function openRestApi(options: RestOptions): RestApi {
  const { host, token, signal, onWait, secondMs = 1_000 } = options;
  const tags = new Map<string, { readonly tag: string; readonly answer: Answer }>();

  async function ask(path: string, doing: string): Promise<Answer> {
    const known = tags.get(path);
    const answer = await persist('GET', path, undefined, doing, known && { 'if-none-match': known.tag });
    if (answer.status === 304 && known !== undefined) return known.answer;
    const tag = answer.headers.get('etag');
    tags.delete(path);
    if (tag !== null) tags.set(path, { tag, answer });
    if (tags.size > MAX_TAGGED_ANSWERS) tags.delete(tags.keys().next().value as string);
    return answer;
  }

  /** Tries until there is an answer that is no passing failure. */
  async function persist(
    method: Method | 'GET',
    path: string,
    body: object | undefined,
    doing: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    for (let tries = 0; ; tries += 1) {
      const answer = await request(options, { method, path, body, doing, headers }).catch((error: unknown) => error);
      const isLast = tries >= MAX_HOST_RETRIES || signal?.aborted === true;
      const wait = isLast ? undefined : waitFor(method, answer, tries);
      if (wait !== undefined) {
        if (wait.isAsked) onWait?.(`${host} asks to wait for ${wait.seconds} s`);
        await setTimeout(wait.seconds * secondMs, undefined, signal === undefined ? {} : { signal });
      } else if (answer instanceof Error) throw answer;
      else {
        const { status, data, headers: told } = answer as Answer;
        if ((status >= 200 && status < 300) || status === 304) return answer as Answer;
        throw restError(host, doing, { status, data, retryAfterMs: retryAfterMs(told) }, token);
      }
    }
  }

  return {
    get: async (path, doing) => (await ask(path, doing)).data,
    async pages(path, doing, most) {
      const found: unknown[] = [];
      const query = `${path}${path.includes('?') ? '&' : '?'}${options.pageSizeWord}=${HOST_PAGE_SIZE}`;
      for (let page = 1; page <= most; page += 1) {
        const { data, headers } = await ask(`${query}&page=${page}`, doing);
        found.push(...listOf(host, data));
        if (!hasNextPage(headers)) break;
      }
      return found;
    },
    send: async (method, path, body, doing) => (await persist(method, path, body, doing)).data,
  };
}

/** GitLab and Gitea send RFC 8288's header; GitLab also its own, which stays where a proxy drops links. */
function hasNextPage(headers: Headers): boolean {
  return /<[^>]*>;\s*rel="next"/.test(headers.get('link') ?? '') || (headers.get('x-next-page') ?? '') !== '';
}

/** How long to wait before the same is sent again; undefined: it is not. A POST that failed may have been executed. */
function waitFor(
  method: Method | 'GET',
  answer: unknown,
  tries: number,
): { readonly seconds: number; readonly isAsked: boolean } | undefined {
  const isRepeatable = method !== 'POST';
  const seconds = 2 ** tries;
  if (answer instanceof Error) return isRepeatable ? { seconds, isAsked: false } : undefined;
  const { status, headers } = answer as Answer;
  const asked = retryAfterMs(headers);
  if (status === 429 || (status === 503 && asked !== undefined)) {
    if (asked !== undefined && asked > MAX_HOST_WAIT_MS) return undefined;
    return { seconds: Math.max(1, Math.ceil((asked ?? 1_000 * seconds) / 1_000)), isAsked: true };
  }
  return status >= 500 && isRepeatable ? { seconds, isAsked: false } : undefined;
}

/** RFC 9110, 10.2.3: seconds, or a date, of which `Date` tells how far away it is. */
function retryAfterMs(headers: Headers): number | undefined {
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const [at, now] = [Date.parse(text), Date.parse(headers.get('date') ?? '')];
  return Number.isNaN(at - now) ? undefined : Math.max(0, at - now);
}

interface Asked {
  readonly method: Method | 'GET';
  readonly path: string;
  readonly body: object | undefined;
  readonly doing: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Errors: WaitError when there is no answer, or one that is too large. */
async function request(options: RestOptions, { method, path, body, doing, headers }: Asked): Promise<Answer> {
  const { apiUrl, host, token, signal } = options;
  const timeout = AbortSignal.timeout(HOST_TIMEOUT_MS);
  try {
    const answer = await fetch(`${apiUrl.replace(/\/+$/, '')}${path}`, {
      method,
      headers: {
        ...options.headers,
        ...headers,
        accept: 'application/json',
        'user-agent': 'pipectl',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    return { status: answer.status, headers: answer.headers, data: jsonOf(await textOf(answer)) };
  } catch (error) {
    const why = timeout.aborted ? `no answer within ${HOST_TIMEOUT_MS / 1_000} s` : oneLine(wordsOf(error), token);
    throw new WaitError(`cannot ${doing}: ${host} cannot be asked: ${why}`, 10_000, { cause: undefined });
  }
}

/** What fetch throws says nothing itself; its cause does. */
function wordsOf(error: unknown): string {
  const { message, cause } = error as { readonly message?: string; readonly cause?: { readonly message?: string } };
  return cause?.message ?? message ?? String(error);
}

async function textOf(answer: Response): Promise<string> {
  if (answer.body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.byteLength;
    if (size > MAX_HOST_ANSWER_BYTES) throw new Error(`the answer has more than ${MAX_HOST_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Undefined when it is none: a page of somebody in between. */
function jsonOf(text: string): unknown {
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}
