import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { MAX_REGISTRY_REPLY_BYTES, MAX_REGISTRY_TRIES } from '../../../src/base/index.ts';
import { localCertificate } from '../../../src/cluster/adapters/http/certificate.ts';
import { DIGEST, folder, INDEX, open, registry, resolve } from './asking.ts';
import { digestOfText, MANIFEST_TYPE, type RegistryOptions, type ServedImage, USER } from './registry-server.ts';

describe('the digest of a tag', () => {
  it('is what the head of its manifest names', async () => {
    const { host, requests } = await registry();
    expect(await resolve(`${host}/team/etl:v4`)).toMatchObject({
      result: { kind: 'resolved', digest: DIGEST, of: 'index' },
    });
    expect(requests).toEqual(['HEAD /v2/team/etl/manifests/v4']);
  });

  it('of an image of one platform is that of its manifest', async () => {
    const { host } = await registry({}, { body: INDEX, type: `${MANIFEST_TYPE}; charset=utf-8` });
    expect((await resolve(`${host}/team/etl:v4`)).result).toMatchObject({ of: 'manifest' });
  });

  it('is computed where the registry does not name it', async () => {
    const { host, requests } = await registry({}, { body: INDEX, digest: null });
    expect((await resolve(`${host}/team/etl:v4`)).result).toMatchObject({ digest: DIGEST });
    expect(requests).toEqual(['HEAD /v2/team/etl/manifests/v4', 'GET /v2/team/etl/manifests/v4']);
  });

  it('is computed where the registry does not know HEAD, and is held against the named one', async () => {
    const first: RegistryOptions['first'] = ({ method }, response) => {
      if (method === 'HEAD') response.writeHead(405).end();
      return method === 'HEAD';
    };
    const honest = await registry({ first });
    expect((await resolve(`${honest.host}/team/etl:v4`)).result).toMatchObject({ digest: DIGEST });
    const liar = await registry({ first }, { body: INDEX, digest: digestOfText('something else') });
    expect((await resolve(`${liar.host}/team/etl:v4`)).result).toEqual({
      kind: 'failed',
      message: `${liar.host} sent a manifest that does not have the digest that it names, ${digestOfText('something else')}`,
    });
  });

  it.each<[string, ServedImage, string]>([
    [
      'of the first kind',
      { body: INDEX, type: 'application/vnd.docker.distribution.manifest.v1+prettyjws' },
      'neither an image index',
    ],
    ['that is a web page', { body: '<html>', type: 'text/html' }, 'neither an image index'],
    ['with a digest that is none', { body: INDEX, digest: 'sha256:12' }, 'names a digest that is none'],
    ['without an end', { body: 'x'.repeat(MAX_REGISTRY_REPLY_BYTES + 1), digest: null }, 'answers with more than'],
  ])('is not taken from a manifest %s', async (_name, image, message) => {
    const { host } = await registry({}, image);
    expect((await resolve(`${host}/team/etl:v4`)).result).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining(message),
    });
  });

  it('is missed by name', async () => {
    const { host, requests } = await registry();
    expect((await resolve(`${host}/team/etl:v5`)).result).toEqual({
      kind: 'failed',
      message: `${host} has no such image, or no tag "v5" of it`,
    });
    expect(requests).toHaveLength(1);
  });
});

describe('a registry that is busy', () => {
  /** Answers `status` so many times. */
  function busy(times: number, status: number, headers: Record<string, string> = {}): RegistryOptions['first'] {
    let left = times;
    return ({ url }, response) => {
      if (!url?.includes('/manifests/') || left === 0) return false;
      left -= 1;
      response.writeHead(status, headers).end();
      return true;
    };
  }

  it.each([429, 500, 502, 503])('with %i is asked again, each time later', async (status) => {
    const { host } = await registry({ first: busy(3, status) });
    const { result, pauses } = await resolve(`${host}/team/etl:v4`);
    expect(result).toMatchObject({ digest: DIGEST });
    expect(pauses).toHaveLength(3);
    pauses.forEach((pause, at) => {
      expect(pause).toBeGreaterThanOrEqual(250 * 2 ** at);
      expect(pause).toBeLessThanOrEqual(500 * 2 ** at);
    });
  });

  it('is given the time that it asks for, when that is not long', async () => {
    const soon = await registry({ first: busy(1, 429, { 'retry-after': '7' }) });
    expect(await resolve(`${soon.host}/team/etl:v4`)).toMatchObject({ result: { digest: DIGEST }, pauses: [7_000] });
    const late = await registry({ first: busy(9, 429, { 'retry-after': '3600' }) });
    expect(await resolve(`${late.host}/team/etl:v4`)).toMatchObject({
      result: { kind: 'failed', message: expect.stringContaining('takes no more requests now') },
      pauses: [],
    });
  });

  it('for good is told after some tries', async () => {
    const { host } = await registry({ first: busy(1_000, 429) });
    const { result, pauses } = await resolve(`${host}/team/etl:v4`);
    expect(result).toMatchObject({ message: expect.stringContaining('takes no more requests now') });
    expect(pauses).toHaveLength(MAX_REGISTRY_TRIES - 1);
  });

  it('that hangs up is asked again', async () => {
    let left = 2;
    const first: RegistryOptions['first'] = ({ url, socket }) => {
      if (!url?.includes('/manifests/') || left === 0) return false;
      left -= 1;
      socket.destroy();
      return true;
    };
    const { host } = await registry({ first });
    const { result, pauses } = await resolve(`${host}/team/etl:v4`);
    expect(result).toMatchObject({ digest: DIGEST });
    expect(pauses).toHaveLength(2);
  });

  it('that is not there is told', async () => {
    const { host } = await registry();
    await open.pop()?.close();
    expect((await resolve(`${host}/team/etl:v4`)).result).toEqual({
      kind: 'failed',
      message: `${host} takes no connections`,
    });
  });
});

describe('a redirect', () => {
  const to =
    (location: (url: string) => string): RegistryOptions['first'] =>
    ({ url }, response) => {
      if (!url?.includes('/manifests/')) return false;
      response.writeHead(307, { location: location(url) }).end();
      return true;
    };

  it('is followed, without the login when it leads elsewhere', async () => {
    const store = await registry();
    const front = await registry({
      first: ({ url, headers }, response) => {
        const isKnown = headers.authorization !== undefined;
        if (!url?.includes('/manifests/')) return false;
        if (isKnown) response.writeHead(307, { location: `http://${store.host}${url}` }).end();
        else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        return true;
      },
    });
    const config = { auths: { [front.host]: USER } };
    expect((await resolve(`${front.host}/team/etl:v4`, config)).result).toMatchObject({ digest: DIGEST });
    expect(front.authorizations.at(-1)).toMatch(/^Basic /);
    expect(store.authorizations).toEqual(['']);
  });

  it('keeps the login where it stays', async () => {
    const { host, authorizations } = await registry({
      auth: 'token',
      first: ({ url }, response) => {
        if (!url?.includes('/team/old/')) return false;
        if (response.req.headers.authorization === undefined) {
          response
            .writeHead(401, { 'www-authenticate': `Bearer realm="http://${host}/token",service="the \\"service\\""` })
            .end();
        } else response.writeHead(301, { location: '/v2/team/etl/manifests/v4' }).end();
        return true;
      },
      images: new Map([['team/etl:v4', { body: INDEX }]]),
    });
    await resolve(`${host}/team/old:v4`);
    expect(authorizations.at(-1)).toBe('Bearer for-team/old');
  });

  it.each<[string, (url: string) => string, string]>([
    ['to plain text', () => 'http://registry.example.com/', 'redirects to an address that is not encrypted'],
    ['to another protocol', () => 'file:///etc/passwd', 'redirects to an address that is not encrypted'],
    ['to nowhere', () => 'http://', 'redirects to an address that is not encrypted'],
    ['with a login in it', () => 'https://a:b@registry.example.com/', 'redirects to an address that is not encrypted'],
    ['to itself', (url) => url, 'redirects more than 5 times'],
  ])('%s is not followed', async (_name, location, message) => {
    const { host } = await registry({ first: to(location) });
    expect(await resolve(`${host}/team/etl:v4`)).toMatchObject({
      result: { kind: 'failed', message: `${host} ${message}` },
      pauses: [],
    });
  });
});

describe('TLS', () => {
  it('with an authority of its own is trusted by NODE_EXTRA_CA_CERTS, and by nothing less', async () => {
    const certificate = localCertificate(Date.now());
    const { host, requests } = await registry({ tls: certificate });
    expect((await resolve(`${host}/team/etl:v4`)).result).toMatchObject({
      kind: 'failed',
      message: expect.stringMatching(/has a certificate that is not trusted .*NODE_EXTRA_CA_CERTS=FILE/),
    });
    expect(requests).toEqual([]);
    const ca = join(folder, 'ca.pem');
    writeFileSync(ca, certificate.cert);
    const door = join(import.meta.dirname, '../../../src/client/registry/index.ts');
    const [, port] = host.split(':');
    const script = `
      import { createRegistryClient } from ${JSON.stringify(door)};
      const random = { unit: () => 0, bytes: (size) => new Uint8Array(size) };
      const clock = { now: () => Date.now(), at: () => () => {} };
      const client = createRegistryClient({ env: {}, clock, random, signal: new AbortController().signal, wait: async () => {} });
      const reference = { registry: 'localhost:${port}', repository: 'team/etl', tag: 'v4' };
      console.log(JSON.stringify(await client.resolve(reference)));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      env: { NODE_EXTRA_CA_CERTS: ca, HOME: folder },
    });
    expect(JSON.parse(stdout)).toEqual({ kind: 'resolved', digest: DIGEST, of: 'index' });
  });
});
