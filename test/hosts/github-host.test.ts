import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConflictError, StalledError, WaitError } from '../../src/base/index.ts';
import { createGitHubHost } from '../../src/hosts/adapters/github/index.ts';
import { type Annotation, type CodeHost, markComment, topicMarker, upsertComment } from '../../src/hosts/index.ts';
import { COMMIT, type Fault, type GitHubServer, startGitHub, TOKEN } from './github-server.ts';

let server: GitHubServer;
let host: CodeHost;
const waits: string[] = [];

function open(overrides: { readonly apiUrl?: string; readonly token?: string } = {}): CodeHost {
  const where = { apiUrl: server.url, owner: 'acme', repository: 'shop', token: TOKEN, ...overrides };
  return createGitHubHost({ ...where, secondMs: 1, onWait: (message) => waits.push(message) });
}

beforeEach(async () => {
  server = await startGitHub();
  waits.length = 0;
  host = open();
});
afterEach(() => server.close());

const MINE = { login: 'github-actions[bot]', type: 'Bot' } as const;
const BODY = markComment({ topic: '', head: COMMIT }, 'text');

describe('GitHub', () => {
  it('tells a pull request', async () => {
    expect(await host.pullRequest(7)).toEqual({
      number: 7,
      state: 'open',
      isDraft: false,
      base: { branch: 'main', commit: 'b'.repeat(40) },
      head: { branch: 'change', commit: COMMIT },
      headRef: 'refs/pull/7/head',
      isFork: false,
    });
    server.state.isForked = true;
    expect(await host.pullRequest(7)).toMatchObject({ isFork: true });
  });

  it('gives all pages', async () => {
    for (let number = 8; number < 240; number += 1) server.state.heads.set(number, COMMIT);
    expect(await host.openPullRequests()).toHaveLength(233);
    server.state.comments = Array.from({ length: 250 }, (_none, at) => ({ id: at + 1, body: 'chat', ...MINE }));
    server.state.comments.push({ id: 900, body: BODY, ...MINE });
    expect(await host.ownComments(7, topicMarker(''))).toMatchObject([{ id: '900' }]);
  });

  it('takes what others wrote with our mark for theirs', async () => {
    server.state.comments = [
      { id: 1, body: BODY, login: 'mallory', type: 'User' },
      { id: 2, body: BODY, login: 'github-actions', type: 'User' },
      { id: 3, body: BODY, login: 'other-app[bot]', type: 'Bot' },
      { id: 4, body: `quoted:\n${BODY}`, ...MINE },
      { id: 5, body: BODY.replaceAll('\n', '\r\n'), ...MINE },
    ];
    expect((await host.ownComments(7, topicMarker(''))).map(({ id }) => id)).toEqual(['5']);
  });

  it('asks on condition what it knows, and sees what changed', async () => {
    await host.pullRequest(7);
    await host.pullRequest(7);
    expect(server.state.seen).toEqual(['GET /repos/acme/shop/pulls/7 200', 'GET /repos/acme/shop/pulls/7 304']);
    server.state.heads.set(7, 'c'.repeat(40));
    expect(await host.pullRequest(7)).toMatchObject({ head: { commit: 'c'.repeat(40) } });
  });

  it('speaks to an enterprise server below its path', async () => {
    const outcome = await upsertComment(open({ apiUrl: `${server.url}/api/v3` }), {
      number: 7,
      topic: '',
      head: COMMIT,
      markdown: 'text',
    });
    expect(outcome).toEqual({ kind: 'Created' });
    expect(server.state.seen).toContain('POST /api/graphql 200');
  });

  it('edits one comment in place, and deletes its doubles', async () => {
    server.state.comments = [3, 5].map((id) => ({
      id,
      body: markComment({ topic: '', head: COMMIT }, 'old'),
      ...MINE,
    }));
    expect(await upsertComment(host, { number: 7, topic: '', head: COMMIT, markdown: 'new' })).toEqual({
      kind: 'Edited',
    });
    expect(server.state.comments).toMatchObject([{ id: 3, body: expect.stringContaining('new') }]);
  });

  it('writes the comment again that somebody deletes meanwhile', async () => {
    server.state.comments = [{ id: 3, body: markComment({ topic: '', head: COMMIT }, 'old'), ...MINE }];
    server.state.before = (request) => {
      if (request.startsWith('PATCH')) server.state.comments = [];
    };
    expect(await upsertComment(host, { number: 7, topic: '', head: COMMIT, markdown: 'new' })).toEqual({
      kind: 'Created',
    });
    expect(server.state.comments).toHaveLength(1);
  });

  it('has a status with a short description', async () => {
    await host.setStatus(COMMIT, { context: 'pipectl/review', state: 'failure', description: 'x'.repeat(500) });
    expect(server.state.statuses).toMatchObject([{ sha: COMMIT, state: 'failure', context: 'pipectl/review' }]);
  });

  it('adds annotations to a check by fifties', async () => {
    const annotations = Array.from({ length: 120 }, (_none, at): Annotation => {
      return { level: 'warning', file: 'a.yaml', line: at + 1, endLine: at + 1, title: 'rule', message: 'text' };
    });
    const check = {
      name: 'review',
      commit: COMMIT,
      conclusion: 'neutral',
      title: 'title',
      summary: 'x'.repeat(70_000),
    } as const;
    await host.publishCheck?.({ ...check, annotations });
    expect(server.state.seen).toEqual([
      'POST /repos/acme/shop/check-runs 201',
      'PATCH /repos/acme/shop/check-runs/1 200',
      'PATCH /repos/acme/shop/check-runs/1 200',
    ]);
    expect(server.state.checks[0]?.annotations.map(({ start_line }) => start_line)).toEqual(
      annotations.map(({ line }) => line),
    );
  });
});

describe('GitHub that does not answer as it should', () => {
  const passing: readonly (readonly [string, Fault, string | undefined])[] = [
    ['a bad gateway', { on: /^GET .*pulls/, status: 502, times: 2 }, undefined],
    ['a server error on a write', { on: /^POST .*comments/, status: 500 }, undefined],
    [
      'a secondary limit',
      {
        on: /^POST .*comments/,
        status: 403,
        message: 'You have exceeded a secondary rate limit. Please wait.',
        headers: { 'retry-after': '3' },
      },
      'GitHub asks to wait for 3 s (the secondary rate limit)',
    ],
    [
      'too many requests',
      { on: /^GET .*comments/, status: 429, message: 'secondary rate limit', headers: { 'retry-after': '2' } },
      'GitHub asks to wait for 2 s (the secondary rate limit)',
    ],
  ];
  it.each(passing)('is asked again after %s', async (_name, fault, wait) => {
    server.state.faults.push(fault);
    const outcome = await upsertComment(host, { number: 7, topic: '', head: COMMIT, markdown: 'text' });
    expect(outcome.kind).toBe('Created');
    expect(server.state.comments).toHaveLength(1);
    expect(waits).toEqual(wait === undefined ? [] : [wait]);
  });

  const lasting: readonly (readonly [string, Omit<Fault, 'on'>, new (...args: never) => Error, RegExp])[] = [
    ['a token that is not known', { status: 401, message: 'Bad credentials' }, StalledError, /does not know the token/],
    [
      'a token that may only read',
      { status: 403, message: 'Resource not accessible by integration' },
      StalledError,
      /the token may not \(403\): Resource not accessible/,
    ],
    [
      'what it refuses',
      { status: 422, message: `Validation Failed ${TOKEN}` },
      StalledError,
      /refuses it \(422\): .*\*\*\*/,
    ],
    ['what is not there', { status: 404, message: 'Not Found' }, StalledError, /not there, or not for this token/],
    ['a conflict', { status: 409, message: 'Conflict', times: 9 }, ConflictError, /somebody else was faster/],
    [
      'a failure that lasts',
      { status: 503, message: 'down', times: 9 },
      WaitError,
      /does not answer as it should \(503\)/,
    ],
    [
      'a limit that takes too long to wait for',
      { status: 403, message: 'You have exceeded a secondary rate limit', headers: { 'retry-after': '999999' } },
      WaitError,
      /limits the rate/,
    ],
  ];
  it.each(lasting)('says so of %s', async (_name, fault, kind, words) => {
    server.state.faults.push({ ...fault, on: /^POST .*comments/ });
    const failed = host.createComment(7, BODY);
    await expect(failed).rejects.toThrow(kind);
    await expect(failed).rejects.toThrow(words);
    await expect(failed).rejects.not.toThrow(TOKEN);
  });

  it('says so of a host that is not there, and of an answer that is none', async () => {
    const away = open({ apiUrl: 'http://127.0.0.1:1' });
    await expect(away.pullRequest(7)).rejects.toThrow(WaitError);
    server.state.heads.set(8, null as unknown as string);
    await expect(host.pullRequest(8)).rejects.toThrow(/GitHub answered with nothing at head.sha/);
  });

  it('sends the token to the host only', async () => {
    const elsewhere = await startGitHub();
    try {
      const location = `${elsewhere.url}/repos/acme/shop/pulls/7`;
      server.state.faults.push({ on: /^GET/, status: 302, headers: { location } });
      await expect(host.pullRequest(7)).rejects.toThrow(/does not know the token/);
      expect(elsewhere.state.seen).toEqual(['GET /repos/acme/shop/pulls/7 401']);
    } finally {
      await elsewhere.close();
    }
  });
});
