import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clientOf, DIGEST, folder, INDEX, registry, resolve } from './asking.ts';
import { type RegistryOptions, USER } from './registry-server.ts';

const encoded = Buffer.from(`${USER.username}:${USER.password}`).toString('base64');

describe('a login', () => {
  it('is not needed where tokens are given to anybody', async () => {
    const { host, requests, authorizations } = await registry({ auth: 'token' });
    expect((await resolve(`${host}/team/etl:v4`)).result).toMatchObject({ digest: DIGEST });
    expect(requests[1]).toBe('GET /token?service=the+%22service%22&scope=repository%3Ateam%2Fetl%3Apull');
    expect(authorizations).toEqual(['', '', 'Bearer for-team/etl']);
  });

  it.each<[string, RegistryOptions['auth'], object]>([
    ['as written, for a token', 'login', { auth: encoded }],
    ['as written, for the registry itself', 'basic', { auth: encoded }],
    ['with its password beside', 'basic', USER],
    ['by an identity token', 'login', { auth: Buffer.from('ada:').toString('base64'), identitytoken: 'identity' }],
    ['by a token of the registry', 'login', { registrytoken: 'of-the-registry' }],
  ])('%s is used', async (_name, auth, entry) => {
    const { host } = await registry({ auth });
    expect((await resolve(`${host}/team/etl:v4`, { auths: { [host]: entry } })).result).toMatchObject({
      digest: DIGEST,
    });
    // Docker once wrote addresses.
    const addressed = { auths: { [`https://${host}/v1/`]: entry } };
    expect((await resolve(`${host}/team/etl:v4`, addressed)).result).toMatchObject({ digest: DIGEST });
  });

  it.each<[string, RegistryOptions['auth'], object, string]>([
    ['that is missing', 'login', {}, 'wants a login: `docker login HOST`'],
    ['that is missing for the registry', 'basic', {}, 'wants a login: `docker login HOST`'],
    [
      'that is wrong',
      'login',
      { auth: Buffer.from('ada:wrong').toString('base64') },
      'refuses the login of this machine',
    ],
    [
      'that is wrong for the registry',
      'basic',
      { auth: Buffer.from('ada:wrong').toString('base64') },
      'does not show it to the login',
    ],
    ['that is broken', 'basic', { auth: '%%%' }, 'the login for HOST in'],
  ])('%s is told with what to do, and without what it is', async (_name, auth, entry, message) => {
    const { host } = await registry({ auth });
    const { result } = await resolve(`${host}/team/etl:v4`, { auths: { [host]: entry } });
    expect(result).toMatchObject({ kind: 'failed', message: expect.stringContaining(message.replace('HOST', host)) });
    expect(JSON.stringify(result)).not.toMatch(/wrong|%%%|YWRh/);
  });

  it('for one registry is not sent to another', async () => {
    const { host, authorizations } = await registry({ auth: 'basic' });
    await resolve(`${host}/team/etl:v4`, { auths: { 'registry.example.com': { auth: encoded } } });
    expect(authorizations.join('')).toBe('');
  });

  it('is looked up once for many images, and a token asked for once for each', async () => {
    const images = new Map(['a:1', 'a:2', 'b:1'].map((name) => [name, { body: INDEX }]));
    const { host, requests } = await registry({ auth: 'token', images });
    const home = mkdtempSync(join(folder, 'docker-'));
    const client = clientOf({ DOCKER_CONFIG: home });
    for (const [repository, tag] of [
      ['a', '1'],
      ['a', '2'],
      ['b', '1'],
    ] as const) {
      expect(await client.resolve({ registry: host, repository, tag })).toMatchObject({ digest: DIGEST });
    }
    expect(requests.filter((line) => line.includes('/token'))).toHaveLength(2);
  });

  it('is asked for again when a token has run out', async () => {
    let left = 3;
    const { host, requests } = await registry({
      auth: 'token',
      images: new Map([['a:1', { body: INDEX, digest: null }]]),
      first: ({ url }, response) => {
        const isOut = url?.startsWith('/v2/') === true && --left === 0;
        if (isOut)
          response
            .writeHead(401, { 'www-authenticate': `Bearer realm="http://${host}/token",service="the \\"service\\""` })
            .end();
        return isOut;
      },
    });
    expect((await resolve(`${host}/a:1`)).result).toMatchObject({ digest: DIGEST });
    expect(requests.filter((line) => line.includes('/token'))).toHaveLength(2);
  });

  it.each([
    ['http://registry.example.com/token', 'names a token server that is not encrypted'],
    ['file:///etc/passwd', 'names a token server that is not encrypted'],
    ['nonsense', 'names a token server that is not encrypted'],
  ])('is not sent to %s', async (realm, message) => {
    const { host } = await registry({ auth: 'login', realm: () => realm });
    const { result } = await resolve(`${host}/team/etl:v4`, { auths: { [host]: { auth: encoded } } });
    expect(result).toEqual({ kind: 'failed', message: `${host} ${message}` });
  });

  it('of a kind that is unknown is told', async () => {
    const first: RegistryOptions['first'] = (_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Negotiate' }).end();
      return true;
    };
    const { host } = await registry({ first });
    expect((await resolve(`${host}/team/etl:v4`)).result).toMatchObject({
      message: expect.stringContaining('of a kind that is not known'),
    });
  });
});

describe('a credential helper', () => {
  /** A program that notes what it was asked and prints `answer`. */
  function helper(name: string, answer: string, code = 0): string {
    const bin = mkdtempSync(join(folder, 'bin-'));
    const path = join(bin, `docker-credential-${name}`);
    writeFileSync(path, `#!/bin/sh\necho "$1 $(cat)" >"${bin}/asked"\ncat <<'EOF'\n${answer}\nEOF\nexit ${code}\n`);
    chmodSync(path, 0o755);
    return bin;
  }
  const path = (bin: string) => ({ PATH: `${bin}:${process.env.PATH}` });
  const login = JSON.stringify({ ServerURL: 'x', Username: USER.username, Secret: USER.password });

  it('of the registry is asked before the store and the file', async () => {
    const { host } = await registry({ auth: 'basic' });
    const bin = helper('vault', login);
    const config = { credHelpers: { [host]: 'vault' }, credsStore: 'none', auths: { [host]: { auth: 'eDp5' } } };
    expect((await resolve(`${host}/team/etl:v4`, config, path(bin))).result).toMatchObject({ digest: DIGEST });
    expect(readFileSync(join(bin, 'asked'), 'utf8')).toBe(`get ${host}\n`);
  });

  it('for all registries may give an identity token', async () => {
    const { host } = await registry({ auth: 'login' });
    const bin = helper('store', JSON.stringify({ Username: '<token>', Secret: 'identity' }));
    const { result } = await resolve(`${host}/team/etl:v4`, { credsStore: 'store' }, path(bin));
    expect(result).toMatchObject({ digest: DIGEST });
  });

  it('that knows no login leaves it at none', async () => {
    const { host } = await registry({ auth: 'token' });
    const bin = helper('store', 'credentials not found in native keychain', 1);
    const { result } = await resolve(`${host}/team/etl:v4`, { credsStore: 'store' }, path(bin));
    expect(result).toMatchObject({ digest: DIGEST });
  });

  it.each<[string, string, number, string, string]>([
    [
      'fails',
      'the secret is sesame',
      3,
      'store',
      'docker-credential-store ended with 3; try `echo HOST | docker-credential-store get`',
    ],
    [
      'prints something else',
      'sesame',
      0,
      'store',
      'docker-credential-store does not answer as a credential helper does',
    ],
    ['is not there', '', 0, 'absent', 'docker-credential-absent is not on the PATH'],
    [
      'has a name that leads elsewhere',
      '',
      0,
      '../x',
      'the credential helper in the configuration of Docker has no name of a program',
    ],
  ])('that %s is told, without its words', async (_name, answer, code, name, message) => {
    const { host } = await registry({ auth: 'basic' });
    const bin = helper('store', answer, code);
    const { result } = await resolve(`${host}/team/etl:v4`, { credsStore: name }, path(bin));
    expect(result).toEqual({ kind: 'failed', message: message.replace('HOST', host) });
  });
});

describe("Docker's configuration", () => {
  it.each([
    ['that is no JSON', '{ "auths": { "x": { "auth": "c2VjcmV0" } }'],
    ['that is a list', '[]'],
  ])('%s stops, and does not show what is in it', (_name, text) => {
    const home = mkdtempSync(join(folder, 'docker-'));
    writeFileSync(join(home, 'config.json'), text);
    const create = () => clientOf({ DOCKER_CONFIG: home });
    expect(create).toThrow(`${join(home, 'config.json')} is not a configuration of Docker`);
  });

  it('is found in the home folder', async () => {
    const { host } = await registry({ auth: 'basic' });
    const home = mkdtempSync(join(folder, 'home-'));
    mkdirSync(join(home, '.docker'));
    writeFileSync(join(home, '.docker', 'config.json'), JSON.stringify({ auths: { [host]: { auth: encoded } } }));
    expect((await resolve(`${host}/team/etl:v4`, {}, { DOCKER_CONFIG: '', HOME: home })).result).toMatchObject({
      digest: DIGEST,
    });
  });
});
