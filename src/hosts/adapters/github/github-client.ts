import { setTimeout } from 'node:timers/promises';
import { Octokit } from 'octokit';
import { HOST_TIMEOUT_MS, MAX_HOST_ANSWER_BYTES, MAX_HOST_RETRIES, MAX_HOST_WAIT_MS } from '../../../base/index.ts';
import { keepByTag } from './etags.ts';

export interface GitHubOptions {
  /** `https://api.github.com`, or `https://HOST/api/v3`. */
  readonly apiUrl: string;
  readonly owner: string;
  readonly repository: string;
  readonly token: string;
  /** Ends all requests and what they wait for. */
  readonly signal?: AbortSignal;
  /** Told when GitHub makes us wait; tokens are not in it. */
  readonly onWait?: (message: string) => void;
  /** What a second of waiting takes; absent: 1,000. Tests wait less. */
  readonly secondMs?: number;
}

/** Sends a request of GitHub's documentation: `GET /repos/{owner}/{repo}/pulls/{number}`, with its parameters. */
export type Send = (route: string, parameters?: Readonly<Record<string, unknown>>) => Promise<Answer>;

export interface Answer {
  readonly data: unknown;
  readonly hasNextPage: boolean;
}

export interface GitHubClient {
  readonly send: Send;
  /** The login of the token's owner as GraphQL tells it. */
  viewer(): Promise<unknown>;
}

/**
 * One client for one repository. GitHub asks for a second between writes, and three between those that notify people;
 * where it limits us it is waited for as long as it says, up to MAX_HOST_WAIT_MS and MAX_HOST_RETRIES times.
 */
export function openClient(options: GitHubOptions): GitHubClient {
  const { apiUrl, owner, repository, token, signal, secondMs = 1_000 } = options;
  const octokit = new Octokit({
    auth: token,
    baseUrl: apiUrl.replace(/\/+$/, ''),
    userAgent: 'pipectl',
    // It would write to the console what a host answers.
    log: SILENT,
    request: { fetch: boundedFetch(signal) },
    retry: { retries: MAX_HOST_RETRIES, retryAfterBaseValue: secondMs, doNotRetry: FINAL },
    throttle: {
      retryAfterBaseValue: secondMs,
      write: turns(secondMs, signal) as never,
      notifications: turns(3 * secondMs, signal) as never,
      onRateLimit: waits(options, 'the rate limit'),
      onSecondaryRateLimit: waits(options, 'the secondary rate limit'),
    },
  });
  keepByTag(octokit);
  return {
    async send(route, parameters = {}) {
      const { data, headers } = await octokit.request(route, {
        owner,
        repo: repository,
        ...parameters,
        headers: HEADERS,
      });
      return { data, hasNextPage: /<[^>]*>;\s*rel="next"/.test(headers.link ?? '') };
    },
    async viewer() {
      return octokit.graphql('query { viewer { login } }');
    },
  };
}

const HEADERS = { 'x-github-api-version': '2022-11-28', accept: 'application/vnd.github+json' };
const quiet = (): void => undefined;
const SILENT = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** Statuses after which the same request is not sent again at once; limits are the throttling's. */
const FINAL = [400, 401, 403, 404, 409, 410, 422, 429, 451];

/** Lets one pass in so much time: what the throttling asks of a group of limiters. Its own keep to seconds that tests would sit out. */
function turns(everyMs: number, signal: AbortSignal | undefined) {
  let free = 0;
  const schedule = async <T>(_options: unknown, run: () => Promise<T>): Promise<T> => {
    const now = performance.now();
    const at = Math.max(now, free);
    free = at + everyMs;
    if (at > now) await setTimeout(at - now, undefined, signal === undefined ? {} : { signal });
    return run();
  };
  return { key: () => ({ schedule }) };
}

type LimitHandler = (retryAfterS: number, options: object, octokit: unknown, tries: number) => boolean;

function waits({ onWait, secondMs = 1_000 }: GitHubOptions, what: string): LimitHandler {
  return (retryAfterS, _options, _octokit, tries) => {
    const waitsOn = tries < MAX_HOST_RETRIES && retryAfterS * secondMs <= MAX_HOST_WAIT_MS;
    if (waitsOn) onWait?.(`GitHub asks to wait for ${retryAfterS} s (${what})`);
    return waitsOn;
  };
}

/** A fetch that ends in time and reads no more than it should. */
function boundedFetch(signal: AbortSignal | undefined): typeof fetch {
  return async (url, init) => {
    const timeout = AbortSignal.timeout(HOST_TIMEOUT_MS);
    const answer = await fetch(url, {
      ...init,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    if (answer.body === null) return answer;
    let left = MAX_HOST_ANSWER_BYTES;
    const bounded = answer.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          left -= chunk.byteLength;
          if (left < 0) controller.error(new Error(`the answer has more than ${MAX_HOST_ANSWER_BYTES} bytes`));
          else controller.enqueue(chunk);
        },
      }),
    );
    return new Response(bounded, { status: answer.status, statusText: answer.statusText, headers: answer.headers });
  };
}
