import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MAX_REQUEST_BYTES, REQUEST_BODY_TIMEOUT_MS } from '../../../src/base/index.ts';
import { isUsableCertificate, localCertificate } from '../../../src/cluster/adapters/http/index.ts';
import { createObject } from '../../../src/cluster/index.ts';
import { type ApiFixture, execution, NAMESPACE, openApi, TOKEN } from '../api-fixture.ts';

let api: ApiFixture;
beforeAll(async () => {
  api = await openApi();
  await createObject(api.store, execution('it'));
});
afterAll(() => api.close());

const OURS = `/apis/pipectl.dev/v1/namespaces/${NAMESPACE}/executions`;

/** Sends bytes as they are and returns all that comes back until the connection ends. */
async function raw(bytes: string | Buffer): Promise<string> {
  const socket = connect(api.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  const ended = new Promise((resolve) => socket.once('close', resolve));
  socket.write(bytes);
  await ended;
  return answer;
}

function request(line: string, headers: Record<string, string> = {}, body = ''): string {
  const all = { Host: `127.0.0.1:${api.port}`, Authorization: `Bearer ${TOKEN}`, Connection: 'close', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line} HTTP/1.1\r\n${lines.join('')}${body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`}\r\n${body}`;
}

describe('a request that must not be answered', () => {
  it.each([
    ['from a page that rebound its name', { Host: 'evil.example' }, 403],
    ['without a token', { Authorization: '' }, 401],
    ['with another token', { Authorization: 'Bearer guess' }, 401],
    ['with another scheme', { Authorization: `Basic ${Buffer.from(TOKEN).toString('base64')}` }, 401],
  ])('%s is refused', async (_, headers, code) => {
    const answer = await raw(request(`GET ${OURS}`, headers));
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${code} `));
    expect(answer).toContain('"kind":"Status"');
    expect(answer).not.toContain('"it"');
  });

  it('tells its health to anyone on the machine, and nothing else', async () => {
    expect(await raw(request('GET /readyz', { Authorization: '' }))).toMatch(/200 OK[\s\S]*ok$/);
    expect(await raw(request('GET /metrics', { Authorization: '' }))).toMatch(/^HTTP\/1.1 401/);
  });
});

describe('a request whose body stops', () => {
  it('is refused in bounded time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const headers = { 'Content-Type': 'application/json', 'Content-Length': '100' };
      const answered = raw(`${request(`POST ${OURS}`, headers)}{"kind":`);
      // What has been sent has come by then: client and server share this loop.
      for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
      vi.advanceTimersByTime(REQUEST_BODY_TIMEOUT_MS);
      const answer = await answered;
      expect(answer).toMatch(/^HTTP\/1.1 408 /);
      expect(answer).toContain(`the body did not arrive within ${REQUEST_BODY_TIMEOUT_MS / 1000} s`);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a malformed request', () => {
  const json = { 'Content-Type': 'application/json' };
  it.each<[string, () => string, number]>([
    ['with a broken escape', () => request('GET /api/v1/pods/%E0%A4%A'), 400],
    ['with a body that is no JSON', () => request(`POST ${OURS}`, json, '{'), 400],
    ['with a body that is a list', () => request(`POST ${OURS}`, json, '[]'), 400],
    ['without a body', () => request(`POST ${OURS}`, json), 400],
    ['with a body of another kind', () => request(`POST ${OURS}`, json, '{"kind":"Pod","metadata":{"name":"a"}}'), 400],
    [
      'with a body of another namespace',
      () => request(`POST ${OURS}`, json, '{"metadata":{"name":"a","namespace":"b"}}'),
      400,
    ],
    ['with a body without a name', () => request(`POST ${OURS}`, json, '{"metadata":{}}'), 422],
    ['with a name that is none', () => request(`POST ${OURS}`, json, '{"metadata":{"name":"../x"},"spec":{}}'), 422],
    ['with metadata that is none', () => request(`POST ${OURS}`, json, '{"metadata":{"name":7,"labels":[]}}'), 422],
    [
      'with a body that is too deep',
      () => request(`POST ${OURS}`, json, `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
      400,
    ],
    [
      'with hostile YAML',
      () =>
        request(
          `PATCH ${OURS}/it?fieldManager=a`,
          { 'Content-Type': 'application/apply-patch+yaml' },
          `a: ${'['.repeat(50_000)}`,
        ),
      400,
    ],
    [
      'with YAML aliases',
      () =>
        request(
          `PATCH ${OURS}/it?fieldManager=a`,
          { 'Content-Type': 'application/apply-patch+yaml' },
          'a: &a [x]\nb: [*a, *a]',
        ),
      400,
    ],
    ['in an unknown encoding', () => request(`POST ${OURS}`, { ...json, 'Content-Encoding': 'gzip' }, 'x'), 415],
    ['of an unknown type', () => request(`POST ${OURS}`, { 'Content-Type': 'text/plain' }, 'x'), 415],
    [
      'of broken protobuf',
      () => request(`POST ${OURS}`, { 'Content-Type': 'application/vnd.kubernetes.protobuf' }, 'k8s\0\x0a\x7f'),
      400,
    ],
    ['with an unknown patch', () => request(`PATCH ${OURS}/it`, json, '{}'), 415],
    [
      'with a patch that is none',
      () => request(`PATCH ${OURS}/it`, { 'Content-Type': 'application/merge-patch+json' }, '[]'),
      400,
    ],
    ['with a broken selector', () => request(`GET ${OURS}?labelSelector=%28`), 422],
    ['with a limit that is no number', () => request(`GET ${OURS}?limit=-1`), 400],
    ['with a version that is no number', () => request(`GET ${OURS}?watch=1&resourceVersion=x`), 400],
    ['with a version of the future', () => request(`GET ${OURS}?resourceVersion=999999999`), 504],
    ['with a torn page', () => request(`GET ${OURS}?continue=%7Bx`), 422],
    [
      'for an encoding that is not to be had',
      () => request(`GET ${OURS}`, { Accept: 'application/vnd.kubernetes.protobuf' }),
      406,
    ],
    ['for a path that does not exist', () => request('GET /apis/apps/v1/deployments'), 404],
    ['for a subresource that does not exist', () => request(`GET ${OURS}/it/scale`), 404],
    ['with a method that does not exist here', () => request(`PUT ${OURS}`), 405],
    ['that is no HTTP', () => 'GET\r\n\r\n', 400],
  ])('%s is refused', async (_, bytes, code) => {
    expect((await raw(bytes())).split('\r\n')[0]).toMatch(new RegExp(`^HTTP/1.1 ${code} `));
  });

  it('that is larger than the bound is refused before it is held', async () => {
    const response = await api.send('POST', OURS, { body: `{"a":"${'x'.repeat(MAX_REQUEST_BYTES)}"}` });
    expect(response.status).toBe(413);
  });

  it('with headers without end is cut off', async () => {
    // The answer may be lost with the connection when the client is still sending.
    expect(await raw(request(`GET ${OURS}`, { 'X-Long': 'x'.repeat(100_000) }))).toMatch(/^(HTTP\/1.1 431 |$)/);
  });

  it('that is a broken handshake ends its own connection only', async () => {
    await raw(Buffer.from([0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5, ...Buffer.from('garbage')]));
    expect((await api.send('GET', '/version')).status).toBe(200);
  });

  it('with bytes that are no UTF-8 is refused', async () => {
    const head = request(`POST ${OURS}`, { 'Content-Type': 'application/json', 'Content-Length': '2' });
    expect(await raw(Buffer.concat([Buffer.from(head), Buffer.from([0xff, 0xfe])]))).toMatch(/^HTTP\/1.1 400/);
  });

  it('whatever it holds gets an answer, and never an internal error', async () => {
    const segment = fc.constantFrom(
      'api',
      'apis',
      'v1',
      'pipectl.dev',
      'namespaces',
      NAMESPACE,
      'executions',
      'it',
      'pods',
      'log',
      'status',
      '__proto__',
      '%2F',
      '..',
      '',
    );
    const query = fc.constantFrom(
      '',
      '?watch=0',
      '?limit=1',
      '?labelSelector=a',
      '?fieldSelector=b',
      '?continue=x',
      '?dryRun=All',
    );
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS');
    const type = fc.constantFrom(
      'application/json',
      'application/merge-patch+json',
      'application/json-patch+json',
      'application/apply-patch+yaml',
      'application/strategic-merge-patch+json',
    );
    const body = fc.oneof(fc.json(), fc.string(), fc.constant(JSON.stringify(execution('made'))));
    await fc.assert(
      fc.asyncProperty(
        method,
        fc.array(segment, { maxLength: 8 }),
        query,
        type,
        body,
        async (verb, segments, text, media, content) => {
          const hasBody = verb !== 'GET' && verb !== 'OPTIONS';
          const response = await api.send(verb, `/${segments.join('/')}${text}`, {
            headers: { 'content-type': media },
            ...(hasBody && { body: content }),
          });
          const answer = await response.text();
          expect(response.status, answer).toBeLessThan(500);
          if (response.status >= 400)
            expect(JSON.parse(answer)).toMatchObject({ kind: 'Status', code: response.status });
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('the certificate', () => {
  it('is for this machine, and is taken again until its last year', () => {
    const now = Date.parse('2026-03-01T00:00:00Z');
    const certificate = localCertificate(now);
    const year = 365 * 24 * 3_600_000;
    expect(isUsableCertificate(certificate, now + 8 * year)).toBe(true);
    expect(isUsableCertificate(certificate, now + 9.5 * year)).toBe(false);
    expect(isUsableCertificate({ ...certificate, key: localCertificate(now).key }, now)).toBe(false);
    expect(isUsableCertificate({ cert: 'torn', key: '' }, now)).toBe(false);
  });
});
