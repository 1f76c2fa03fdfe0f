import { createHmac } from 'node:crypto';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { MAX_WEBHOOK_BYTES, WEBHOOK_RATE } from '../../src/base/index.ts';
import { createWebhookEndpoint, type WebhookSecret } from '../../src/git/adapters/webhooks/index.ts';
import { quiet } from './fixtures/served.ts';

const SECRET = 'correct horse';
const BODY = '{"ref":"refs/heads/main"}';
const hex = createHmac('sha256', SECRET).update(BODY).digest('hex');
const repositories = new Map<string, WebhookSecret>([
  ['hub', { provider: 'github', secret: Buffer.from(SECRET) }],
  ['lab', { provider: 'gitlab', secret: Buffer.from(SECRET) }],
  ['tea', { provider: 'gitea', secret: Buffer.from(SECRET) }],
  ['empty', { provider: 'gitlab', secret: Buffer.from('') }],
]);

let hints: string[] = [];
let now = 0;
const endpoint = createWebhookEndpoint({
  secretOf: async (name) => repositories.get(name),
  hint: (name) => void hints.push(name),
  clock: { now: () => now },
  log: quiet,
});
const server = createServer((request, response) => {
  if (!endpoint.handle(request, response)) response.writeHead(404).end();
});
const listening = new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  hints = [];
  // A new day: no allowance of another test is missing.
  now += 24 * 3_600_000;
});

async function send(
  name: string,
  headers: Readonly<Record<string, string>>,
  { body = BODY, method = 'POST' } = {},
): Promise<{ readonly status: number; readonly text: string }> {
  await listening;
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/webhooks/${name}`, {
    method,
    headers,
    ...(method === 'POST' && { body }),
  });
  return { status: answer.status, text: await answer.text() };
}

const PUSH = { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${hex}` };

describe('a webhook', () => {
  it.each<[string, string, Record<string, string>, number, boolean]>([
    ['of GitHub', 'hub', PUSH, 202, true],
    ['of GitLab', 'lab', { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': SECRET }, 202, true],
    ['of Gitea', 'tea', { 'x-gitea-event': 'push', 'x-gitea-signature': hex }, 202, true],
    ['of a tag', 'lab', { 'x-gitlab-event': 'Tag Push Hook', 'x-gitlab-token': SECRET }, 202, true],
    ['of a pull request', 'hub', { ...PUSH, 'x-github-event': 'pull_request' }, 202, true],
    ['of a merge request', 'lab', { 'x-gitlab-event': 'Merge Request Hook', 'x-gitlab-token': SECRET }, 202, true],
    [
      'of a pull request on Gitea',
      'tea',
      { 'x-gitea-event': 'pull_request_sync', 'x-gitea-signature': hex },
      202,
      true,
    ],
    ['that is a ping', 'hub', { ...PUSH, 'x-github-event': 'ping' }, 200, false],
    ['without an event', 'hub', { 'x-hub-signature-256': `sha256=${hex}` }, 200, false],
    ['without a signature', 'hub', { 'x-github-event': 'push' }, 401, false],
    [
      'with the signature of another body',
      'hub',
      { ...PUSH, 'x-hub-signature-256': `sha256=${hex.replace(/^./, (c) => (c === '0' ? '1' : '0'))}` },
      401,
      false,
    ],
    ['with a signature that is none', 'hub', { ...PUSH, 'x-hub-signature-256': 'sha256=nonsense' }, 401, false],
    [
      'with the older signature only',
      'hub',
      { 'x-github-event': 'push', 'x-hub-signature': `sha1=${hex}` },
      401,
      false,
    ],
    ['with another token', 'lab', { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': `${SECRET}!` }, 401, false],
    ['signed as another provider signs', 'tea', PUSH, 401, false],
    ['whose secret is empty', 'empty', { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': '' }, 401, false],
    ['to a repository that is not there', 'nobody', PUSH, 401, false],
    ['to a path that is no name', '../../etc', PUSH, 404, false],
    ['to a name with an escape', '%2e%2e', PUSH, 404, false],
    ['to a name in capitals', 'HUB', PUSH, 401, false],
  ])('%s', async (_title, name, headers, status, isHint) => {
    const answer = await send(name, headers);
    expect(answer.status).toBe(status);
    expect(hints).toEqual(isHint ? [name] : []);
  });

  it('says the same to strangers whether there is such a repository or not', async () => {
    const wrong = { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` };
    expect(await send('hub', wrong)).toEqual(await send('nobody', wrong));
  });

  it('that was sent before does nothing again', async () => {
    const delivery = { ...PUSH, 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958' };
    expect((await send('hub', delivery)).status).toBe(202);
    expect(await send('hub', delivery)).toEqual({ status: 200, text: 'pipectl: known already\n' });
    expect(hints).toEqual(['hub']);
  });

  it('that is forged does not spend the name of a genuine one', async () => {
    const delivery = { ...PUSH, 'x-github-delivery': 'the-same' };
    expect((await send('hub', { ...delivery, 'x-hub-signature-256': 'sha256=no' })).status).toBe(401);
    expect((await send('hub', delivery)).status).toBe(202);
  });

  it('is told to wait when there are too many, and taken again later', async () => {
    const statuses: number[] = [];
    for (let sent = 0; sent <= WEBHOOK_RATE.burst; sent += 1) statuses.push((await send('hub', PUSH)).status);
    expect(statuses.slice(0, -1).every((status) => status === 202)).toBe(true);
    expect(statuses.at(-1)).toBe(429);
    expect((await send('lab', { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': SECRET })).status).toBe(202);
    now += WEBHOOK_RATE.everyMs;
    expect((await send('hub', PUSH)).status).toBe(202);
  });

  it('must be posted', async () => {
    expect((await send('hub', PUSH, { method: 'GET' })).status).toBe(405);
  });

  it.each([
    ['says so', { 'content-length': String(MAX_WEBHOOK_BYTES + 1) }],
    ['does not say so', { 'transfer-encoding': 'chunked' }],
  ])('that is too large and %s is cut off', async (_title, headers) => {
    await listening;
    const { port } = server.address() as AddressInfo;
    const status = await new Promise<number>((resolve, reject) => {
      const request = httpRequest({
        port,
        host: '127.0.0.1',
        method: 'POST',
        path: '/webhooks/hub',
        headers: { ...PUSH, ...headers },
      });
      request.on('response', (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
        request.destroy();
      });
      request.on('error', (error) => reject(error));
      const chunk = Buffer.alloc(1 << 20);
      let left = MAX_WEBHOOK_BYTES / chunk.length + 1;
      const write = (): void => {
        while (left > 0 && !request.destroyed) {
          left -= 1;
          if (!request.write(chunk)) {
            request.once('drain', write);
            return;
          }
        }
      };
      write();
    });
    expect(status).toBe(413);
    expect(hints).toEqual([]);
  });
});
