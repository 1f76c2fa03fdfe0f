import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const FORGE_TOKEN = 'glpat-0123456789abcdefghij';
export const HEAD_COMMIT = 'a'.repeat(40);
/** The number of the user whose token is used. */
export const ME = 41;

export interface ForgeFault {
  /** `METHOD /path?query`. */
  readonly on: RegExp;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How often; absent: once. */
  times?: number;
}

export interface ForgePull {
  head: string;
  base: string;
  state: 'open' | 'closed' | 'merged';
  isFork?: boolean;
  isDraft?: boolean;
}

export interface ForgeComment {
  readonly id: number;
  readonly pull: number;
  body: string;
  readonly author: number;
  /** GitLab's own words on what happened. */
  readonly system?: boolean;
}

/** What the server holds and has seen; tests change it. */
export interface ForgeState {
  readonly pulls: Map<number, ForgePull>;
  comments: ForgeComment[];
  readonly statuses: { readonly commit: string; readonly [field: string]: unknown }[];
  readonly faults: ForgeFault[];
  /** `METHOD /path status`, in order. */
  readonly seen: string[];
  /** The number of who writes. */
  me: number;
  /** Members of a page at most, whatever is asked for. */
  pageSize: number;
}

export interface ForgeServer {
  readonly kind: 'gitlab' | 'gitea';
  /** Of the API. */
  readonly url: string;
  readonly state: ForgeState;
  close(): Promise<void>;
}

/**
 * Answers the calls that are used as the hosts' documentation has them: docs.gitlab.com/api (notes, merge_requests, commits),
 * and the API of Gitea (routers/api/v1). The project is `acme/shop` on both.
 */
export async function startForge(
  kind: ForgeServer['kind'],
  other: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
): Promise<ForgeServer> {
  const state: ForgeState = {
    pulls: new Map([[7, { head: HEAD_COMMIT, base: 'main', state: 'open' }]]),
    comments: [],
    statuses: [],
    faults: [],
    seen: [],
    me: ME,
    pageSize: 100,
  };
  const server = createServer((request, response) => {
    if (other(request, response)) return;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://forge');
      const answer = answerOf(kind, state, request, url, Buffer.concat(chunks).toString('utf8'));
      const text = answer.text ?? (answer.body === undefined ? '' : JSON.stringify(answer.body));
      const tag = `W/"${createHash('sha256').update(text).digest('hex').slice(0, 16)}"`;
      const isKnown = request.method === 'GET' && answer.status === 200 && request.headers['if-none-match'] === tag;
      const status = isKnown ? 304 : answer.status;
      state.seen.push(`${request.method} ${url.pathname} ${status}`);
      response.writeHead(status, { 'content-type': 'application/json', etag: tag, ...answer.headers });
      response.end(isKnown ? '' : text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    kind,
    url: `http://127.0.0.1:${port}${kind === 'gitlab' ? '/api/v4' : '/api/v1'}`,
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
  readonly body?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const NOT_FOUND: Answer = { status: 404, body: { message: '404 Not Found' } };

function answerOf(
  kind: ForgeServer['kind'],
  state: ForgeState,
  request: IncomingMessage,
  url: URL,
  text: string,
): Answer {
  const asked = `${request.method} ${url.pathname}${url.search}`;
  const fault = state.faults.find(({ on, times = 1 }) => times > 0 && on.test(asked));
  if (fault !== undefined) {
    fault.times = (fault.times ?? 1) - 1;
    return { status: fault.status, text: fault.body ?? '', ...(fault.headers && { headers: fault.headers }) };
  }
  const { 'private-token': token, authorization } = request.headers;
  const isIn = kind === 'gitlab' ? token === FORGE_TOKEN : authorization === `token ${FORGE_TOKEN}`;
  if (!isIn) return { status: 401, body: { message: '401 Unauthorized' } };
  const path = url.pathname.replace(/^\/api\/v\d/, '');
  if (path === '/user') return { status: 200, body: { id: state.me, username: 'pipectl' } };
  const root = kind === 'gitlab' ? '/projects/acme%2Fshop' : '/repos/acme/shop';
  if (!path.startsWith(root)) return NOT_FOUND;
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  const below = path.slice(root.length);
  return kind === 'gitlab'
    ? gitlab(state, `${request.method} ${below}`, url, body)
    : gitea(state, `${request.method} ${below}`, url, body);
}

function gitlab(state: ForgeState, asked: string, url: URL, body: Record<string, unknown>): Answer {
  const { pulls, statuses } = state;
  const note = ({ id, body: said, author, system = false }: ForgeComment) => {
    return { id, body: said, author: { id: author, username: `u${author}` }, system, noteable_type: 'MergeRequest' };
  };
  const [, verb = '', number, id] = /^(\w+) \/merge_requests(?:\/(\d+)(?:\/notes(?:\/(\d+))?)?)?$/.exec(asked) ?? [];
  if (verb === 'GET' && number === undefined) {
    const open = [...pulls].filter(([, { state: word }]) => word === 'open');
    return page(
      state,
      url,
      open.map(([iid, pull]) => {
        const { diff_refs: _, ...listed } = mergeRequest(iid, pull);
        return listed;
      }),
    );
  }
  if (verb === 'GET' && !asked.includes('/notes')) {
    const pull = pulls.get(Number(number));
    return pull === undefined ? NOT_FOUND : { status: 200, body: mergeRequest(Number(number), pull) };
  }
  if (verb !== '') return commentCall(state, verb, Number(number), id, url, body, note);
  const [, commit = ''] = /^POST \/statuses\/(\w+)$/.exec(asked) ?? [];
  if (commit !== '') {
    const known = statuses.findLast((each) => each.commit === commit && each.name === body.name);
    // The state machine of CommitStatus has no way from a state to itself.
    if (known?.state === body.state) {
      return { status: 400, body: { message: `Cannot transition status via :x from :${body.state} (Reason(s): …)` } };
    }
    statuses.push({ commit, ...body });
    return { status: 201, body: { id: 1, status: body.state } };
  }
  const [, about] = /^GET \/repository\/commits\/(\w+)\/statuses$/.exec(asked) ?? [];
  if (about === undefined) return NOT_FOUND;
  const wanted = url.searchParams.get('name');
  const found = statuses.filter((each) => each.commit === about && each.name === wanted);
  return { status: 200, body: found.slice(-1).map(({ state: status, name }) => ({ status, name })) };
}

function mergeRequest(iid: number, { head, base, state, isFork, isDraft }: ForgePull) {
  return {
    iid,
    state: state === 'open' ? 'opened' : state,
    draft: isDraft === true,
    target_branch: base,
    source_branch: 'change',
    sha: head,
    source_project_id: isFork === true ? 2 : 1,
    target_project_id: 1,
    diff_refs: { base_sha: 'c'.repeat(40), head_sha: head, start_sha: 'b'.repeat(40) },
  };
}

function gitea(state: ForgeState, asked: string, url: URL, body: Record<string, unknown>): Answer {
  const { pulls, statuses } = state;
  const shown = ({ id, body: said, author }: ForgeComment) => ({ id, body: said, user: { id: author } });
  const [, number] = /^GET \/pulls(?:\/(\d+))?$/.exec(asked) ?? [asked === 'GET /pulls' ? asked : undefined];
  if (asked === 'GET /pulls') {
    const open = [...pulls].filter(([, { state: word }]) => word === 'open');
    return page(
      state,
      url,
      open.map(([at, pull]) => pullRequest(at, pull)),
    );
  }
  if (number !== undefined && asked.startsWith('GET /pulls/')) {
    const pull = pulls.get(Number(number));
    return pull === undefined ? NOT_FOUND : { status: 200, body: pullRequest(Number(number), pull) };
  }
  const [, verb = '', pull, id] = /^(\w+) \/issues\/(?:(\d+)\/comments|comments\/(\d+))$/.exec(asked) ?? [];
  if (verb !== '') return commentCall(state, verb, Number(pull), id, url, body, shown);
  const [, commit = ''] = /^POST \/statuses\/(\w+)$/.exec(asked) ?? [];
  if (commit === '') return NOT_FOUND;
  statuses.push({ commit, ...body });
  return { status: 201, body: { id: 1, status: body.state } };
}

function pullRequest(number: number, { head, base, state, isFork, isDraft }: ForgePull) {
  return {
    number,
    state: state === 'open' ? 'open' : 'closed',
    merged: state === 'merged',
    draft: isDraft === true,
    base: { label: base, ref: base, sha: 'b'.repeat(40), repo_id: 1 },
    head: { label: 'change', ref: 'change', sha: head, repo_id: isFork === true ? 2 : 1 },
  };
}

function commentCall(
  state: ForgeState,
  verb: string,
  pull: number,
  id: string | undefined,
  url: URL,
  { body }: Record<string, unknown>,
  shown: (comment: ForgeComment) => object,
): Answer {
  const known = state.comments.find((comment) => String(comment.id) === id);
  if (id === undefined && verb === 'GET') {
    if (!state.pulls.has(pull)) return NOT_FOUND;
    return page(state, url, state.comments.filter((comment) => comment.pull === pull).map(shown));
  }
  if (id === undefined && verb === 'POST') {
    const made = { id: 100 + state.comments.length, pull, body: String(body), author: state.me };
    state.comments.push(made);
    return { status: 201, body: shown(made) };
  }
  if (known === undefined) return NOT_FOUND;
  if (known.author !== state.me) return { status: 403, body: { message: '403 Forbidden' } };
  if (verb === 'DELETE') {
    state.comments = state.comments.filter((comment) => comment !== known);
    return { status: 204 };
  }
  known.body = String(body);
  return { status: 200, body: shown(known) };
}

/** As both page: `page`, a size that the server bounds, and a link to the next one. */
function page(state: ForgeState, url: URL, members: readonly object[]): Answer {
  const at = Number(url.searchParams.get('page') ?? '1');
  const wished = Number(url.searchParams.get('per_page') ?? url.searchParams.get('limit') ?? '20');
  const size = Math.min(wished, state.pageSize);
  const next = new URL(url);
  next.searchParams.set('page', String(at + 1));
  const hasNext = at * size < members.length;
  return {
    status: 200,
    body: members.slice((at - 1) * size, at * size),
    ...(hasNext && { headers: { link: `<${next.href}>; rel="next", <${url.href}>; rel="last"` } }),
  };
}
