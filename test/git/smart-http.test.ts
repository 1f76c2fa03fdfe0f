import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_REMOTE_REFS_BYTES, parseRemoteUrl } from '../../src/base/index.ts';
import { createHttpRefs, openConnections } from '../../src/git/adapters/smart-http/index.ts';
import { type Remote, RemoteError } from '../../src/git/index.ts';
import { git, newRepository, temporaryFolder } from './fixtures/real-git.ts';
import { type RemoteHost, startRemoteHost } from './fixtures/remote-host.ts';

const signal = new AbortController().signal;
const connections = openConnections();
const list = createHttpRefs(connections);
afterAll(() => connections.close());

let host: RemoteHost;
let head: string;
let tag: string;
beforeAll(async () => {
  const folder = temporaryFolder();
  const work = newRepository();
  git(work, ['commit', '-q', '--allow-empty', '-m', 'one']);
  git(work, ['tag', '-a', 'v1', '-m', 'one']);
  git(work, ['update-ref', 'refs/pull/1/head', 'HEAD']);
  git(work, ['update-ref', 'refs/heads/-dash', 'HEAD']);
  head = git(work, ['rev-parse', 'HEAD']);
  tag = git(work, ['rev-parse', 'v1']);
  git(folder, ['clone', '-q', '--mirror', work, 'shop.git']);
  git(folder, ['init', '-q', '--bare', '-b', 'main', 'empty.git']);
  host = await startRemoteHost({ folder });
});

function remote(path = 'shop.git', more: Partial<Remote> = {}): Remote {
  return { url: urlOf(host.url(path)), timeoutMs: 10_000, credentials: {}, ...more };
}

async function failure(asked: Remote): Promise<RemoteError> {
  const error = await list(asked, signal).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RemoteError);
  return error as RemoteError;
}

describe('refs over HTTP', () => {
  it('are branches and tags, told by one request', async () => {
    host.requests.length = 0;
    const listed = await list(remote(), signal);
    expect(Object.fromEntries(listed.refs)).toEqual({ 'refs/heads/main': head, 'refs/tags/v1': tag });
    expect(listed.head).toBe('refs/heads/main');
    expect(host.requests).toEqual(['POST /shop.git/git-upload-pack']);
  });

  it('of an empty repository are none', async () => {
    expect(await list(remote('empty.git'), signal)).toEqual({ refs: new Map() });
  });

  it('of a server that knows only the older protocol are read from what it advertises', async () => {
    const other = await startRemoteHost({ folder: temporaryFolder() });
    const line = (text: string): string => `${(text.length + 4).toString(16).padStart(4, '0')}${text}`;
    other.behave = (request, response) => {
      if (request.method === 'POST') response.writeHead(400).end('what?');
      else {
        response.end(
          `${line('# service=git-upload-pack\n')}0000${line(`${head} HEAD\0multi_ack symref=HEAD:refs/heads/main agent=git/1.8\n`)}` +
            `${line(`${head} refs/heads/main\n`)}${line(`${tag} refs/tags/v1\n`)}${line(`${head} refs/tags/v1^{}\n`)}0000`,
        );
      }
    };
    const listed = await list({ ...remote(), url: urlOf(other.url('old.git')) }, signal);
    expect(Object.fromEntries(listed.refs)).toEqual({ 'refs/heads/main': head, 'refs/tags/v1': tag });
    expect(listed.head).toBe('refs/heads/main');
  });

  const bad: readonly [string, number, Record<string, string>, string, string][] = [
    ['401', 401, {}, '', 'AuthenticationFailed'],
    ['404', 404, {}, '', 'NotFound'],
    [
      'a redirect',
      302,
      { location: 'https://u:planted@elsewhere.example/x.git/git-upload-pack?t=planted' },
      '',
      'Redirected',
    ],
    ['429', 429, { 'retry-after': '120' }, '', 'RateLimited'],
    ['500', 500, {}, 'oops', 'Unreachable'],
    ['a page', 200, {}, '<html>log in</html>', 'NotFound'],
    ['half a packet', 200, {}, '0040abc', 'NotFound'],
    ['packets without an end', 200, {}, '0008abcd', 'NotFound'],
  ];
  it.each(bad)('that are answered by %s are an error', async (_name, status, headers, body, reason) => {
    host.behave = (_request, response) => void response.writeHead(status, headers).end(body);
    const error = await failure(remote());
    host.behave = undefined;
    expect(error.reason).toBe(reason);
    expect(error.message).not.toContain('planted');
    if (status === 429) expect(error.retryAfterMs).toBe(120_000);
    if (status === 302) expect(error.message).toContain('https://elsewhere.example/x.git');
  });

  it('that never end, or never come, are given up', async () => {
    host.behave = (_request, response) => {
      const chunk = Buffer.alloc(1 << 20, '0');
      const write = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', write);
      write();
    };
    expect(await failure(remote())).toMatchObject({ reason: 'TooManyRefs' });
    expect(MAX_REMOTE_REFS_BYTES).toBeLessThan(64 << 20);
    host.behave = () => undefined;
    expect(await failure(remote('shop.git', { timeoutMs: 50 }))).toMatchObject({ reason: 'TimedOut' });
    host.behave = undefined;
  });

  it('whose names git would not take, or would take for something else, are left out', async () => {
    const names = [
      'refs/heads/ok',
      'refs/heads/../x',
      'refs/heads/x.lock',
      'refs/heads/a..b',
      'refs/notes/x',
      'HEAD',
      `refs/heads/${'x'.repeat(600)}`,
    ];
    host.behave = (_request, response) => {
      const lines = names.map((name) => `${head} ${name}\n`);
      response.end(`${lines.map((text) => `${(text.length + 4).toString(16).padStart(4, '0')}${text}`).join('')}0000`);
    };
    const listed = await list(remote(), signal);
    host.behave = undefined;
    expect([...listed.refs.keys()]).toEqual(['refs/heads/ok']);
  });
});

function urlOf(text: string): Remote['url'] {
  const parsed = parseRemoteUrl(text);
  if (parsed.kind === 'error') throw new Error(parsed.message);
  return parsed.url;
}
