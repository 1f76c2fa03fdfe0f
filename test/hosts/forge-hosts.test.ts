import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConflictError, StalledError, WaitError } from '../../src/base/index.ts';
import { createGiteaHost } from '../../src/hosts/adapters/gitea/index.ts';
import { createGitLabHost } from '../../src/hosts/adapters/gitlab/index.ts';
import { type CodeHost, markComment, topicMarker, upsertComment } from '../../src/hosts/index.ts';
import { FORGE_TOKEN, type ForgeFault, type ForgeServer, HEAD_COMMIT, ME, startForge } from './forge-server.ts';

const BODY = markComment({ topic: '', head: HEAD_COMMIT }, 'text');
const REVIEW = { number: 7, topic: '', head: HEAD_COMMIT, markdown: 'text' };
const STATUS = { context: 'pipectl/review', state: 'success', description: 'fine' } as const;

describe.each(['gitlab', 'gitea'] as const)('%s', (kind) => {
  let server: ForgeServer;
  let host: CodeHost;
  const waits: string[] = [];

  function open(given: { readonly token?: string; readonly apiUrl?: string; readonly signal?: AbortSignal } = {}) {
    const onWait = (message: string): void => void waits.push(message);
    const where = { apiUrl: server.url, token: FORGE_TOKEN, secondMs: 1, onWait, ...given };
    return kind === 'gitlab'
      ? createGitLabHost({ ...where, project: 'acme/shop' })
      : createGiteaHost({ ...where, owner: 'acme', repository: 'shop' });
  }
  /** Where one comment is edited or deleted. */
  const comment = kind === 'gitlab' ? /^(PUT|DELETE) .*notes/ : /^(PATCH|DELETE) .*comments/;
  const comments = kind === 'gitlab' ? /^GET .*notes/ : /^GET .*comments/;

  beforeEach(async () => {
    server = await startForge(kind);
    waits.length = 0;
    host = open();
  });
  afterEach(() => server.close());

  it('tells a pull request', async () => {
    expect(await host.pullRequest(7)).toEqual({
      number: 7,
      state: 'open',
      isDraft: false,
      base: { branch: 'main', commit: 'b'.repeat(40) },
      head: { branch: 'change', commit: HEAD_COMMIT },
      headRef: kind === 'gitlab' ? 'refs/merge-requests/7/head' : 'refs/pull/7/head',
      isFork: false,
    });
    server.state.pulls.set(8, { head: HEAD_COMMIT, base: 'main', state: 'merged', isFork: true, isDraft: true });
    expect(await host.pullRequest(8)).toMatchObject({ state: 'merged', isFork: true, isDraft: true });
    server.state.pulls.set(9, { head: HEAD_COMMIT, base: 'main', state: 'closed' });
    expect(await host.pullRequest(9)).toMatchObject({ state: 'closed' });
  });

  it('gives all pages, however few the host puts on one', async () => {
    server.state.pageSize = 50;
    for (let number = 8; number < 140; number += 1) {
      server.state.pulls.set(number, { head: HEAD_COMMIT, base: 'main', state: number % 2 === 0 ? 'open' : 'closed' });
    }
    expect(await host.openPullRequests()).toHaveLength(67);
    const chat = Array.from({ length: 120 }, (_none, at) => ({ id: at + 1, pull: 7, body: 'chat', author: ME }));
    server.state.comments = [...chat, { id: 900, pull: 7, body: BODY, author: ME }];
    expect((await host.ownComments(7, topicMarker(''))).map(({ id }) => id)).toEqual(['900']);
  });

  it('takes what others wrote with our mark for theirs', async () => {
    server.state.comments = [
      { id: 1, pull: 7, body: BODY, author: 5 },
      { id: 2, pull: 7, body: `quoted:\n${BODY}`, author: ME },
      { id: 3, pull: 7, body: BODY.replaceAll('\n', '\r\n'), author: ME },
    ];
    expect((await host.ownComments(7, topicMarker(''))).map(({ id }) => id)).toEqual(['3']);
  });

  it('asks on condition what it knows, and sees what changed', async () => {
    await host.openPullRequests();
    await host.openPullRequests();
    expect(server.state.seen.map((line) => line.slice(-3))).toEqual(['200', '304']);
    server.state.pulls.set(9, { head: HEAD_COMMIT, base: 'main', state: 'open' });
    expect(await host.openPullRequests()).toHaveLength(2);
  });

  it('has one comment that is edited in place, and deletes its doubles', async () => {
    expect(await upsertComment(host, REVIEW)).toEqual({ kind: 'Created' });
    expect(await upsertComment(host, REVIEW)).toEqual({ kind: 'Unchanged' });
    server.state.comments.push({ id: 300, pull: 7, body: BODY, author: ME });
    expect(await upsertComment(host, { ...REVIEW, markdown: 'other' })).toEqual({ kind: 'Edited' });
    expect(server.state.comments.map(({ id, body }) => [id, body.endsWith('other')])).toEqual([[100, true]]);
  });

  it('tells of a comment that is gone, and deletes none twice', async () => {
    await expect(host.editComment(7, '4', BODY)).rejects.toBeInstanceOf(ConflictError);
    await host.deleteComment(7, '4');
  });

  it('sets a status as often as it is asked to', async () => {
    await host.setStatus(HEAD_COMMIT, { ...STATUS, state: 'pending', description: 'x'.repeat(400) });
    await host.setStatus(HEAD_COMMIT, { ...STATUS, state: 'pending' });
    await host.setStatus(HEAD_COMMIT, { ...STATUS, state: 'failure', url: 'https://ci.example.org/1' });
    const last = server.state.statuses.at(-1);
    const named =
      kind === 'gitlab' ? { state: 'failed', name: STATUS.context } : { state: 'failure', context: STATUS.context };
    expect(last).toMatchObject({ commit: HEAD_COMMIT, ...named, target_url: 'https://ci.example.org/1' });
    expect(String(server.state.statuses[0]?.description)).toHaveLength(140);
  });

  it('waits as long as it is told to, and tells of it', async () => {
    server.state.faults.push({ on: comments, status: 429, headers: { 'retry-after': '7' }, times: 2 });
    expect(await host.ownComments(7, topicMarker(''))).toEqual([]);
    expect(waits).toEqual(Array(2).fill(expect.stringContaining('asks to wait for 7 s')));
    const far: ForgeFault = { on: comments, status: 429, headers: { 'retry-after': '9000' } };
    server.state.faults.push(far);
    await expect(host.ownComments(7, topicMarker(''))).rejects.toMatchObject({ retryAfterMs: 9_000_000 });
  });

  it('asks again what a host that fails may be asked twice, and writes no comment twice', async () => {
    server.state.faults.push({ on: comments, status: 502, body: '<html>Bad gateway</html>', times: 3 });
    expect(await host.ownComments(7, topicMarker(''))).toEqual([]);
    server.state.comments.push({ id: 4, pull: 7, body: 'old', author: ME });
    server.state.faults.push({ on: comment, status: 500 });
    await host.editComment(7, '4', BODY);
    server.state.faults.push({ on: /^POST/, status: 502 });
    await expect(host.createComment(7, BODY)).rejects.toBeInstanceOf(WaitError);
    expect(server.state.comments).toHaveLength(1);
  });

  it.each([
    [401, StalledError, 'HostUnauthorized'],
    [403, StalledError, 'HostForbidden'],
    [404, StalledError, 'HostNotFound'],
    [409, ConflictError, undefined],
    [413, StalledError, 'HostRefused'],
    [422, StalledError, 'HostRefused'],
    [302, StalledError, 'HostRefused'],
    [500, WaitError, undefined],
  ])('takes %i for what it is, and repeats no token', async (status, type, reason) => {
    const body = JSON.stringify({ message: { note: [`no\u001b[31m ${FORGE_TOKEN}`] } });
    server.state.faults.push({ on: /^POST/, status, body, headers: { location: 'http://127.0.0.1:1/' }, times: 9 });
    const error: unknown = await host.createComment(7, BODY).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(type);
    expect((error as StalledError).reason).toBe(reason);
    expect(JSON.stringify([error, (error as Error).message, (error as Error).stack])).not.toMatch(/glpat|\\u001b/);
  });

  it('is refused with a wrong token, in words without it', async () => {
    const error = await open({ token: 'wrong-secret' }).pullRequest(7).catch(String);
    expect(error).toMatch(/does not know the token/);
    expect(error).not.toContain('wrong-secret');
  });

  it('takes what is no JSON, or no list, for a passing failure', async () => {
    server.state.faults.push({ on: comments, status: 200, body: '<html>Log in</html>' });
    await expect(host.ownComments(7, topicMarker(''))).rejects.toBeInstanceOf(WaitError);
    server.state.faults.push({ on: /\/7$|\/7\?/, status: 200, body: '{"iid":"x"}' });
    await expect(host.pullRequest(7)).rejects.toBeInstanceOf(WaitError);
  });

  it('reads no more than it should', async () => {
    const endless = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const write = (): void => {
        if (!response.destroyed) response.write(Buffer.alloc(1_048_576, ' '), () => setImmediate(write));
      };
      write();
    });
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
    const apiUrl = `http://127.0.0.1:${(endless.address() as AddressInfo).port}`;
    const ending = new AbortController();
    const reading = open({ apiUrl, signal: ending.signal }).createComment(7, BODY);
    await expect(reading).rejects.toThrow(/more than \d+ bytes/);
    ending.abort();
    endless.closeAllConnections();
    endless.close();
  });

  it('ends when it is told to', async () => {
    const ending = new AbortController();
    server.state.faults.push({ on: comments, status: 503, headers: { 'retry-after': '100' }, times: 9 });
    const asking = open({ signal: ending.signal }).ownComments(7, topicMarker(''));
    ending.abort();
    await expect(asking).rejects.toBeInstanceOf(Error);
  });
});

describe('a token of Gitea that may not ask who it is', () => {
  async function start(status: number, body: string) {
    const server = await startForge('gitea');
    server.state.faults.push({ on: /\/user$/, status, body, times: 99 });
    const where = { apiUrl: server.url, token: FORGE_TOKEN, owner: 'acme', repository: 'shop', secondMs: 1 };
    return { server, host: createGiteaHost(where) };
  }

  it('is taken for that of a job', async () => {
    const { server, host } = await start(403, '{"message":"forbidden"}');
    server.state.comments = [
      { id: 1, pull: 7, body: BODY, author: ME },
      { id: 2, pull: 7, body: BODY, author: -2 },
    ];
    expect((await host.ownComments(7, topicMarker(''))).map(({ id }) => id)).toEqual(['2']);
    await server.close();
  });

  it('writes one comment, whoever it is', async () => {
    const { server, host } = await start(404, '');
    expect(await upsertComment(host, REVIEW)).toEqual({ kind: 'Created' });
    expect(server.state.comments).toHaveLength(1);
    await server.close();
  });

  it('is refused when all that it lacks is the scope for that', async () => {
    const { server, host } = await start(
      403,
      '{"message":"token does not have at least one of required scope(s): [read:user]"}',
    );
    await expect(upsertComment(host, REVIEW)).rejects.toThrow(/give the token the scope read:user/);
    expect(server.state.comments).toEqual([]);
    await server.close();
  });
});
