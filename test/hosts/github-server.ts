import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { components } from '@octokit/openapi-types';

type Schemas = components['schemas'];
/** Some fields of a type of GitHub's OpenAPI description, in their places. */
type Some<T> = T extends readonly (infer E)[]
  ? readonly Some<E>[]
  : T extends object
    ? { [K in keyof T]?: Some<T[K]> }
    : T;

export const TOKEN = 'ghs_0123456789abcdefghijklmnopqrstuvwx';
export const COMMIT = 'a'.repeat(40);

export interface Fault {
  /** `METHOD /path`. */
  readonly on: RegExp;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: string;
  /** How often; absent: once. */
  times?: number;
}

export interface Comment {
  readonly id: number;
  body: string;
  readonly login: string;
  readonly type: 'Bot' | 'User';
}

type Body = Readonly<Record<string, unknown>>;

/** What the server holds and has seen; tests change it. */
export interface GitHubState {
  readonly heads: Map<number, string>;
  comments: Comment[];
  readonly checks: { id: number; body: Body; annotations: Body[] }[];
  readonly statuses: Body[];
  readonly uploads: Body[];
  readonly faults: Fault[];
  /** `METHOD /path status`, in order. */
  readonly seen: string[];
  canWrite: boolean;
  /** Requests of git. */
  gitRequests: number;
  viewer: string;
  isForked: boolean;
  /** Runs before an answer is made. */
  before?: ((request: string) => void) | undefined;
}

export interface GitHubServer {
  readonly url: string;
  readonly state: GitHubState;
  close(): Promise<void>;
}

/** Answers the calls that are used as GitHub's REST API does: https://docs.github.com/rest, and its OpenAPI description. */
export async function startGitHub(
  other: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
): Promise<GitHubServer> {
  const state: GitHubState = {
    heads: new Map([[7, COMMIT]]),
    comments: [],
    checks: [],
    statuses: [],
    uploads: [],
    faults: [],
    seen: [],
    canWrite: true,
    gitRequests: 0,
    viewer: 'github-actions[bot]',
    isForked: false,
  };
  const server = createServer((request, response) => {
    if (other(request, response)) return;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => serve(state, request, Buffer.concat(chunks).toString('utf8'), response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly data?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

function serve(state: GitHubState, request: IncomingMessage, text: string, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://host');
  const asked = `${request.method} ${url.pathname}`;
  state.before?.(asked);
  const { status, data, headers = {} } = answerTo(state, request, url, text);
  const json = data === undefined ? '' : JSON.stringify(data);
  const tag = `W/"${createHash('sha256').update(json).digest('hex').slice(0, 32)}"`;
  const isKnown = status === 200 && request.method === 'GET' && request.headers['if-none-match'] === tag;
  state.seen.push(`${asked} ${isKnown ? 304 : status}`);
  response.writeHead(isKnown ? 304 : status, {
    ...(!isKnown && json !== '' && { 'content-type': 'application/json; charset=utf-8' }),
    ...(status === 200 && { etag: tag }),
    ...headers,
  });
  response.end(isKnown ? '' : json);
}

function answerTo(state: GitHubState, request: IncomingMessage, url: URL, text: string): Answer {
  const asked = `${request.method} ${url.pathname}`;
  const fault = state.faults.find(({ on, times = 1 }) => times > 0 && on.test(asked));
  if (fault !== undefined) {
    fault.times = (fault.times ?? 1) - 1;
    const { status, headers = {}, message = 'failed' } = fault;
    return { status, data: { message, documentation_url: 'https://docs.github.com/rest' }, headers };
  }
  if (!/^(?:token|bearer) /i.test(request.headers.authorization ?? '')) return refusal(401, 'Requires authentication');
  if (request.headers.authorization?.split(' ')[1] !== TOKEN) return refusal(401, 'Bad credentials');
  const body: Body = text === '' ? {} : JSON.parse(text);
  if (/\/graphql$/.test(url.pathname)) return { status: 200, data: { data: { viewer: { login: state.viewer } } } };
  const path = url.pathname.replace(/^\/api\/v3/, '');
  if (request.method !== 'GET' && !state.canWrite) return refusal(403, 'Resource not accessible by integration');
  for (const [method, pattern, handle] of ROUTES) {
    const found = request.method === method ? pattern.exec(path) : null;
    if (found !== null) return handle(state, { id: Number(found[1]), key: found[1] ?? '', body, url });
  }
  return refusal(404, 'Not Found');
}

function refusal(status: number, message: string): Answer {
  return {
    status,
    data: { message, documentation_url: 'https://docs.github.com/rest' } satisfies Some<Schemas['basic-error']>,
  };
}

interface Asked {
  readonly id: number;
  readonly key: string;
  readonly body: Body;
  readonly url: URL;
}

type Route = readonly [method: string, path: RegExp, handle: (state: GitHubState, asked: Asked) => Answer];

const ROUTES: readonly Route[] = [
  ['GET', /^\/repos\/acme\/shop\/pulls\/(\d+)$/, (state, { id }) => pullAnswer(state, id)],
  ['GET', /^\/repos\/acme\/shop\/pulls$/, listPulls],
  ['GET', /^\/repos\/acme\/shop\/issues\/(\d+)\/comments$/, listComments],
  ['POST', /^\/repos\/acme\/shop\/issues\/(\d+)\/comments$/, createComment],
  ['PATCH', /^\/repos\/acme\/shop\/issues\/comments\/(\d+)$/, editComment],
  ['DELETE', /^\/repos\/acme\/shop\/issues\/comments\/(\d+)$/, deleteComment],
  ['POST', /^\/repos\/acme\/shop\/check-runs$/, createCheck],
  ['PATCH', /^\/repos\/acme\/shop\/check-runs\/(\d+)$/, updateCheck],
  ['POST', /^\/repos\/acme\/shop\/statuses\/([0-9a-f]+)$/, createStatus],
  ['POST', /^\/repos\/acme\/shop\/code-scanning\/sarifs$/, uploadSarif],
];

function pullAnswer(state: GitHubState, number: number): Answer {
  const sha = state.heads.get(number);
  return sha === undefined ? refusal(404, 'Not Found') : { status: 200, data: pullOf(state, number, sha) };
}

function pullOf({ isForked }: GitHubState, number: number, sha: string) {
  return {
    number,
    state: 'open',
    draft: false,
    merged_at: null,
    title: 'Change',
    base: { ref: 'main', sha: 'b'.repeat(40), repo: { id: 1, full_name: 'acme/shop' } },
    head: { ref: 'change', sha, repo: { id: isForked ? 2 : 1, full_name: isForked ? 'mallory/shop' : 'acme/shop' } },
  } satisfies Some<Schemas['pull-request']>;
}

/** `per_page` and `page`, with the links that octokit and others follow. */
function paged(url: URL, all: readonly unknown[]): Answer {
  const size = Math.min(100, Number(url.searchParams.get('per_page') ?? 30));
  const page = Number(url.searchParams.get('page') ?? 1);
  const next = new URL(url);
  next.searchParams.set('page', String(page + 1));
  const hasMore = page * size < all.length;
  const data = all.slice((page - 1) * size, page * size);
  return { status: 200, data, ...(hasMore && { headers: { link: `<${next.href}>; rel="next"` } }) };
}

function listPulls(state: GitHubState, { url }: Asked): Answer {
  return paged(
    url,
    [...state.heads].map(([number, sha]) => pullOf(state, number, sha)),
  );
}

function commentData({ id, body, login, type }: Comment) {
  const user = { login, id: 41_898_282, type, site_admin: false };
  const at = '2026-01-05T00:00:00Z';
  return { id, body, user, created_at: at, updated_at: at } satisfies Some<Schemas['issue-comment']>;
}

function listComments({ comments }: GitHubState, { url }: Asked): Answer {
  return paged(url, comments.map(commentData));
}

const invalid = (message: string): Answer => refusal(422, `Validation Failed: ${message}`);

function createComment(state: GitHubState, { body }: Asked): Answer {
  const text = String(body.body);
  if (text.length > 65_536) return invalid('body is too long (maximum is 65536 characters)');
  const isBot = state.viewer.endsWith('[bot]');
  const id = Math.max(0, ...state.comments.map((comment) => comment.id)) + 1;
  const comment: Comment = { id, body: text, login: state.viewer, type: isBot ? 'Bot' : 'User' };
  state.comments.push(comment);
  return { status: 201, data: commentData(comment) };
}

function editComment(state: GitHubState, { id, body }: Asked): Answer {
  const comment = state.comments.find((each) => each.id === id);
  if (comment === undefined) return refusal(404, 'Not Found');
  if (String(body.body).length > 65_536) return invalid('body is too long (maximum is 65536 characters)');
  comment.body = String(body.body);
  return { status: 200, data: commentData(comment) };
}

function deleteComment(state: GitHubState, { id }: Asked): Answer {
  const at = state.comments.findIndex((each) => each.id === id);
  if (at === -1) return refusal(404, 'Not Found');
  state.comments.splice(at, 1);
  return { status: 204 };
}

type CheckOutput = { title?: string; summary?: string; annotations?: Body[] };

/** What GitHub asks of `output`: at most 50 annotations a request, each with its required fields. */
function problemOf({ title, summary, annotations = [] }: CheckOutput): string | undefined {
  if (title === undefined || summary === undefined) return 'output needs title and summary';
  if (summary.length > 65_535) return 'summary is too long';
  if (annotations.length > 50) return 'annotations exceeds a maximum of 50';
  const required = ['path', 'start_line', 'end_line', 'annotation_level', 'message'];
  const isWhole = annotations.every((each) => required.every((field) => each[field] !== undefined));
  return isWhole ? undefined : 'an annotation lacks a field';
}

function createCheck(state: GitHubState, { body }: Asked): Answer {
  const output = body.output as CheckOutput;
  const problem = problemOf(output) ?? (body.name && body.head_sha ? undefined : 'name and head_sha are required');
  if (problem !== undefined) return invalid(problem);
  const check = { id: state.checks.length + 1, body, annotations: [...(output.annotations ?? [])] };
  state.checks.push(check);
  const data = { id: check.id, name: String(body.name), head_sha: String(body.head_sha), status: 'completed' };
  return { status: 201, data: data satisfies { [K in keyof typeof data]: unknown } };
}

function updateCheck(state: GitHubState, { id, body }: Asked): Answer {
  const check = state.checks.find((each) => each.id === id);
  if (check === undefined) return refusal(404, 'Not Found');
  const output = body.output as CheckOutput;
  const problem = problemOf(output);
  if (problem !== undefined) return invalid(problem);
  check.annotations.push(...(output.annotations ?? []));
  return { status: 200, data: { id } };
}

function createStatus(state: GitHubState, { key, body }: Asked): Answer {
  if (String(body.description ?? '').length > 140)
    return invalid('description is too long (maximum is 140 characters)');
  state.statuses.push({ sha: key, ...body });
  return { status: 201, data: { id: 1, state: body.state } };
}

function uploadSarif(state: GitHubState, { body }: Asked): Answer {
  state.uploads.push(body);
  return { status: 202, data: { id: 'sarif-1', url: '' } };
}
